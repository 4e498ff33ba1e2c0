// Runs a scenario in a simulated world.
//
// A Run is a plain value: the script, the place in it, and the world at work. Copied at any point,
// also in the middle of a step that waits, the copy goes on exactly as the original. What each step
// does is in do_*.cc.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/play.h"
#include "sim/scenario/steps.h"

namespace kinfolder::sim {

enum class Ending : std::uint8_t {
  kHolds = 0,
  kFails = 1,          // an expectation or an invariant
  kNotUnderstood = 2,  // a step that can't be done where it stands
};

// Why an expectation is not judged after a fault.
enum class LeftOut : std::uint8_t {
  kNo,         // it is
  kCounter,    // it counts what a fault repeats
  kUsersLost,  // the fault took what users had done
  kTime,       // time has passed since the last `settle`, and a restart takes some
  kStory,      // a `when` or `crash-at` of the file struck elsewhere, or its power cut took other
               // things
  kNotDone,    // a step of the user before it could not be done
};
std::string_view NameOf(LeftOut why);

// What became of one step.
struct StepReport {
  int line = 0;
  int machine = -1;
  std::string verb;
  std::int64_t start_ms = 0, end_ms = 0;  // of virtual time
  std::size_t hooks = 0;    // `when` and `crash-at` that waited for their effect as it began
  std::uint64_t taken = 0;  // by power cuts before it
  LeftOut left_out = LeftOut::kNo;  // of an `expect`
  std::string what;                 // why it failed; empty: it did not
};

// What one machine did, from first to last (counters: since the last `mark`).
struct MachineReport {
  std::string name;
  std::uint64_t steps = 0;  // of its core
  std::uint64_t chain = 0;  // over them
  Counters counters;
};

struct RunResult {
  Ending ending = Ending::kHolds;
  int line = 0;                      // of the step that failed
  std::string what;                  // one line for people
  std::string expected, is;          // of an expectation
  std::string oracle;                // of an invariant
  std::vector<std::string> history;  // of the bytes concerned
  std::uint64_t chain = 0;           // over all that happened (rolling.h)
  std::vector<StepReport> steps;     // those that were begun
  std::vector<MachineReport> machines;
  std::int64_t simulated_ms = 0;
  std::vector<std::string> log;
};

class Run {
 public:
  // With `trail`, its steps can be compared with another's (rolling.h).
  Run(std::shared_ptr<const Scenario> scenario, bool log, bool trail = false);

  // Does the next step, or one thing that is due in the one under way. False: all is done, or the
  // result is known to be bad.
  bool Proceed();
  const Scenario& scenario() const { return *scenario_; }
  const RunResult& result() const { return result_; }
  // The result with the chain and the log. REQUIRES: Proceed has returned false.
  RunResult Finish();

  // A fault has struck the machine that is not in the file; its agent runs again. From here on the
  // run is judged by what a fault leaves as it is: `calm` is what the steps did without it. With
  // `strict` those expectations count that stand where all is at rest, but for counters; without,
  // only the invariants.
  void Shake(std::shared_ptr<const std::vector<StepReport>> calm, int machine, bool strict);

  Play play;

  // --- for what steps do (do_*.cc) ---
  World& world() { return play.world; }
  void End(Ending ending, const Step& step, const std::string& what);
  // A step that the file should not have here. After a fault: what follows is another story than
  // the file's, and judged by the invariants alone.
  void Refuse(const Step& step, const std::string& what);
  // False, and refused: the agent must be running (or must not). After a fault agents run that did
  // not, as they were started again: what needs a stopped one stops it.
  bool Needs(const Step& step, bool running);
  // What a user does; refused if it can't be done.
  void DoUser(const Step& step, const UserOp& op);
  // Ends the run if the expectation does not hold.
  void Expect(const Step& step);

 private:
  bool CheckViolation();
  void Begin(const Step& step);
  void Act(const Step& step);
  void ActAtInstant(const Step& step);
  // Whether an `expect` still says what must be, or why not.
  LeftOut WhyLeftOut(const Step& step) const;
  const Step& Current() const { return scenario_->steps.at(next_ - 1); }

  std::shared_ptr<const Scenario> scenario_;
  std::size_t next_ = 0;  // the step after the one under way
  RunResult result_;
  std::shared_ptr<const std::vector<StepReport>> calm_;  // not null: a fault has struck
  LeftOut loose_ = LeftOut::kNo;                         // why no expectation is judged any more
  bool at_rest_ = true;  // no time has passed since the last `settle`
  bool again_ = false;   // the step under way was begun before
  std::map<CommandId, int>
      begun_;  // commands given at an instant, which nobody waits for, and to whom
};

// Runs it twice, side by side: a difference is a failure of I12, and names the first step that went
// another way: of which machine, with which event, in which line of the file.
RunResult RunScenario(const Scenario& scenario, bool log);

// Judges one `expect`. True: it holds. Otherwise *expected and *is say how not; *refusal is set if
// it can't be asked now.
bool Holds(Play& play, const Expectation& expectation, std::string* expected, std::string* is,
           std::string* refusal);

// A path's true history up to a directory's entry, in the linear order.
std::vector<TruthId> LinearHistory(const World& world, std::uint32_t directory,
                                   const std::string& path);

}  // namespace kinfolder::sim
