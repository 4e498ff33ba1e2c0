#include "sim/oracles/oracles.h"

#include <algorithm>

namespace kinfolder::sim {

void Oracles::AfterStep(World& world, int machine, const Event& event,
                        const std::vector<RecordKey>& written) {
  const Agent& agent = *At(world, machine).agent;
  const AgentState& state = agent.driver.state();
  auto& before = before_[machine];
  if (std::holds_alternative<Started>(event.body)) {
    before.clear();
    for (std::size_t i = 1; i < state.paths.size(); ++i)
      before[static_cast<std::uint32_t>(i)] = state.paths[i].record;
  }
  for (RecordKey key : written) {
    if (key.table != RecordKey::Table::kPath) continue;
    const PathRecord& after = state.paths.at(key.id).record;
    const auto old = before.find(key.id);
    const PathStep step{
        machine, state, agent.tables, PathId{key.id}, old == before.end() ? nullptr : &old->second,
        after};
    JudgeI1(world, step);
    JudgeI6(world, step);
    JudgeI7(world, step);
    JudgeI9(world, step);
    JudgeI11(world, step);
    const Node* tip = after.tip() ? state.dag.Find(after.tip()) : nullptr;
    if (after.disk.there && tip && tip->version == after.disk.version &&
        after.disk.version.content) {
      Obligation obligation{machine, agent.tables.paths.at(key.id),
                            Shared(agent.tables, after.disk.version)};
      if (published_.count(obligation) == 0) unpublished_.insert(std::move(obligation));
    }
    // `history=latest` may drop what was never published.
    if (!At(world, machine).config.history_all && tip)
      std::erase_if(unpublished_, [&](const Obligation& obligation) {
        return obligation.machine == machine && obligation.path == agent.tables.paths.at(key.id) &&
               obligation.version != Shared(agent.tables, tip->version);
      });
    before[key.id] = after;
  }
  if (written.empty()) return;
  for (const Obligation& obligation : unpublished_)
    if (obligation.machine == machine) JudgeI4(world, obligation, false);
}

void Oracles::BeforeEffect(World& world, int machine, const Effect& effect) {
  if (const auto* write = std::get_if<WriteDirectory>(&effect)) JudgeI3(world, machine, *write);
  if (const auto* forget = std::get_if<ForgetContent>(&effect))
    JudgeI4Forget(world, machine, *forget);
}

void Oracles::Displacing(World& world, int machine, const std::string& path,
                         const SharedVersion& version) {
  JudgeI5(world, machine, path, version);
}

void Oracles::Destroying(World& world, int machine, const std::string& path,
                         const SharedVersion& version) {
  JudgeI5(world, machine, path, version);
}

void Oracles::Linking(World& world, int machine, std::uint32_t directory, const Directory& value) {
  JudgeI2Write(world, machine, directory, value);
}

void Oracles::Linked(World& world, std::uint32_t directory, const Directory& former) {
  const Directory& now = world.store.directories.at(directory - 1).now;
  for (auto it = unpublished_.begin(); it != unpublished_.end();) {
    if (!IsReachable(world, it->path, it->version)) {
      ++it;
      continue;
    }
    published_.insert(*it);
    it = unpublished_.erase(it);
  }
  // What left the directory may have been the last that reached some version.
  for (const auto& [path, cap] : former) {
    const auto entry = now.find(path);
    if (entry != now.end() && IsBelow(world.truth, SnapshotOf(world.store, cap).truth,
                                      SnapshotOf(world.store, entry->second).truth))
      continue;
    for (auto it = published_.begin(); it != published_.end();) {
      if (it->path != path || IsReachable(world, path, it->version)) {
        ++it;
        continue;
      }
      unpublished_.insert(*it);
      JudgeI4(world, *it, false);
      it = published_.erase(it);
    }
  }
}

void Oracles::AtRest(World& world) {
  JudgeI2AtRest(world);
  for (const auto* all : {&unpublished_, &published_})
    for (const Obligation& obligation : *all)
      JudgeI4(world, obligation, IsReachable(world, obligation.path, obligation.version));
  JudgeI4AtRest(world);
  JudgeI7AtRest(world);
  JudgeI8AtRest(world);
}

}  // namespace kinfolder::sim
