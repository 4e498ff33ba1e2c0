// What a person asks the agent for.
#include "sim/scenario/do.h"
#include "sim/world/file_names.h"

namespace kinfolder::sim {

namespace {

void DoScan(Run& run, const Step& step) {
  if (run.Needs(step, true)) run.play.StartScan(step.machine);
}

void DoPoll(Run& run, const Step& step) {
  if (run.Needs(step, true)) run.play.StartPoll(step.machine);
}

void DoDecideDeletes(Run& run, const Step& step) {
  if (!run.Needs(step, true)) return;
  const CommandId command = run.world().next_command++;
  Feed(run.world(), run.play.oracles, step.machine,
       DeletesDecided{command, step.verb == "approve-deletes"});
}

// The outcome of a merge, staged like a captured file.
Version StageMerge(Run& run, const Step& step) {
  World& world = run.world();
  Agent& agent = *At(world, step.machine).agent;
  const BlobId blob = world.blobs.Intern(step.words[2]);
  const Version version = Local(agent.tables, {Kind::kFile, blob, false});
  agent.tables.contents.at(version.content.value).staged = true;
  agent.tables_changed = true;
  NoteDeed(world, step.machine, Deed::kUserWrote, step.words[0], blob);
  return version;
}

void DoResolve(Run& run, const Step& step) {
  if (!run.Needs(step, true)) return;
  World& world = run.world();
  Tables& tables = At(world, step.machine).agent->tables;
  VersionChosen chosen;
  chosen.command = world.next_command++;
  chosen.path = PathIdOf(tables, WirePath(step.words[0]).value_or(step.words[0]));
  const std::string& how = step.words[1];
  if (how == "mine") chosen.choice = VersionChosen::Choice::kMine;
  if (how.rfind("theirs", 0) == 0) {
    chosen.choice = VersionChosen::Choice::kTheirs;
    for (const Listed& listed : world.store.collective)
      if (how == "theirs:" + listed.name) chosen.theirs = ParticipantIdOf(tables, listed.directory);
    if (chosen.theirs == kSelf) chosen.theirs = kForeign;  // as its copy is called
    if (how != "theirs" && !chosen.theirs)
      return run.Refuse(step, "no participant of that name; expected one of the folder");
  }
  if (how == "merge") {
    chosen.choice = VersionChosen::Choice::kGiven;
    chosen.given = StageMerge(run, step);
  }
  run.play.StartCommand(step.machine, chosen, chosen.command);
}

// The place in the history that the step names; nullopt: there is none.
std::optional<std::size_t> WhichVersion(const World& world, const Step& step,
                                        const std::vector<TruthId>& history) {
  std::optional<std::size_t> at;
  if (const auto number = ReadNumber(step.words[1])) at = static_cast<std::size_t>(*number);
  for (std::size_t i = 1; step.words[1] == "before-delete" && i < history.size(); ++i)
    if (NodeOf(world.truth, history[i]).version.kind == Kind::kDeleted) at = i - 1;
  return at && *at < history.size() ? at : std::nullopt;
}

void DoRestore(Run& run, const Step& step) {
  if (!run.Needs(step, true)) return;
  World& world = run.world();
  Machine& m = At(world, step.machine);
  const std::vector<TruthId> history = LinearHistory(world, m.state.directory, step.words[0]);
  const std::optional<std::size_t> at = WhichVersion(world, step, history);
  if (!at)
    return run.Refuse(step, "no such version; expected one of " + std::to_string(history.size()));
  VersionChosen chosen;
  chosen.command = world.next_command++;
  chosen.path = PathIdOf(m.agent->tables, WirePath(step.words[0]).value_or(step.words[0]));
  chosen.choice = VersionChosen::Choice::kGiven;
  chosen.settles_conflicts = false;
  chosen.given = Local(m.agent->tables, NodeOf(world.truth, history[*at]).version);
  if (chosen.given.content) {
    ContentRow& row = m.agent->tables.contents.at(chosen.given.content.value);
    for (const StoredSnapshot& stored : world.store.snapshots)
      if (stored.truth == history[*at] && row.cap == 0) row.cap = stored.content;
    m.agent->tables_changed = true;
  }
  run.play.StartCommand(step.machine, chosen, chosen.command);
}

}  // namespace

std::span<const Doer> CommandSteps() {
  static constexpr Doer kSteps[] = {
      {"scan", DoScan},
      {"poll", DoPoll},
      {"resolve", DoResolve},
      {"restore", DoRestore},
      {"approve-deletes", DoDecideDeletes},
      {"undo-deletes", DoDecideDeletes},
  };
  return kSteps;
}

}  // namespace kinfolder::sim
