#include "sim/scenario/run.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "sim/scenario/do.h"
#include "sim/world/describe.h"
#include "sim/world/draws.h"

namespace kinfolder::sim {

namespace {

void Apply(World& world, const Option& option) {
  for (std::size_t i = 0; i < world.machines.size(); ++i) {
    if (option.machine >= 0 && option.machine != static_cast<int>(i)) continue;
    Machine& m = world.machines[i];
    const std::int64_t ms = ReadDuration(option.value).value_or(0);
    if (option.key == "history") m.config.history_all = option.value == "all";
    if (option.key == "poll") m.config.poll_interval_ms = ms;
    if (option.key == "scan") m.config.scan_interval_ms = ms;
    if (option.key == "watch") m.watch = option.value == "on";
    if (option.key == "max-deletes") m.config.max_deletes_percent = 101;
    if (option.key == "case") m.disk.folds_case = true;
    if (option.key == "names") m.disk.windows_names = true;
    if (option.key == "unicode")
      m.disk.spelling = option.value == "nfd" ? Spelling::kDecomposed : Spelling::kKept;
    if (option.key == "mtime-granularity") m.disk.mtime_granularity_ns = ms * 1'000'000;
  }
}

const Doer* FindDoer(std::string_view verb) {
  for (const auto& table : {WorldSteps(), LifeSteps(), DiskSteps(), CommandSteps(), StoreSteps()})
    for (const Doer& doer : table)
      if (doer.verb == verb) return &doer;
  return nullptr;
}

// What only an agent can do, or has done to it.
bool IsForAgents(std::string_view verb) {
  static constexpr std::string_view kVerbs[] = {
      "when",           "crash-at",        "resolve",          "restore", "pause",
      "resume",         "approve-deletes", "undo-deletes",     "fix",     "watch-dead",
      "watch-overflow", "rollback-state",  "clone-state-from", "ignore",  "unignore"};
  return std::find(std::begin(kVerbs), std::end(kVerbs), verb) != std::end(kVerbs);
}

bool EndsAgent(std::string_view verb) {
  return verb == "crash" || verb == "stop" || verb == "powerloss" || verb == "leave";
}

}  // namespace

std::string_view NameOf(LeftOut why) {
  switch (why) {
    case LeftOut::kNo:
      return "judged";
    case LeftOut::kCounter:
      return "counters";
    case LeftOut::kUsersLost:
      return "users' work gone";
    case LeftOut::kTime:
      return "not at rest";
    case LeftOut::kStory:
      return "another story";
    case LeftOut::kNotDone:
      return "step not possible";
  }
  return "?";
}

Run::Run(std::shared_ptr<const Scenario> scenario, bool log, bool trail)
    : scenario_(std::move(scenario)) {
  if (trail) world().rolling.KeepTrail();
  world().seed = scenario_->seed;
  world().log = log;
  world().store.faults.latency_ms[kAnyone] = 20;
  world().machines.resize(scenario_->machines.size());
  for (Machine& m : world().machines) m.config.scan_interval_ms = 3'600'000;
  for (const int peer : scenario_->peers) {
    At(world(), peer).peer.emplace();
    At(world(), peer).config.scan_interval_ms = 60'000;  // what it comes with
  }
  for (const Option& option : scenario_->options) Apply(world(), option);
  play.StartBegin(scenario_->machines, scenario_->late, scenario_->read_only);
}

bool Run::Proceed() {
  if (!CheckViolation()) return false;
  if (play.waiting()) {
    play.Proceed([this](std::uint32_t deed) { ActAtInstant(scenario_->deeds.at(deed)); });
    if (play.waiting()) return CheckViolation();
    if (next_ == 0) return CheckViolation();
    result_.steps.back().end_ms = world().now_ms;
    at_rest_ = Current().verb == "settle";
    // What users have lost they can't ask for.
    const bool counts = at_rest_ || (loose_ == LeftOut::kNo && !again_);
    if (!play.why().empty() && !world().violation && counts)
      End(Ending::kFails, Current(), "`" + Current().verb + "`: " + play.why());
    return CheckViolation();
  }
  if (next_ == scenario_->steps.size()) return false;
  Begin(scenario_->steps[next_++]);
  return CheckViolation();
}

void Run::Begin(const Step& step) {
  again_ = next_ == result_.steps.size();
  if (!again_) {
    std::size_t hooks = 0;
    for (const Machine& m : world().machines) hooks += m.hooks.size();
    result_.steps.push_back({step.line,
                             step.machine,
                             step.verb,
                             world().now_ms,
                             world().now_ms,
                             hooks,
                             world().taken,
                             LeftOut::kNo,
                             {}});
  }
  Act(step);
}

// Also at the instant of an effect, in the middle of another step.
void Run::Act(const Step& step) {
  if (result_.ending != Ending::kHolds) return;
  Log(world(), 0, "--- line " + std::to_string(step.line) + ": " + step.verb);
  world().rolling.Fold({Happening::Kind::kLine, step.machine, static_cast<std::uint64_t>(step.line),
                        0, world().now_ms},
                       HashText(step.verb));
  const bool by_peer = step.machine >= 0 && At(world(), step.machine).peer.has_value();
  if (by_peer && IsForAgents(step.verb)) {
    Refuse(step, "a peer can't; expected a machine that is none");
  } else if (const Doer* doer = FindDoer(step.verb)) {
    doer->act(*this, step);
  } else if (step.user) {
    DoUser(step, *step.user);
  } else {
    CHECK(false);
  }
}

void Run::ActAtInstant(const Step& step) {
  const CommandId first = world().next_command;
  Act(step);
  for (CommandId id = first; id < world().next_command; ++id) begun_[id] = step.machine;
}

void Run::Shake(std::shared_ptr<const std::vector<StepReport>> calm, int machine, bool strict) {
  calm_ = std::move(calm);
  if (!strict && loose_ == LeftOut::kNo) loose_ = LeftOut::kUsersLost;
  at_rest_ = false;
  if (play.GiveUp(machine)) --next_;
  // What was asked for at an instant is not asked for again.
  const Machine& struck = At(world(), machine);
  for (const auto& [id, asked] : begun_)
    if (asked == machine && !struck.agent && struck.answers.count(id) == 0 &&
        loose_ == LeftOut::kNo)
      loose_ = LeftOut::kNotDone;
}

LeftOut Run::WhyLeftOut(const Step& step) const {
  if (!calm_) return LeftOut::kNo;
  switch (step.expect->form) {
    case Form::kUploads:
    case Form::kDownloads:
    case Form::kDmdWrites:
    case Form::kSnapshotsMade:
    case Form::kSnapshots:
      return LeftOut::kCounter;
    default:
      break;
  }
  if (loose_ != LeftOut::kNo) return loose_;
  // What users, crashes and power cuts were to do at the instant of an effect has been done, or
  // not, as without the fault, and what the file's power cuts took is the same.
  const StepReport &now = result_.steps.back(), &calm = calm_->at(next_ - 1);
  if (now.hooks != calm.hooks || now.taken != calm.taken) return LeftOut::kStory;
  return at_rest_ ? LeftOut::kNo : LeftOut::kTime;
}

// False: there is nothing more to do.
bool Run::CheckViolation() {
  if (result_.ending != Ending::kHolds) return false;
  if (!world().violation) return true;
  const Violation& violation = *world().violation;
  result_.ending = Ending::kFails;
  result_.line = next_ > 0 ? Current().line : 0;
  result_.oracle = violation.oracle;
  result_.what = "invariant " + violation.oracle + " does not hold: " + violation.text;
  result_.history = violation.history;
  return false;
}

RunResult Run::Finish() {
  FoldRest(world());
  RunResult result = std::move(result_);
  result.chain = world().rolling.value().low;
  result.simulated_ms = world().now_ms - kStartMs;
  for (const Machine& m : world().machines)
    result.machines.push_back({m.name, m.steps, m.chain, m.counters});
  result.log = std::move(world().lines);
  if (world().log)
    for (std::string& line : DescribeRecords(world())) result.log.push_back(std::move(line));
  return result;
}

void Run::End(Ending ending, const Step& step, const std::string& what) {
  if (result_.ending != Ending::kHolds) return;
  result_.ending = ending;
  result_.line = step.line;
  result_.what = what;
  if (!result_.steps.empty()) result_.steps.back().what = what;
}

void Run::Refuse(const Step& step, const std::string& what) {
  if (calm_) {
    if (loose_ == LeftOut::kNo) loose_ = LeftOut::kNotDone;
    result_.steps.back().left_out = loose_;
    return;
  }
  End(Ending::kNotUnderstood, step, "`" + step.verb + "`: " + what);
}

bool Run::Needs(const Step& step, bool running) {
  Machine& m = At(world(), step.machine);
  if (IsRunning(m) == running) return true;
  if (calm_ && !running) {
    std::erase_if(m.hooks, [&](const Hook& hook) {
      const Step& deed = scenario_->deeds.at(hook.deed);
      return deed.machine == step.machine && EndsAgent(deed.verb);
    });
    if (step.verb != "start") StopAgent(world(), step.machine);
    return step.verb != "start";
  }
  Refuse(step, running ? "the agent is not running; expected it to be running" : LockRefusal(m));
  return false;
}

void Run::DoUser(const Step& step, const UserOp& op) {
  const std::string error = DoUserOp(world(), step.machine, op);
  if (!error.empty()) Refuse(step, error);
}

void Run::Expect(const Step& step) {
  std::string expected, is, refusal;
  if (const LeftOut why = WhyLeftOut(step); why != LeftOut::kNo) {
    result_.steps.back().left_out = why;
    return;
  }
  Expectation asked = *step.expect;
  if (calm_ && asked.form == Form::kHistory) asked.form = Form::kHistoryHas;
  if (Holds(play, asked, &expected, &is, &refusal)) return;
  if (!refusal.empty()) return Refuse(step, refusal);
  End(Ending::kFails, step, "expected " + expected + ", is " + is);
  result_.expected = expected;
  result_.is = is;
}

RunResult RunScenario(const Scenario& scenario, bool log) {
  const auto shared = std::make_shared<const Scenario>(scenario);
  Run first(shared, log, true), second(shared, false, true);
  const auto differ = [&] {
    return first.world().rolling.value() != second.world().rolling.value();
  };
  std::string difference = FirstDifference(first.world(), second.world());
  for (bool more = true; more && difference.empty();) {
    first.world().rolling.KeepTrail();
    second.world().rolling.KeepTrail();
    more = first.Proceed();
    const bool goes_on = second.Proceed();
    if (differ()) difference = FirstDifference(first.world(), second.world());
    if (difference.empty() && more != goes_on)
      difference = "only one of the two goes on: " + first.result().what + second.result().what;
  }
  RunResult result = first.Finish();
  second.Finish();
  if (difference.empty() && differ()) difference = FirstDifference(first.world(), second.world());
  if (!difference.empty()) {
    result.ending = Ending::kFails;
    result.line = result.steps.empty() ? 1 : result.steps.back().line;
    result.oracle = "I12";
    result.what = "invariant I12 does not hold: in a second run " + difference;
  }
  return result;
}

}  // namespace kinfolder::sim
