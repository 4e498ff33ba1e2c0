// Plays one scenario against real agents.
#pragma once

#include <string>
#include <vector>

#include "sim/real/world.h"
#include "sim/scenario/steps.h"

namespace kinfolder::sim {

enum class RealEnding : std::uint8_t {
  kHolds = 0,
  kFails = 1,
  kRefused = 2,  // not understood, or asks for what only a simulator can do
  kSkipped = 3,  // an expectation depends on what was left out
};

struct RealResult {
  RealEnding ending = RealEnding::kHolds;
  int line = 0;
  std::string what, expected, is;
  std::vector<std::string> left_out;  // `line: what: why`
  std::vector<std::string> history;   // what the agents said
};

// Empty, or why real agents can't do that.
std::string WhyNotReal(const Step& step);
std::string WhyNotReal(const Option& option);
std::string WhyNotReal(const Expectation& expectation);

// Plays it below `directory`, which is there and empty. Without `skip`, what real agents can't do
// ends it before anything is done.
RealResult RunRealScenario(const Scenario& scenario, const std::string& program,
                           const std::string& directory, bool skip);

// Judges one `expect`, as Holds() does for the simulator.
bool HoldsReally(RealWorld& world, const Expectation& expectation, std::string* expected,
                 std::string* is, std::string* refusal);

// The copies beside a file, by their names; all copies for an empty path.
std::vector<std::string> CopiesIn(const RealTree& tree, const std::string& path);

}  // namespace kinfolder::sim
