// Describes what passes between a machine's core and its world in one line, for the log of a run.
#pragma once

#include <string>
#include <vector>

#include "core/agent/effect.h"
#include "core/agent/event.h"
#include "sim/world/world.h"

namespace kinfolder::sim {

std::string Describe(const World& world, int machine, const Effect& effect);
std::string Describe(const World& world, int machine, const EventBody& event);
// What every running machine has on record of a path at the end of a run, a line each.
std::vector<std::string> DescribeRecords(const World& world);

}  // namespace kinfolder::sim
