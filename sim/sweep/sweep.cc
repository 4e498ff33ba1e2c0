#include "sim/sweep/sweep.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "sim/sweep/users.h"
#include "sim/world/describe.h"
#include "sim/world/draws.h"
#include "sim/world/image.h"
#include "sim/world/power.h"

namespace kinfolder::sim {

namespace {

// The file with a `settle` at its end, so that every run ends at rest.
std::shared_ptr<const Scenario> WithSettle(const Scenario& scenario) {
  Scenario whole = scenario;
  Step settle;
  settle.line = whole.steps.empty() ? 1 : whole.steps.back().line;
  settle.verb = "settle";
  whole.steps.push_back(std::move(settle));
  return std::make_shared<const Scenario>(std::move(whole));
}

void RunOn(Run& run) {
  while (run.Proceed()) {
  }
}

// A run that a fault has struck, before its agent is started again.
struct Struck {
  Run run;
  int machine = 0;
  bool crashed = false;  // not: its agent runs on, told of a failure
  bool strict = true;
};

// Lets the effect that is due take place, and its answer be lost. False: it has none to lose.
bool LoseAnswer(Run& run, int machine) {
  int& lost = run.world().store.faults.lose_answer[machine];
  const int before = lost++;
  run.Proceed();
  int& left = run.world().store.faults.lose_answer[machine];
  const bool took = left == before;
  left = before;
  return took;
}

// `before` is where the effect is due. nullopt: this fault can't strike there.
std::optional<Struck> StrikeAt(const Run& before, const Point& point, std::uint64_t seed) {
  const EffectDue* due = before.play.NextEffect();
  if (due == nullptr) return std::nullopt;
  const bool lost = point.strike == Strike::kLostAnswer;
  if (lost && !IsStoreEffect(due->effect)) return std::nullopt;
  Struck struck{before, due->machine};
  World& world = struck.run.world();
  if (lost && !LoseAnswer(struck.run, struck.machine)) return std::nullopt;
  if (!lost && IsAfter(point.strike)) struck.run.Proceed();
  Machine& m = At(world, struck.machine);
  if (world.violation) return struck;
  if (!m.agent || m.incarnation != due->incarnation) return std::nullopt;
  if (lost) return struck;
  struck.crashed = true;
  if (const auto mode = PowerModeOf(point.strike)) {
    StopAgent(world, struck.machine);
    const Machine machine = m;
    const std::uint64_t taken = world.taken;  // by the file's own power cuts
    CutPower(world, struck.machine, *mode, Draw(seed, "sweep", 0, point.boundary));
    world.taken = taken;
    struck.strict = !LostOfUsers(machine, m);
  } else {
    StopAgent(world, struck.machine);
  }
  return struck;
}

// How much a second fault could undo.
void AddUnsynced(Digest& digest, const std::vector<Machine>& machines) {
  for (const Machine& m : machines) {
    digest.Add(m.disk.unsynced.entries.size());
    digest.Add(m.disk.unsynced.tmp.size());
    digest.Add(m.disk.unsynced.files.size());
  }
}

class Sweeper {
 public:
  Sweeper(const Scenario& scenario, const SweepOptions& options,
          const std::function<void(const std::vector<Point>&)>& at)
      : scenario_(WithSettle(scenario)), options_(options), at_(at) {}

  SweepReport Sweep() {
    if (RunCalm()) Explore(Run(scenario_, false), options_.depth, -1);
    return std::move(report_);
  }

  std::optional<SweepFailure> One(const std::vector<Point>& points, bool log) {
    if (!RunCalm()) return SweepFailure{{}, "", std::move(report_.calm)};
    Run run(scenario_, log);
    std::string effect;
    for (const Point& point : points) {
      if (!GoTo(run, point.boundary)) return std::nullopt;
      effect = EffectText(run);
      std::optional<Struck> struck = StrikeAt(run, point, options_.seed);
      if (!struck) return std::nullopt;
      run = Restarted(std::move(*struck), point);
    }
    RunOn(run);
    return SweepFailure{points, effect, run.Finish()};
  }

 private:
  // True if the file holds without a fault.
  bool RunCalm() {
    Run run(scenario_, false);
    RunOn(run);
    report_.calm = run.Finish();
    calm_ = std::make_shared<const std::vector<StepReport>>(report_.calm.steps);
    return report_.calm.ending == Ending::kHolds;
  }

