// What each step of a scenario does: one function a step, in files by theme, found by its name.
//
// A step that takes time only starts to wait (Play::Start...); Run goes on from there. To add a
// step: its form in steps.cc, a function here in the file of its theme, and a row in that table.
#pragma once

#include <span>
#include <string_view>

#include "sim/scenario/run.h"

namespace kinfolder::sim {

struct Doer {
  std::string_view verb;
  void (*act)(Run& run, const Step& step);
};

std::span<const Doer> WorldSteps();    // do_world.cc: time, `expect`, `when`
std::span<const Doer> LifeSteps();     // do_life.cc: agents, their state and their connections
std::span<const Doer> DiskSteps();     // do_disk.cc: disks, watchers, and copies by file tools
std::span<const Doer> CommandSteps();  // do_commands.cc: what a person asks the agent for
std::span<const Doer> StoreSteps();    // do_store.cc: the store's faults, hostile heads

}  // namespace kinfolder::sim
