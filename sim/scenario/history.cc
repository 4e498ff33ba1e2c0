// The linear order of a path's true history.
#include <algorithm>
#include <set>

#include "sim/scenario/run.h"

namespace kinfolder::sim {

std::vector<TruthId> LinearHistory(const World& world, std::uint32_t directory,
                                   const std::string& path) {
  if (directory == 0) return {};
  const Directory& now = world.store.directories.at(directory - 1).now;
  const auto head = now.find(path);
  if (head == now.end()) return {};
  std::map<TruthId, Cap> caps;
  for (std::size_t i = 0; i < world.store.snapshots.size(); ++i)
    caps.emplace(world.store.snapshots[i].truth, static_cast<Cap>(i + 1));
  std::vector<TruthId> open = Ancestry(world.truth, SnapshotOf(world.store, head->second).truth);
  const auto order = [&](TruthId id) {
    return std::make_pair(NodeOf(world.truth, id).created_ms,
                          RankOf(caps.count(id) ? caps.at(id) : 0));
  };
  std::vector<TruthId> sorted;
  std::set<TruthId> done;
  while (!open.empty()) {
    auto best = open.end();
    for (auto it = open.begin(); it != open.end(); ++it) {
      bool ready = true;
      for (TruthId parent : NodeOf(world.truth, *it).parents) ready = ready && done.count(parent);
      if (ready && (best == open.end() || order(*it) < order(*best))) best = it;
    }
    done.insert(*best);
    sorted.push_back(*best);
    open.erase(best);
  }
  return sorted;
}

}  // namespace kinfolder::sim
