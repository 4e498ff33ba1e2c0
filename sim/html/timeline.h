// A run as one static HTML page: a lane for each machine and one for the store, a mark for all that
// happened, and the steps of the file as dividers.
//
// Instants at which something happens are as far apart as they are many: an idle hour takes no more
// room than a millisecond; the axis says when each is. The page loads nothing and runs nothing.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/run.h"

namespace kinfolder::sim {

// REQUIRES: the result has a log.
std::string TimelineHtml(const Scenario& scenario, const RunResult& result);

}  // namespace kinfolder::sim
