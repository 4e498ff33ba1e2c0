// The sweep: one scenario again and again, with a fault at every effect of every machine.
//
// The run is copied at each effect, the fault strikes the copy, its agent starts again, and the
// rest of the file goes on, followed by a `settle`. Points after which all that is durable is the
// same (image.h) are run once. What is judged then: run.h, Run::Shake.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/scenario/run.h"
#include "sim/sweep/point.h"

namespace kinfolder::sim {

struct SweepOptions {
  int depth = 1;             // 2: a second fault at each effect of the recovery, until it is done
  std::uint64_t sample = 1;  // every so-manieth effect
  std::uint64_t seed = 1;    // which of them; and what draws say
  std::vector<Strike> strikes;
};

struct SweepFailure {
  std::vector<Point> points;
  std::string effect;  // at which the last fault struck, for people
  RunResult result;    // without the log
};

struct SweepReport {
  std::uint64_t boundaries = 0;                   // effects of the run
  std::uint64_t points = 0;                       // faults tried, equal ones too
  std::uint64_t images = 0;                       // of them run
  std::map<LeftOut, std::uint64_t> expectations;  // in all of them: judged, or why not
  RunResult calm;  // without any fault; if it fails nothing else is done
  std::vector<SweepFailure> failures;
};

// `at` is told each point before it is run.
SweepReport Sweep(const Scenario& scenario, const SweepOptions& options,
                  const std::function<void(const std::vector<Point>&)>& at);

// Runs one point again. nullopt: there is no such point.
std::optional<SweepFailure> RunPoint(const Scenario& scenario, const SweepOptions& options,
                                     const std::vector<Point>& points, bool log);

}  // namespace kinfolder::sim
