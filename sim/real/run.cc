#include "sim/real/run.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace kinfolder::sim {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "folder";

class RealRunner {
 public:
  RealRunner(const Scenario& scenario, const std::string& program, const std::string& directory)
      : scenario_(scenario), world_(scenario, program, directory) {}

  // The first `count` steps.
  RealResult Run(std::size_t count) {
    const std::string begun = world_.Begin();
    if (!begun.empty()) {
      End(RealEnding::kFails, Step{}, "the machines can't be made: " + begun);
    }
    for (std::size_t i = 0; i < count && result_.ending == RealEnding::kHolds; ++i) {
      const Step& step = scenario_.steps[i];
      Do(step);
      FailIf(step, world_.Dead());
    }
    if (result_.ending != RealEnding::kHolds) CollectLogs();
    return std::move(result_);
  }

 private:
  void End(RealEnding ending, const Step& step, const std::string& what) {
    if (result_.ending != RealEnding::kHolds) return;
    result_.ending = ending;
    result_.line = step.line;
    result_.what = what;
  }
  void Refuse(const Step& step, const std::string& what) {
    End(RealEnding::kRefused, step, "`" + step.verb + "`: " + what);
  }
  void FailIf(const Step& step, const std::string& what) {
    if (!what.empty()) End(RealEnding::kFails, step, "`" + step.verb + "`: " + what);
  }
  bool Needs(const Step& step, bool running) {
    if (world_.At(step.machine).agent.started() == running) return true;
    Refuse(step, std::string("the agent is ") + (running ? "not " : "") +
                     "running; expected it to be " + (running ? "running" : "stopped"));
    return false;
  }

  void Do(const Step& step) {
    if (step.verb == "expect") {
      if (WhyNotReal(*step.expect).empty()) Expect(step);
    } else if (step.user) {
      UserStep(step, *step.user);
    } else if (step.verb == "run") {
      FailIf(step, world_.RunFor(step.numbers[0]));
    } else if (step.verb == "settle") {
      FailIf(step, world_.Settle());
    } else if (step.verb != "mark" && !DoLife(step) && !DoState(step) && !DoFiles(step) &&
               !DoCommand(step)) {
      Refuse(step, "is not supported against real agents");
    }
  }

  void Expect(const Step& step) {
    std::string expected, is, refusal;
    if (HoldsReally(world_, *step.expect, &expected, &is, &refusal)) return;
    if (!refusal.empty()) return Refuse(step, refusal);
    End(RealEnding::kFails, step, "expected " + expected + ", is " + is);
    result_.expected = expected;
    result_.is = is;
  }

  void UserStep(const Step& step, const UserOp& op) {
    RealMachine& m = world_.At(step.machine);
    const std::string error = m.root_away ? "the folder is away; bring it back with root-back"
                                          : DoRealOp(m.root(), op, m.slow);
    if (!error.empty()) Refuse(step, error);
  }

  // The life of an agent and its connections.
  bool DoLife(const Step& step) {
    if (step.machine < 0) return false;
    RealMachine& m = world_.At(step.machine);
    if (step.verb == "start") {
      if (Needs(step, false)) FailIf(step, world_.Start(m));
    } else if (step.verb == "stop") {
      if (Needs(step, true)) FailIf(step, world_.Stop(m));
    } else if (step.verb == "crash") {
      if (Needs(step, true)) m.agent.Kill();
    } else if (step.verb == "join") {
      Join(step, m);
    } else if (step.verb == "leave") {
      if (!Needs(step, true)) return true;
      FailIf(step, world_.Command(m, {"leave", kFolder}, true));
      FailIf(step, world_.Stop(m));
      m.left = true;
    } else if (step.verb == "pause" || step.verb == "resume") {
      m.paused = step.verb == "pause";
      if (Needs(step, true)) FailIf(step, world_.Command(m, {step.verb, kFolder}, true));
    } else if (step.verb == "offline" || step.verb == "online") {
      world_.SetOffline(m, step.verb == "offline");
    } else {
      return false;
    }
    return true;
  }

