// Runs many seeds in child processes: a core check that fails ends only its child.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/random/random_run.h"

namespace kinfolder::sim {

struct JobOptions {
  std::uint64_t first = 1, last = 100;  // seeds, both included
  std::int64_t time_ms = 0;             // not 0: stop after this much real time; `last` is ignored
  int jobs = 1;
  Profile profile = Profile::kCalm;
};

struct JobTotals {
  std::uint64_t seeds = 0, events = 0;
  std::int64_t simulated_ms = 0;
  double cpu_seconds = 0;
  std::uint64_t peak_rss_bytes = 0;  // of the largest child
  std::vector<SeedResult> failures;  // ascending by seed; without logs
};

// `on_failure` is called as soon as one is known.
JobTotals RunJobs(const JobOptions& options,
                  const std::function<void(const SeedResult&)>& on_failure);

}  // namespace kinfolder::sim
