// The life of agents, of their state, and of their connections.
#include "sim/scenario/do.h"
#include "sim/world/power.h"

namespace kinfolder::sim {

namespace {

void DoStart(Run& run, const Step& step) {
  const Machine& m = At(run.world(), step.machine);
  if (!m.joined || m.left) return run.Refuse(step, "it has not joined; expected `join`");
  if (run.Needs(step, false)) StartAgent(run.world(), run.play.oracles, step.machine);
}

void DoStop(Run& run, const Step& step) {
  if (run.Needs(step, true)) StopAgent(run.world(), step.machine);
}

// The machine loses power, whether the agent runs or not.
void DoPowerLoss(Run& run, const Step& step) {
  CutPower(run.world(), step.machine, *step.power, DrawFor(run.world(), step.machine, "power"));
}

void DoJoin(Run& run, const Step& step) {
  const Machine& m = At(run.world(), step.machine);
  if (m.joined && !m.left)
    return run.Refuse(step,
                      "it has joined already; expected a machine of `late:` or one without state");
  run.play.StartJoin(step.machine);
}

void DoLeave(Run& run, const Step& step) {
  StopAgent(run.world(), step.machine);
  At(run.world(), step.machine).left = true;
}

void DoPause(Run& run, const Step& step) {
  Machine& m = At(run.world(), step.machine);
  m.paused = step.verb == "pause";
  const CommandId command = run.world().next_command++;
  if (run.Needs(step, true))
    Feed(run.world(), run.play.oracles, step.machine, PauseAsked{command, m.paused});
}

void DoOffline(Run& run, const Step& step) {
  At(run.world(), step.machine).offline = step.verb == "offline";
}

void DoPartition(Run& run, const Step& step) {
  At(run.world(), step.machine).partitions.insert(step.other);
}

void DoUnpartition(Run& run, const Step& step) {
  At(run.world(), step.machine).partitions.erase(step.other);
}

void DoClock(Run& run, const Step& step) {
  At(run.world(), step.machine).clock_offset_ms += step.numbers[0];
}

void DoFix(Run& run, const Step& step) {
  const bool running = At(run.world(), step.machine).agent.has_value();
  if (!At(run.world(), step.machine).joined)
    return run.Refuse(step, "it has not joined; expected `join`");
  StopAgent(run.world(), step.machine);
  BecomeNew(run.world(), step.machine);
  if (!running) return;
  StartAgent(run.world(), run.play.oracles, step.machine);
  run.play.StartPoll(step.machine);
}

// By the admin: it stays listed, as retired.
void DoRemove(Run& run, const Step& step) {
  World& world = run.world();
  const std::uint32_t directory = At(world, step.other).state.directory;
  if (step.machine != 0)
    return run.Refuse(step, "only the admin removes; expected " + At(world, 0).name);
  for (Listed& listed : world.store.collective)
    if (listed.directory == directory) listed.retired = true;
  NoteChange(world, At(world, step.other).name + " is removed");
}

void DoLoseState(Run& run, const Step& step) {
  if (!run.Needs(step, false)) return;
  At(run.world(), step.machine).state = StateDir{};
  At(run.world(), step.machine).joined = false;
}

void DoRollbackState(Run& run, const Step& step) {
  Machine& m = At(run.world(), step.machine);
  if (run.Needs(step, false)) m.state = m.saved;
}

void DoCloneState(Run& run, const Step& step) {
  if (run.Needs(step, false))
    At(run.world(), step.machine).state = At(run.world(), step.other).state;
}

}  // namespace

std::span<const Doer> LifeSteps() {
  static constexpr Doer kSteps[] = {
      {"start", DoStart},
      {"stop", DoStop},
      {"crash", DoStop},
      {"powerloss", DoPowerLoss},
      {"join", DoJoin},
      {"leave", DoLeave},
      {"pause", DoPause},
      {"resume", DoPause},
      {"offline", DoOffline},
      {"online", DoOffline},
      {"partition", DoPartition},
      {"unpartition", DoUnpartition},
      {"clock", DoClock},
      {"fix", DoFix},
      {"remove", DoRemove},
      {"lose-state", DoLoseState},
      {"rollback-state", DoRollbackState},
      {"clone-state-from", DoCloneState},
  };
  return kSteps;
}

}  // namespace kinfolder::sim
