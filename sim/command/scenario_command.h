// `kinfolder-sim scenario`: runs files once, sweeps them (sim/sweep), or plays them against real
// agents (sim/real).
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace kinfolder::sim {

struct ScenarioOptions {
  std::vector<std::string> files;
  bool json = false, log = false, skip_unsupported = false;
  bool sweep = false;
  int depth = 1, jobs = 1;
  std::uint64_t sample = 1, seed = 1;
  std::string only, point;
  bool real = false, keep = false;
  std::string agent;
  bool html = false;
  std::string output;
};

// Adds the subcommand; the options are filled in when the command line is parsed.
CLI::App* AddScenarioCommand(CLI::App& app, ScenarioOptions& options);

// Returns the exit status: 0 all hold, 1 one does not, 2 one is not understood.
int RunScenarioCommand(const ScenarioOptions& options);

}  // namespace kinfolder::sim
