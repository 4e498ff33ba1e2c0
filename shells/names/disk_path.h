// DiskPath: where a path is on this disk, as the components the directories really hold.
//
// Relative to the folder's root, no component empty, ".", ".." or holding '/' or NUL. The bytes
// are the disk's (a name that is NFD there stays NFD). A value: safe to hand to another thread,
// unlike the NameTable it came from. The empty DiskPath is the root itself.
#pragma once

#include <string>
#include <vector>

namespace kinfolder {

using DiskPath = std::vector<std::string>;

}  // namespace kinfolder
