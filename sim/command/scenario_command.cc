#include "sim/command/scenario_command.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "sim/command/sweep_command.h"
#include "sim/html/timeline.h"
#include "sim/real/real.h"
#include "sim/scenario/load.h"
#include "sim/scenario/run.h"

namespace kinfolder::sim {

namespace {

using nlohmann::json;

json ToJson(const StepReport& step, const Scenario& scenario) {
  const json machine = step.machine < 0
                           ? json()
                           : json(scenario.machines.at(static_cast<std::size_t>(step.machine)));
  return {{"line", step.line},         {"machine", machine},    {"step", step.verb},
          {"start_ms", step.start_ms}, {"end_ms", step.end_ms}, {"ok", step.what.empty()},
          {"what", step.what}};
}

json ToJson(const MachineReport& machine) {
  return {{"name", machine.name},
          {"steps", machine.steps},
          {"chain", machine.chain},
          {"uploads", machine.counters.uploads},
          {"downloads", machine.counters.downloads},
          {"dmd_writes", machine.counters.dmd_writes},
          {"snapshots_made", machine.counters.snapshots_made}};
}

json ToJson(const std::string& file, const Scenario& scenario, const RunResult& result) {
  json steps = json::array(), machines = json::array();
  for (const StepReport& step : result.steps) steps.push_back(ToJson(step, scenario));
  for (const MachineReport& machine : result.machines) machines.push_back(ToJson(machine));
  return {{"file", file},
          {"ok", result.ending == Ending::kHolds},
          {"line", result.line},
          {"what", result.what},
          {"expected", result.expected},
          {"is", result.is},
          {"oracle", result.oracle},
          {"history", result.history},
          {"steps", std::move(steps)},
          {"machines", std::move(machines)},
          {"simulated_ms", result.simulated_ms},
          {"chain", result.chain}};
}

void Print(const std::string& file, const RunResult& result) {
  for (const std::string& line : result.log) std::cout << line << "\n";
  if (result.ending == Ending::kHolds) {
    std::cout << "ok   " << file << "\n";
    return;
  }
  std::cout << "FAIL " << file << ":" << result.line << ": " << result.what << "\n";
  for (const std::string& line : result.history) std::cout << "     " << line << "\n";
  std::cout << "     reproduce: kinfolder-sim scenario --log " << file << "\n";
}

// Returns the exit status of the run, or 2.
int WriteHtml(const Scenario& scenario, const RunResult& result, const std::string& output) {
  std::ofstream out(output, std::ios::binary);
  out << TimelineHtml(scenario, result);
  out.close();
  if (out) return static_cast<int>(result.ending);
  std::cerr << "kinfolder-sim: " << output << " can't be written; give another file with -o\n";
  return 2;
}

int RunOne(const std::string& file, const ScenarioOptions& options) {
  const Result<Scenario> scenario = LoadScenario(file);
  if (!scenario.ok()) {
    std::cerr << "kinfolder-sim: " << scenario.error().text << "\n";
    return 2;
  }
  const RunResult result = RunScenario(scenario.value(), options.log || options.html);
  if (options.html) return WriteHtml(scenario.value(), result, options.output);
  if (options.json) {
    std::cout << ToJson(file, scenario.value(), result)
                     .dump(-1, ' ', false, json::error_handler_t::replace)
              << "\n";
  } else {
    Print(file, result);
  }
  return static_cast<int>(result.ending);
}

int RunAgainstReal(const ScenarioOptions& options) {
  if (RunReal == nullptr) {
    std::cerr << "kinfolder-sim: this build has no --real; build //sim:kinfolder-sim\n";
    return 2;
  }
  return RunReal({options.files, options.agent, options.jobs, options.json,
                  options.skip_unsupported, options.keep});
}

}  // namespace

CLI::App* AddScenarioCommand(CLI::App& app, ScenarioOptions& options) {
  CLI::App* command = app.add_subcommand(
      "scenario",
      "runs scenario files: 0 all hold, 1 one does not, 2 one is not understood\n"
      "Examples:\n"
      "  kinfolder-sim scenario --json tests/scenarios/rule6_conflict.scenario\n"
      "  kinfolder-sim scenario --sweep --jobs 2 tests/scenarios/*.scenario\n"
      "  kinfolder-sim scenario --real --jobs 4 tests/scenarios/rule6_*.scenario");
  command->add_option("FILE", options.files, "scenario files")->required();
  command->add_flag("--json", options.json, "one JSON object a line");
  command->add_flag("--log", options.log, "print what every machine does");
  CLI::Option* output = command->add_option("-o,--output", options.output, "of --html");
  CLI::Option* html = command->add_flag("--html", options.html,
                                        "one file's run as a timeline, in a page of its own");
  html->needs(output);
  output->needs(html);
  CLI::Option* sweep = command->add_flag(
      "--sweep", options.sweep, "again and again, with a fault at every effect of every machine");
  command->add_option("--only", options.only, "faults, by name or its start: crash,lost-answer")
      ->needs(sweep);
  command->add_option("--depth", options.depth, "2: a second fault in every recovery")
      ->needs(sweep)
      ->check(CLI::Range(1, 2));
  command->add_option("--sample", options.sample, "only every so-manieth effect")
      ->needs(sweep)
      ->check(CLI::PositiveNumber);
  command->add_option("--seed", options.seed, "which of them")->needs(sweep);
  command->add_option("--jobs", options.jobs, "with --sweep, --real: processes, default 1")
      ->check(CLI::Range(1, 64));
  command->add_option("--point", options.point, "this one fault only: b#123:crash-after")
      ->needs(sweep);
  CLI::Option* real = command->add_flag("--real", options.real, "against real agents");
  real->excludes(sweep);
  command
      ->add_flag("--skip-unsupported", options.skip_unsupported,
                 "leave out what only a simulator can do, and say so")
      ->needs(real);
  command->add_option("--agent", options.agent, "the agents' program, if not beside this one")
      ->needs(real);
  command->add_flag("--keep", options.keep, "keep the directories of what failed")->needs(real);
  html->excludes(sweep);
  html->excludes(real);
  return command;
}

int RunScenarioCommand(const ScenarioOptions& options) {
  if (options.sweep) return RunSweepCommand(options);
  if (options.real) return RunAgainstReal(options);
  if (options.html && options.files.size() != 1) {
    std::cerr << "kinfolder-sim: --html: give one scenario file\n";
    return 2;
  }
  int worst = 0;
  for (const std::string& file : options.files) worst = std::max(worst, RunOne(file, options));
  return worst;
}

}  // namespace kinfolder::sim
