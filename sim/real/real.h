// `kinfolder-sim scenario --real`: scenario files played by real agents, each a process of the
// `kinfolder` program with a state directory and a root of its own, on one directory store, all of
// it below temporary directories.
//
// What maps to what is in docs/scenario-format.md, "Against real agents". Called by
// sim/command/scenario_command.cc.
#pragma once

#include <string>
#include <vector>

namespace kinfolder::sim {

struct RealOptions {
  std::vector<std::string> files;
  std::string agent;              // the program; empty: `kinfolder` beside this one
  int jobs = 1;                   // files at the same time; each waits most of its time
  bool json = false;              // one JSON object a file
  bool skip_unsupported = false;  // leave out what only a simulator can do, instead of refusing it
  bool keep = false;              // leave the directories of what failed, and say where they are
};

// Plays all files, prints what became of each and a last line with the totals. Returns the worst:
// 0 all hold or are skipped, 1 one does not hold, 2 one is refused or not understood.
//
// Weak, so that a build without sim/real links; it is null there.
[[gnu::weak]] int RunReal(const RealOptions& options);

}  // namespace kinfolder::sim
