// Describes what passes between a machine's core and its world in one line, for the log of a run.
#pragma once

#include <string>

#include "core/agent/effect.h"
#include "core/agent/event.h"
#include "sim/world/world.h"

namespace kinfolder::sim {

std::string Describe(const World& world, int machine, const Effect& effect);
std::string Describe(const World& world, int machine, const EventBody& event);
// What a path's record holds now.
std::string DescribeRecord(const World& world, int machine, PathId path);

}  // namespace kinfolder::sim
