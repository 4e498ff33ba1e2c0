// `kinfolder-sim cover`: which rows of the machines' tables scenarios and random worlds never take.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace kinfolder::sim {

struct CoverOptions {
  std::vector<std::string> files;  // scenarios
  std::string seeds = "1..200";    // of each profile
  bool json = false;
};

inline constexpr int kCoverageGap = 15;

CLI::App* AddCoverCommand(CLI::App& app, CoverOptions& options);

// Returns the exit status: 0, 2 something is not understood, or kCoverageGap: a row was never
// taken.
int RunCoverCommand(const CoverOptions& options);

}  // namespace kinfolder::sim
