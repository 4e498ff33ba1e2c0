// What a shell makes of the names on its disk, as the real one does (shells/names/name_table.h).
//
// To the core, and in the store, a path is NFC. Of each path the tables remember how the disk
// spells its last component, if otherwise: a file keeps its bytes' spelling where it is. Where two
// spellings of one path are there, the remembered one is the path's file, and the other is reported
// and left alone; it becomes the path's when the first is gone.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "sim/world/machine.h"

namespace kinfolder::sim {

// The path as the core knows it; nullopt: the name is not UTF-8.
std::optional<std::string> WirePath(const std::string& on_disk);
// Where the file of a path is, or would be.
std::string DiskPath(const Tables& tables, const Disk& disk, const std::string& path);
// The same; a spelling that was not known is remembered.
std::string LearnDiskPath(Agent& agent, const Disk& disk, const std::string& path);
// The names on the machine's disk that are no path's, by their bytes: kName, not UTF-8; kNameClash,
// another spelling of a file that is there.
std::map<std::string, Reason> NamelessFiles(const Machine& machine, const Tables& tables);

}  // namespace kinfolder::sim
