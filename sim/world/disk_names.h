// Disks that can't hold every name, or can't tell all names apart.
//
// A disk that folds case keeps names as they were given and finds them by any case of their
// letters. One to which spellings are the same finds a name by its composed and its decomposed
// form, and keeps it as it was given or always decomposed. One with Windows' names has none of its
// reserved names and characters, and none that ends in a dot or a space. A file of a name that
// can't be there is not there, for certain; putting one there is refused, before its content is
// brought.
#pragma once

#include <optional>
#include <string>

#include "core/agent/facts.h"
#include "sim/world/disk.h"

namespace kinfolder::sim {

// What a program that opens `path` comes to: each component as it is spelled on the disk, if it is
// there, else as the disk would keep it.
std::string Found(const Disk& disk, const std::string& path);
// As the disk would keep a new name.
std::string Kept(const Disk& disk, const std::string& name);
// Why the agent can't put a file under just this name: kName, kNameClash (another name is there
// that is the same to the disk, for the path or for a directory on the way), or kNone.
Reason NameReason(const Disk& disk, const std::string& path);

}  // namespace kinfolder::sim
