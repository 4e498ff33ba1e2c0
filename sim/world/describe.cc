#include "sim/world/describe.h"

#include <type_traits>
#include <variant>

#include "sim/world/effect_names.h"
#include "sim/world/event_names.h"

namespace kinfolder::sim {

namespace {

std::string Name(const World& world, int machine, PathId path) {
  const Machine& m = world.machines[static_cast<std::size_t>(machine)];
  const Tables& tables = m.agent ? m.agent->tables : m.state.tables;
  return path.value < tables.paths.size() ? tables.paths[path.value] : "?";
}

std::string Text(SnapshotId id) {
  if (!id) return "-";
  const std::string number = std::to_string(id.value & ~kLocalSnapshotBit);
  return IsLocalId(id) ? "L" + number : number;
}

std::string Text(const Version& version) {
  static constexpr std::string_view kKinds[] = {"deleted", "file", "link", "directory"};
  std::string text(kKinds[static_cast<std::size_t>(version.kind)]);
  if (version.content) text += " " + std::to_string(version.content.value);
  return text + (version.exec ? " exec" : "");
}

std::string Text(const Stat& stat) {
  return "inode " + std::to_string(stat.inode) + " size " + std::to_string(stat.size);
}

std::string Text(const Observation& seen) {
  if (seen.presence == Presence::kThere) return "there, " + Text(seen.stat);
  return seen.presence == Presence::kGone ? "gone" : "unknown";
}

std::string Text(Outcome outcome) {
  static constexpr std::string_view kOutcomes[] = {"?", "done", "failed", "unclear", "refused"};
  return std::string(kOutcomes[static_cast<std::size_t>(outcome)]);
}

std::string Text(const std::vector<SnapshotId>& list) {
  std::string text;
  for (const SnapshotId id : list) text += " " + Text(id);
  return text.empty() ? " -" : text;
}

std::string RecordText(const World& world, int machine, const AgentState& state, PathId path) {
  const PathState& p = state.paths[path.value];
  const PathRecord& r = p.record;
  std::string text = Name(world, machine, path) + ": disk " +
                     (r.disk.there ? Text(r.disk.version) : std::string("-")) + ", chain" +
                     Text(r.chain) + ", current " + Text(r.current) + ", written " +
                     Text(r.last_written) + "/" + Text(r.about_to_write) + ", equal";
  for (const EqualRecord& e : r.equal) text += " " + Text(e.head);
  text += ", conflicts";
  for (const ConflictRecord& c : r.conflicts) text += " " + Text(c.head);
  text += ", copies";
  for (const CopyRecord& copy : r.copies) text += " " + Name(world, machine, copy.copy);
  text += ", heads";
  for (const Head& head : p.heads)
    text += " " + std::to_string(head.participant.value) + "=" + Text(head.snapshot);
  if (p.work != 0)
    text += ", file phase " + std::to_string(static_cast<int>(state.work[p.work].file)) +
            " reason " + std::to_string(static_cast<int>(state.work[p.work].reason));
  return text;
}

}  // namespace

std::string Describe(const World& world, int machine, const Effect& effect) {
  std::string text = "effect " + std::string(kEffectNames[effect.index()].name);
  std::visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (requires { e.path; }) text += " " + Name(world, machine, e.path);
        if constexpr (requires { e.snapshot; }) text += " snapshot " + Text(e.snapshot);
        if constexpr (std::is_same_v<E, Replace>)
          text += e.remove ? " (remove)" : e.expected ? " (exchange)" : " (new)";
        if constexpr (std::is_same_v<E, WriteDirectory>)
          for (const DirectoryEntry& entry : e.entries)
            text += " " + Name(world, machine, entry.path) + "=" + Text(entry.snapshot);
      },
      effect);
  return text;
}

std::string Describe(const World& world, int machine, const EventBody& event) {
  std::string text;
  std::visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, Observed>)
          for (const Observation& seen : e.observations)
            text += " " + Name(world, machine, seen.path) + " " + Text(seen) + ";";
        if constexpr (std::is_same_v<E, Looked>)
          text += " " + Name(world, machine, e.observation.path) + " " + Text(e.observation);
        if constexpr (std::is_same_v<E, Captured>) text += " " + Text(e.version);
        if constexpr (std::is_same_v<E, HeadsRead> || std::is_same_v<E, OwnRead>)
          for (const DirectoryEntry& entry : e.entries)
            text += " " + Name(world, machine, entry.path) + "=" + Text(entry.snapshot);
        if constexpr (std::is_same_v<E, SnapshotFetched>)
          text += " " + Text(e.snapshot) + " " + Name(world, machine, e.facts.path) + " " +
                  Text(e.facts.version) + " parents" + Text(e.facts.parents);
        if constexpr (requires { e.outcome; }) text += " " + Text(e.outcome);
      },
      event);
  return "event " + std::string(kEventNames.at(event.index())) + text;
}

std::vector<std::string> DescribeRecords(const World& world) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < world.machines.size(); ++i) {
    const Machine& m = world.machines[i];
    if (!m.agent) continue;
    const AgentState& state = m.agent->driver.state();
    for (std::uint32_t p = 1; p < state.paths.size(); ++p)
      lines.push_back(m.name + ": record " +
                      RecordText(world, static_cast<int>(i), state, PathId{p}));
  }
  return lines;
}

AgentState StateOf(const World& world, int machine) {
  const Machine& m = world.machines.at(static_cast<std::size_t>(machine));
  return m.agent ? m.agent->driver.state() : Load(m.state);
}

const Tables& TablesOf(const World& world, int machine) {
  const Machine& m = world.machines.at(static_cast<std::size_t>(machine));
  return m.agent ? m.agent->tables : m.state.tables;
}

}  // namespace kinfolder::sim
