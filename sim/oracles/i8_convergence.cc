// I8: when all is delivered and nobody edits, all show the same set of versions of every path, and
// the same file where no conflict is left.
#include "sim/oracles/oracles.h"
#include "sim/world/file_names.h"

namespace kinfolder::sim {

namespace {

std::string ListOf(const World& world, const Shown& shown) {
  std::string text = Describe(world.blobs, shown.file);
  for (const SharedVersion& copy : shown.copies) text += " + copy " + Describe(world.blobs, copy);
  return text;
}

// Heads whose ancestors went with a rollback are left out for a day.
std::set<std::string> WaitsForLost(const World& world, int machine) {
  std::set<std::string> paths;
  if (world.store.rolled_back_ms == 0) return paths;
  for (const PathWork& work : StateOf(world, machine).work)
    if (work.path && !work.left_out.empty())
      paths.insert(TablesOf(world, machine).paths.at(work.path.value));
  return paths;
}

// Edits on a read-only machine stay there.
std::set<std::string> OwnEdits(const World& world, int machine) {
  std::set<std::string> paths;
  if (!world.machines.at(static_cast<std::size_t>(machine)).read_only) return paths;
  const AgentState state = StateOf(world, machine);
  for (std::size_t i = 1; i < state.paths.size(); ++i) {
    const PathRecord& record = state.paths[i].record;
    const Node* current = record.current ? state.dag.Find(record.current) : nullptr;
    const Version shown = record.disk.there ? record.disk.version : kDeletedVersion;
    if (!record.chain.empty() || shown != (current ? current->version : kDeletedVersion))
      paths.insert(TablesOf(world, machine).paths.at(i));
  }
  return paths;
}

// A power cut left other bytes in them, or in a conflict copy of theirs, than the agent saw, under
// the same size and times.
std::set<std::string> SilentlyChanged(const World& world, int machine) {
  const Disk& disk = world.machines.at(static_cast<std::size_t>(machine)).disk;
  std::set<std::string> paths;
  if (disk.silent.empty()) return paths;
  for (const auto& [path, number] : disk.names)
    if (disk.silent.count(disk.inodes.at(number).blob) != 0)
      paths.insert(WirePath(path).value_or(path));
  for (const auto& [copy, path] : CopiesOn(world, machine))
    if (paths.count(copy) != 0) paths.insert(path);
  return paths;
}

bool IsDirectoryOrNone(const Shown& shown) {
  const Kind kind = shown.file.kind;
  return shown.copies.empty() && (kind == Kind::kDirectory || kind == Kind::kDeleted);
}

bool HasFilesBelow(const std::map<std::string, Shown>& by, const std::string& path) {
  const auto below = by.lower_bound(path + "/");
  return below != by.end() && below->first.compare(0, path.size() + 1, path + "/") == 0;
}

void JudgePair(World& world, int a, int b, const std::map<std::string, Shown>& by_a,
               const std::map<std::string, Shown>& by_b, const std::set<std::string>& skip) {
  std::set<std::string> paths;
  for (const auto* by : {&by_a, &by_b})
    for (const auto& [path, shown] : *by) paths.insert(path);
  for (const std::string& path : paths) {
    if (skip.count(path) != 0) continue;
    const auto in_a = by_a.find(path), in_b = by_b.find(path);
    const Shown on_a = in_a == by_a.end() ? Shown{} : in_a->second;
    const Shown on_b = in_b == by_b.end() ? Shown{} : in_b->second;
    // An empty directory's entry ends when files come into it: either is right until then.
    if (IsDirectoryOrNone(on_a) && IsDirectoryOrNone(on_b) &&
        (HasFilesBelow(by_a, path) || HasFilesBelow(by_b, path)))
      continue;
    const bool settled = on_a.copies.empty() && on_b.copies.empty();
    if (on_a.All() == on_b.All() && (!settled || on_a.file == on_b.file)) continue;
    Violate(world, "I8",
            path + " on " + At(world, a).name + ": " + ListOf(world, on_a) + "; on " +
                At(world, b).name + ": " + ListOf(world, on_b),
            on_a.file.blob != 0 ? on_a.file.blob : on_b.file.blob);
    return;
  }
}

}  // namespace

void JudgeI8AtRest(World& world) {
  const std::vector<int> machines = Participating(world);
  std::map<int, std::map<std::string, Shown>> shown;
  std::map<int, std::set<std::string>> skip;
  for (int machine : machines) {
    shown[machine] = ShownBy(world, machine);
    skip[machine] = BlockedOn(world, machine);
    skip[machine].merge(OwnEdits(world, machine));
    skip[machine].merge(WaitsForLost(world, machine));
    skip[machine].merge(SilentlyChanged(world, machine));
    if (At(world, machine).agent->driver.state().folder.foreign_write) return;
  }
  for (std::size_t i = 1; i < machines.size() && !world.violation; ++i) {
    std::set<std::string> either = skip[machines[0]];
    either.insert(skip[machines[i]].begin(), skip[machines[i]].end());
    JudgePair(world, machines[0], machines[i], shown[machines[0]], shown[machines[i]], either);
  }
}

}  // namespace kinfolder::sim
