// Runs a scenario in a simulated world.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/oracles/oracles.h"
#include "sim/scenario/steps.h"
#include "sim/world/world.h"

namespace kinfolder::sim {

enum class Ending : std::uint8_t {
  kHolds = 0,
  kFails = 1,          // an expectation or an invariant
  kNotUnderstood = 2,  // a step that can't be done where it stands
};

struct RunResult {
  Ending ending = Ending::kHolds;
  int line = 0;                      // of the step that failed
  std::string what;                  // one line for people
  std::string expected, is;          // of an expectation
  std::string oracle;                // of an invariant
  std::vector<std::string> history;  // of the bytes concerned
  std::uint64_t chain = 0;           // over all steps of all machines
  std::vector<std::string> log;
};

// Runs it twice: a difference between the two is a failure of I12.
RunResult RunScenario(const Scenario& scenario, bool log);

// A world at work: what scenario steps and random users have in common.
class Play {
 public:
  World world;
  Oracles oracles;

  // Makes the machines; those that are not late join, and time passes until all is quiet.
  void Begin(const std::vector<std::string>& names, const std::set<int>& late,
             const std::set<int>& read_only);
  void RunUntil(std::int64_t until_ms);
  // `settle`. Empty: done. Otherwise what kept changing.
  std::string Settle();
  // Sends a command and waits for its answer. Empty: done.
  std::string Command(int machine, EventBody body, CommandId command);
  std::string ScanNow(int machine);
  std::string PollNow(int machine);
  void JoinNow(int machine);

 private:
  bool Captured(int machine) const;
  bool Resting() const;
  std::string Restless() const;
  std::int64_t FaultsEndMs() const;  // of the store's timed faults

  std::int64_t settling_since_ms_ = 0;
};

// The digest of all that machines did.
std::uint64_t ChainOf(const World& world);

// Judges one `expect`. True: it holds. Otherwise *expected and *is say how not; *refusal is set if
// it can't be asked now.
bool Holds(Play& play, const Expectation& expectation, std::string* expected, std::string* is,
           std::string* refusal);

// A path's true history up to a directory's entry, in the linear order.
std::vector<TruthId> LinearHistory(const World& world, std::uint32_t directory,
                                   const std::string& path);

}  // namespace kinfolder::sim
