// kinfolder-sim: runs scenario files and random worlds, and says what broke.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/base/check.h"
#include "sim/command/cover_command.h"
#include "sim/command/scenario_command.h"
#include "sim/random/jobs.h"
#include "sim/scenario/syntax.h"
#include "sim/world/effect_names.h"

namespace kinfolder {

// A failed CHECK of the core: says which, and ends with the status of its own.
void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "kinfolder-sim: CHECK(%s) failed at %s:%d\n", condition, file, line);
  std::fflush(nullptr);
  _exit(sim::kCheckFailed);
}

}  // namespace kinfolder

namespace kinfolder::sim {
namespace {

std::string Dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct RandomOptions {
  std::string seeds = "1..100", time, profile = "swarm";
  int jobs = 1;
  bool json = false;
};

void PrintFailure(const SeedResult& failure, const std::string& profile) {
  std::cout << "FAIL seed " << failure.seed << ": " << failure.oracle << ": " << failure.text
            << "\n";
  for (const std::string& line : failure.history) std::cout << "     " << line << "\n";
  std::cout << "     reproduce: kinfolder-sim repro " << failure.seed << " --profile " << profile
            << " --log" << std::endl;
}

int RunRandom(const RandomOptions& options) {
  JobOptions jobs;
  const auto profile = ProfileOf(options.profile);
  const std::size_t dots = options.seeds.find("..");
  const auto first = ReadNumber(options.seeds.substr(0, dots));
  const auto last = dots == std::string::npos ? first : ReadNumber(options.seeds.substr(dots + 2));
  const auto time_ms = options.time.empty() ? 0 : ReadDuration(options.time);
  if (!profile || !first || !last || *first < 0 || *first > *last || !time_ms || *time_ms < 0 ||
      options.jobs < 1) {
    std::cerr << "kinfolder-sim: run: not understood; use --seeds 1..100, --time 60s, --jobs 2 and "
                 "--profile calm, crash, swarm or rollback\n";
    return 2;
  }
  jobs.first = static_cast<std::uint64_t>(*first);
  jobs.last = static_cast<std::uint64_t>(*last);
  jobs.time_ms = *time_ms;
  jobs.jobs = options.jobs;
  jobs.profile = *profile;
  const JobTotals totals = RunJobs(jobs, [&](const SeedResult& failure) {
    if (!options.json) PrintFailure(failure, options.profile);
  });
  nlohmann::json failures = nlohmann::json::array();
  int worst = 0;
  for (const SeedResult& failure : totals.failures) {
    failures.push_back({{"seed", failure.seed},
                        {"exit", failure.failure},
                        {"oracle", failure.oracle},
                        {"text", failure.text},
                        {"history", failure.history}});
    worst = worst == 0 ? failure.failure : std::min(worst, failure.failure);
  }
  if (options.json) {
    std::cout << Dump({{"seeds", totals.seeds},
                       {"events", totals.events},
                       {"cpu_seconds", totals.cpu_seconds},
                       {"simulated_seconds", totals.simulated_ms / 1000},
                       {"failures", failures},
                       {"peak_rss_bytes", totals.peak_rss_bytes}})
              << "\n";
  } else {
    std::cout << totals.seeds << " seeds, " << totals.events << " events, "
              << totals.simulated_ms / 3'600'000 << " simulated hours, " << totals.cpu_seconds
              << " CPU seconds, " << totals.failures.size() << " failures\n";
  }
  return worst;
}

int Reproduce(std::uint64_t seed, const std::string& profile_name, bool log) {
  const auto profile = ProfileOf(profile_name);
  if (!profile) {
    std::cerr << "kinfolder-sim: no profile " << profile_name
              << "; use calm, crash, swarm or rollback\n";
    return 2;
  }
  const SeedResult result = RunSeed(seed, *profile, log);
  for (const std::string& line : result.log) std::cout << line << "\n";
  if (result.failure == 0) {
    std::cout << "ok   seed " << seed << ", " << result.events << " events\n";
  } else {
    PrintFailure(result, profile_name);
  }
  return result.failure;
}

int ListEffects(bool json) {
  for (const EffectName& effect : kEffectNames) {
    if (json) {
      std::cout << Dump({{"name", effect.name}, {"what", effect.what}}) << "\n";
    } else {
      std::cout << effect.name << std::string(18 - effect.name.size(), ' ') << effect.what << "\n";
    }
  }
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app{
      "Simulates folders on several machines in virtual time.\n"
      "Examples:\n"
      "  kinfolder-sim scenario tests/scenarios/*.scenario\n"
      "  kinfolder-sim scenario --sweep --jobs 2 tests/scenarios/*.scenario\n"
      "  kinfolder-sim run --seeds 1..1000 --profile crash --jobs 2\n"
      "  kinfolder-sim repro 42 --profile crash --log"};
  app.require_subcommand(1);
  ScenarioOptions scenario;
  CLI::App* scenarios = AddScenarioCommand(app, scenario);
  RandomOptions random;
  CLI::App* run = app.add_subcommand(
      "run",
      "random worlds: 0 ok, 10 safety, 11 liveness, 12 non-determinism, 13 a core check\n"
      "Example: kinfolder-sim run --time 60s --profile swarm");
  run->add_option("--seeds", random.seeds, "A..B, default 1..100");
  run->add_option("--time", random.time, "stop after this time instead, from the first seed on");
  run->add_option("--profile", random.profile, "calm, crash, swarm (default) or rollback");
  run->add_option("--jobs", random.jobs, "processes, default 1");
  run->add_flag("--json", random.json, "one JSON document at the end");
  std::uint64_t seed = 0;
  std::string profile = "swarm";
  bool log = false;
  CLI::App* repro = app.add_subcommand(
      "repro", "runs one seed again\nExample: kinfolder-sim repro 42 --profile crash --log");
  repro->add_option("SEED", seed, "the seed")->required();
  repro->add_option("--profile", profile, "calm, crash, swarm (default) or rollback");
  repro->add_flag("--log", log, "print what every machine does");
  CLI::App* effects =
      app.add_subcommand("effects", "lists the kinds of effects\nExample: kinfolder-sim effects");
  bool effects_json = false;
  effects->add_flag("--json", effects_json, "one JSON object a line, in a stable order");
  CoverOptions cover;
  CLI::App* covers = AddCoverCommand(app, cover);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (*scenarios) return RunScenarioCommand(scenario);
  if (*run) return RunRandom(random);
  if (*repro) return Reproduce(seed, profile, log);
  if (*covers) return RunCoverCommand(cover);
  if (*effects) return ListEffects(effects_json);
  return 2;
}

}  // namespace
}  // namespace kinfolder::sim

int main(int argc, char** argv) { return kinfolder::sim::Main(argc, argv); }
