// Sweeps many scenario files in child processes: a core check that fails ends only its child.
//
// What is known of a file is one JSON object: file, ok, boundaries, points, images, judged (how
// many expectations), left_out (how many by why), seconds, and failures, each with point, effect,
// line, what, expected, is, oracle, history and reproduce; `error` alone if the file can't be read
// or understood.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/sweep/sweep.h"

namespace kinfolder::sim {

struct SweepJobs {
  std::vector<std::string> files;
  SweepOptions options;
  int jobs = 1;
};

// Calls `on_file` as soon as a file is done.
void SweepFiles(const SweepJobs& jobs, const std::function<void(const nlohmann::json&)>& on_file);

nlohmann::json ToJson(const SweepFailure& failure, const std::string& file);

}  // namespace kinfolder::sim