  void Join(const Step& step, RealMachine& m) {
    if (m.joined && !m.left)
      return Refuse(step,
                    "it has joined already; expected a machine of `late:` or one without state");
    if (!world_.At(0).agent.started())
      return Refuse(step, "the agent of " + world_.At(0).name + " takes joiners in; start it");
    FailIf(step, world_.Join(m));
    if (result_.ending == RealEnding::kHolds) FailIf(step, world_.SyncNow(m));
  }

  bool DoState(const Step& step) {
    RealMachine& m = world_.At(step.machine);
    std::error_code error;
    if (step.verb == "lose-state") {
      if (!Needs(step, false)) return true;
      fs::remove_all(m.state(), error);
      m.joined = false;
      m.participant = m.name + "-" + std::to_string(++m.lives);
    } else if (step.verb == "rollback-state") {
      if (Needs(step, false)) FailIf(step, world_.BringBack(m));
    } else if (step.verb == "root-vanish" || step.verb == "root-empty") {
      fs::rename(m.root(), m.root() + ".away", error);
      if (step.verb == "root-empty") fs::create_directory(m.root(), error);
      m.root_away = true;
    } else if (step.verb == "root-back") {
      fs::remove(m.root(), error);  // the empty one
      fs::rename(m.root() + ".away", m.root(), error);
      m.root_away = false;
    } else if (step.verb == "io-error" || step.verb == "io-ok") {
      const mode_t mode = step.verb == "io-ok" ? 0644 : 0;
      if (chmod((m.root() + "/" + step.words[0]).c_str(), mode) != 0)
        Refuse(step, step.words[0] + " is not there");
    } else {
      return false;
    }
    if (error) Refuse(step, error.message());
    return true;
  }

  bool DoFiles(const Step& step) {
    UserOp op;
    if (step.verb == "mktree") {
      const std::int64_t seed = step.numbers.size() > 2 ? step.numbers[2] : 0;
      for (std::int64_t i = 0; i < step.numbers[0]; ++i) {
        std::string number = std::to_string(i);
        number.insert(0, number.size() < 5 ? 5 - number.size() : 0, '0');
        op.path = step.words[0] + "/f" + number;
        op.content = RandomBytes(static_cast<std::uint64_t>(seed + i),
                                 static_cast<std::size_t>(step.numbers[1]));
        UserStep(step, op);
      }
      return true;
    }
    if (step.verb == "delete-copy") {
      op.act = UserAct::kDelete;
    } else if (step.verb == "edit-copy") {
      op.act = UserAct::kWrite;
      op.content = step.words[2];
    } else if (step.verb == "move-copy") {
      op.act = UserAct::kRename;
      op.other = step.words[2];
    } else {
      return false;
    }
    std::vector<std::string> copies =
        CopiesIn(ReadTree(world_.At(step.machine).root()), step.words[0]);
    if (step.words.size() > 1)
      std::erase_if(copies, [&](const std::string& copy) {
        return copy != step.words[0] + ".conflict-" + step.words[1];
      });
    if (copies.size() != 1) {
      Refuse(step,
             std::to_string(copies.size()) + " copies of " + step.words[0] + " fit; expected one");
      return true;
    }
    op.path = copies[0];
    UserStep(step, op);
    return true;
  }

  bool DoCommand(const Step& step) {
    RealMachine& m = world_.At(step.machine);
    if (step.verb == "scan" || step.verb == "poll") {
      if (Needs(step, true)) FailIf(step, world_.SyncNow(m));
    } else if (step.verb == "resolve") {
      if (Needs(step, true)) Resolve(step, m);
    } else if (step.verb == "restore") {
      if (Needs(step, true)) Restore(step, m);
    } else if (step.verb == "approve-deletes" || step.verb == "undo-deletes") {
      const char* how = step.verb == "approve-deletes" ? "--approve" : "--undo";
      if (Needs(step, true)) FailIf(step, world_.Command(m, {"deletes", kFolder, how}, true));
    } else {
      return false;
    }
    return true;
  }

