#include "sim/command/sweep_command.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <string>

#include "sim/scenario/load.h"
#include "sim/sweep/sweep_jobs.h"

namespace kinfolder::sim {

namespace {

using nlohmann::json;

// Of one file; the rest is in the JSON.
constexpr std::size_t kShownFailures = 5;

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void PrintFailure(const std::string& file, const json& failure) {
  std::cout << "FAIL " << file << ":" << failure["line"] << ": "
            << failure["what"].get<std::string>() << "\n";
  if (!failure["point"].get<std::string>().empty())
    std::cout << "     fault: " << failure["point"].get<std::string>() << " at "
              << failure["effect"].get<std::string>() << "\n";
  for (const json& line : failure["history"])
    std::cout << "     " << line.get<std::string>() << "\n";
  std::cout << "     reproduce: " << failure["reproduce"].get<std::string>() << std::endl;
}

void PrintFile(const json& file) {
  const std::string name = file["file"];
  const json& failures = file["failures"];
  for (std::size_t i = 0; i < std::min(failures.size(), kShownFailures); ++i)
    PrintFailure(name, failures[i]);
  if (failures.size() > kShownFailures)
    std::cout << "     and " << failures.size() - kShownFailures << " more\n";
  std::cout << (failures.empty() ? "ok   " : "FAIL ") << name;
  if (file.contains("boundaries"))
    std::cout << ": " << file["boundaries"] << " effects, " << file["points"] << " points, "
              << file["images"] << " images, " << failures.size() << " failures";
  std::cout << std::endl;
}

struct Totals {
  std::uint64_t files = 0, boundaries = 0, points = 0, images = 0, failures = 0;
  std::uint64_t judged = 0;
  std::map<std::string, std::uint64_t> left_out;  // by why
  bool not_understood = false;

  void Add(const json& file) {
    ++files;
    failures += file["failures"].size();
    boundaries += file.value("boundaries", std::uint64_t{0});
    points += file.value("points", std::uint64_t{0});
    images += file.value("images", std::uint64_t{0});
    judged += file.value("judged", std::uint64_t{0});
    const json whys = file.value("left_out", json::object());
    for (const auto& [why, count] : whys.items()) left_out[why] += count.get<std::uint64_t>();
  }
};

std::string LeftOutText(const Totals& totals) {
  std::uint64_t all = 0;
  std::string whys;
  for (const auto& [why, count] : totals.left_out) {
    all += count;
    whys += (whys.empty() ? " (" : ", ") + why + " " + std::to_string(count);
  }
  return std::to_string(all) + " left out" + whys + (whys.empty() ? "" : ")");
}

int RunOnePoint(const ScenarioOptions& options, const SweepOptions& sweep) {
  const auto points = ReadPoints(options.point);
  if (!points || options.files.size() != 1) {
    std::cerr << "kinfolder-sim: --point: not understood; use one file and a point like "
                 "'b#123:crash-after'\n";
    return 2;
  }
  const std::string& file = options.files[0];
  const Result<Scenario> scenario = LoadScenario(file);
  if (!scenario.ok()) {
    std::cerr << "kinfolder-sim: " << scenario.error().text << "\n";
    return 2;
  }
  const auto run = RunPoint(scenario.value(), sweep, *points, options.log);
  if (!run) {
    std::cerr << "kinfolder-sim: " << file << " has no point " << options.point << "\n";
    return 2;
  }
  for (const std::string& line : run->result.log) std::cout << line << "\n";
  const bool ok = run->result.ending == Ending::kHolds;
  if (options.json) {
    json result = ToJson(*run, file);
    result["ok"] = ok;
    std::cout << Dump(result) << "\n";
  } else if (ok) {
    std::cout << "ok   " << file << " " << options.point << " at " << run->effect << "\n";
  } else {
    PrintFailure(file, ToJson(*run, file));
  }
  return ok ? 0 : 1;
}

}  // namespace

int RunSweepCommand(const ScenarioOptions& options) {
  SweepOptions sweep;
  sweep.depth = options.depth;
  sweep.sample = options.sample;
  sweep.seed = options.seed;
  const auto strikes = ReadStrikes(options.only);
  if (!strikes) {
    std::cerr << "kinfolder-sim: --only " << options.only << ": unknown; use";
    for (const StrikeName& known : kStrikes) std::cerr << " " << known.name;
    std::cerr << "\n";
    return 2;
  }
  sweep.strikes = *strikes;
  if (!options.point.empty()) return RunOnePoint(options, sweep);
  Totals totals;
  const auto start = std::chrono::steady_clock::now();
  SweepFiles({options.files, sweep, options.jobs}, [&](const json& file) {
    if (file.contains("error")) {
      totals.not_understood = true;
      std::cerr << "kinfolder-sim: " << file["error"].get<std::string>() << "\n";
      return;
    }
    totals.Add(file);
    if (options.json) {
      std::cout << Dump(file) << std::endl;
    } else {
      PrintFile(file);
    }
  });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (!options.json)
    std::cout << totals.files << " files, " << totals.boundaries << " effects, " << totals.points
              << " points, " << totals.images << " images, " << totals.judged
              << " expectations judged, " << LeftOutText(totals) << ", " << totals.failures
              << " failures, " << seconds.count() << " s\n";
  if (totals.not_understood) return 2;
  return totals.failures == 0 ? 0 : 1;
}

}  // namespace kinfolder::sim
