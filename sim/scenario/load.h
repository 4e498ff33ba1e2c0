// Reads a scenario file.
#pragma once

#include <string>

#include "core/base/result.h"
#include "sim/scenario/steps.h"

namespace kinfolder::sim {

// The error's text says which file, and where in it.
Result<Scenario> LoadScenario(const std::string& file);

}  // namespace kinfolder::sim
