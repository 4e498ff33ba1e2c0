#include "sim/command/cover_command.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/cover/row_counts.h"
#include "sim/scenario/load.h"
#include "sim/scenario/syntax.h"

namespace kinfolder::sim {

namespace {

bool RunFiles(const CoverOptions& options, RowCounts& counts) {
  for (const std::string& file : options.files) {
    const Result<Scenario> scenario = LoadScenario(file);
    if (!scenario.ok()) {
      std::cerr << "kinfolder-sim: " << scenario.error().text << "\n";
      return false;
    }
    CountScenario(scenario.value(), counts);
  }
  return true;
}

bool RunSeeds(const std::string& seeds, RowCounts& counts) {
  const std::size_t dots = seeds.find("..");
  const auto first = ReadNumber(seeds.substr(0, dots));
  const auto last = dots == std::string::npos ? first : ReadNumber(seeds.substr(dots + 2));
  if (!first || !last || *first < 0) {
    std::cerr << "kinfolder-sim: cover: not understood; use --seeds 1..200\n";
    return false;
  }
  CountSeeds(static_cast<std::uint64_t>(*first), static_cast<std::uint64_t>(*last), counts);
  return true;
}

}  // namespace

CLI::App* AddCoverCommand(CLI::App& app, CoverOptions& options) {
  CLI::App* command = app.add_subcommand(
      "cover",
      "which rows of the machines' tables are never taken: 0 none, 2 not understood, 15 some\n"
      "Example: kinfolder-sim cover --seeds 1..200 tests/scenarios/*.scenario");
  command->add_option("FILE", options.files, "scenario files");
  command->add_option("--seeds", options.seeds, "A..B of each profile, default 1..200");
  command->add_flag("--json", options.json, "one JSON document, with all counts");
  return command;
}

int RunCoverCommand(const CoverOptions& options) {
  RowCounts counts;
  if (!RunFiles(options, counts) || !RunSeeds(options.seeds, counts)) return 2;
  nlohmann::json never = nlohmann::json::array();
  for (const auto& [row, count] : counts.rows())
    if (count == 0) never.push_back(row);
  if (options.json) {
    std::cout << nlohmann::json{{"never", never}, {"counts", counts.rows()}}.dump() << "\n";
  } else {
    std::cout << counts.rows().size() - never.size() << " of " << counts.rows().size()
              << " rows taken\n";
    for (const auto& row : never) std::cout << "never: " << row.get<std::string>() << "\n";
  }
  return never.empty() ? 0 : kCoverageGap;
}

}  // namespace kinfolder::sim