  // Up to where the so-manieth effect from here is due.
  static bool GoTo(Run& run, std::uint64_t boundary) {
    do {
      if (run.play.NextEffect() != nullptr && --boundary == 0) return true;
    } while (run.Proceed());
    return false;
  }

  static std::string EffectText(const Run& run) {
    const EffectDue& due = *run.play.NextEffect();
    const World& world = run.play.world;
    return world.machines.at(static_cast<std::size_t>(due.machine)).name + ": " +
           Describe(world, due.machine, due.effect);
  }

  Run Restarted(Struck struck, const Point& point) {
    Run run = std::move(struck.run);
    Log(run.world(), struck.machine, "--- " + Text({point}));
    NoteChange(run.world(), "a fault of the sweep");
    run.Shake(calm_, struck.machine, struck.strict);
    if (struck.crashed) StartAgent(run.world(), run.play.oracles, struck.machine);
    return run;
  }

  // Tries faults at the effects from here on: those of all machines to the end, or those of one
  // until it has recovered.
  void Explore(Run run, int depth, int machine) {
    std::uint64_t boundary = 0;
    do {
      if (machine >= 0 && boundary > 0 && Recovered(run, machine)) return;
      const EffectDue* due = run.play.NextEffect();
      if (due == nullptr) continue;
      ++boundary;
      if (depth == options_.depth) ++report_.boundaries;
      if (machine >= 0 && due->machine != machine) continue;
      if ((boundary + options_.seed) % options_.sample != 0) continue;
      for (Strike strike : options_.strikes) Try(run, {boundary, strike}, depth);
    } while (run.Proceed());
  }

  static bool Recovered(Run& run, int machine) {
    const Machine& m = At(run.world(), machine);
    return !m.agent || IsQuiet(m.agent->driver.state());
  }

  void Try(const Run& before, const Point& point, int depth) {
    std::optional<Struck> struck = StrikeAt(before, point, options_.seed);
    if (!struck) return;
    ++report_.points;
    if (struck->crashed && !IsNew(*struck, depth)) return;
    ++report_.images;
    path_.push_back(point);
    at_(path_);
    std::string effect = EffectText(before);
    Run run = Restarted(std::move(*struck), point);
    std::optional<Run> start;
    const int machine = struck->machine;
    if (depth > 1 && struck->crashed) start.emplace(run);
    RunOn(run);
    Take(std::move(run), std::move(effect));
    if (start) Explore(std::move(*start), depth - 1, machine);
    path_.pop_back();
  }

  // Nothing that was run goes on the same way, for as many further faults, as strictly judged.
  bool IsNew(const Struck& struck, int depth) {
    Digest digest;
    const Image image = ImageOf(struck.run.play.world);
    digest.Add(image.low);
    digest.Add(image.high);
    digest.Add(static_cast<std::uint64_t>(struck.machine));
    digest.Add(struck.run.result().steps.size());
    digest.Add(struck.run.play.world.taken);
    if (depth > 1) AddUnsynced(digest, struck.run.play.world.machines);
    int& best = seen_[digest.value()];
    const int worth = depth * 2 + (struck.strict ? 1 : 0);
    if (worth <= best) return false;
    best = worth;
    return true;
  }

  void Take(Run run, std::string effect) {
    RunResult result = run.Finish();
    for (const StepReport& step : result.steps)
      if (step.verb == "expect") ++report_.expectations[step.left_out];
    if (result.ending != Ending::kHolds)
      report_.failures.push_back({path_, std::move(effect), std::move(result)});
  }

  std::shared_ptr<const Scenario> scenario_;
  SweepOptions options_;
  std::function<void(const std::vector<Point>&)> at_;
  std::shared_ptr<const std::vector<StepReport>> calm_;
  std::map<Image, int> seen_;
  std::vector<Point> path_;
  SweepReport report_;
};

}  // namespace

SweepReport Sweep(const Scenario& scenario, const SweepOptions& options,
                  const std::function<void(const std::vector<Point>&)>& at) {
  return Sweeper(scenario, options, at).Sweep();
}

std::optional<SweepFailure> RunPoint(const Scenario& scenario, const SweepOptions& options,
                                     const std::vector<Point>& points, bool log) {
  return Sweeper(scenario, options, [](const std::vector<Point>&) {}).One(points, log);
}

}  // namespace kinfolder::sim