  void Resolve(const Step& step, RealMachine& m) {
    const std::string& how = step.words[1];
    std::vector<std::string> words = {"resolve", m.root() + "/" + step.words[0]};
    if (how == "mine") words.push_back("--mine");
    if (how == "theirs") words.push_back("--theirs");
    if (how.rfind("theirs:", 0) == 0) words.push_back("--theirs=" + ParticipantOf(how.substr(7)));
    if (how == "merge") {
      words.push_back("--file=" + m.home + "/given");
      WriteWhole(m.home + "/given", step.words[2]);
    }
    FailIf(step, world_.Command(m, words, false));
  }

  std::string ParticipantOf(const std::string& name) {
    for (const RealMachine& m : world_.machines())
      if (m.name == name) return m.participant;
    return name;
  }

  void Restore(const Step& step, RealMachine& m) {
    const std::string path = m.root() + "/" + step.words[0];
    std::string number = step.words[1];
    if (number == "before-delete") {
      const RealWorld::Running running(world_);
      const auto log = AskAgent(m.state(), {{"command", "log"}, {"path", path}}, 60'000);
      if (!log.ok()) return Refuse(step, log.error().text);
      std::size_t i = 0, before = 0;
      for (const auto& version : log.value()["versions"]) {
        if (version.value("deleted", false) && i > 0) before = i;
        ++i;
      }
      if (before == 0) return Refuse(step, "it was never deleted");
      number = std::to_string(before - 1);
    }
    FailIf(step, world_.Command(m, {"restore", path + "@" + number}, false));
  }

  void CollectLogs() {
    for (const RealMachine& m : world_.machines()) {
      std::ifstream log(m.home + "/log");
      for (std::string line; std::getline(log, line);)
        result_.history.push_back(m.name + ": " + line);
    }
  }

  const Scenario& scenario_;
  RealWorld world_;
  RealResult result_;
};

// How many steps can be played, and what is left out of them.
struct Plan {
  std::size_t steps = 0;
  bool judges = false;   // an expectation is among them
  bool depends = false;  // and one is not, because of what was left out before it
  int line = 0;          // of the first thing left out
  std::vector<std::string> left_out;
};

void LeaveOut(Plan& plan, int line, const std::string& what, const std::string& why) {
  if (plan.left_out.empty()) plan.line = line;
  plan.left_out.push_back("line " + std::to_string(line) + ": `" + what + "`: " + why);
}

Plan PlanFor(const Scenario& scenario) {
  Plan plan;
  bool cut = false;
  if (!scenario.peers.empty()) {
    LeaveOut(plan, 1, "peers:", "it would take a real magic-folder");
    cut = true;
  }
  for (const Option& option : scenario.options) {
    const std::string why = WhyNotReal(option);
    if (why.empty()) continue;
    LeaveOut(plan, 1, option.key + "=" + option.value, why);
    cut = true;
  }
  for (const Step& step : scenario.steps) {
    const std::string why = WhyNotReal(step);
    if (!why.empty()) LeaveOut(plan, step.line, step.verb, why);
    if (!why.empty() && step.verb != "expect") cut = true;
    if (step.verb == "expect" && why.empty()) (cut ? plan.depends : plan.judges) = true;
    if (!cut) ++plan.steps;
  }
  return plan;
}

}  // namespace

RealResult RunRealScenario(const Scenario& scenario, const std::string& program,
                           const std::string& directory, bool skip) {
  const Plan plan = PlanFor(scenario);
  RealResult result;
  if (!plan.left_out.empty() && !skip) {
    result.ending = RealEnding::kRefused;
    result.line = plan.line;
    result.what = plan.left_out[0] + "; expected another step, or --skip-unsupported";
    return result;
  }
  if (plan.judges) result = RealRunner(scenario, program, directory).Run(plan.steps);
  result.left_out = plan.left_out;
  if (result.ending == RealEnding::kHolds && (plan.depends || !plan.judges))
    result.ending = RealEnding::kSkipped;
  return result;
}

}  // namespace kinfolder::sim
