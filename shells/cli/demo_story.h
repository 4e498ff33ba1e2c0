// What the demonstration does: a story that checks itself, or watching what people do.
#pragma once

#include "core/base/result.h"
#include "shells/cli/demo_world.h"

namespace kinfolder {

// Creates, edits, renames, makes a conflict, resolves it and deletes, with real files; prints what
// arrived where, and compares all folders byte for byte after each step. REQUIRES: all agents run.
Status TellStory(DemoWorld& world, bool json);

// Says where the folders are and prints what arrives where, until SIGINT or SIGTERM.
Status WatchAndTell(DemoWorld& world);

}  // namespace kinfolder
