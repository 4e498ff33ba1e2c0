// Time, `expect`, what waits for an effect, and the counters.
#include "sim/scenario/do.h"

namespace kinfolder::sim {

namespace {

void DoRun(Run& run, const Step& step) {
  run.play.StartUntil(run.world().now_ms + step.numbers[0]);
}

void DoSettle(Run& run, const Step&) { run.play.StartSettle(); }

void DoMark(Run& run, const Step&) {
  for (Machine& m : run.world().machines) m.counters = {};
}

void DoExpect(Run& run, const Step& step) { run.Expect(step); }

void DoWhen(Run& run, const Step& step) {
  At(run.world(), step.machine)
      .hooks.push_back(
          {step.effect, step.after, static_cast<std::uint64_t>(step.numbers[0]), step.deed});
}

}  // namespace

std::span<const Doer> WorldSteps() {
  static constexpr Doer kSteps[] = {
      {"run", DoRun},       {"settle", DoSettle}, {"mark", DoMark},
      {"expect", DoExpect}, {"when", DoWhen},     {"crash-at", DoWhen},
  };
  return kSteps;
}

}  // namespace kinfolder::sim
