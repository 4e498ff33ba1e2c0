// LookAt: what one path is right now. Presence has three values; "unknown" never deletes.
#pragma once

#include <optional>
#include <vector>

#include "shells/names/disk_path.h"
#include "shells/posix/directory.h"
#include "shells/posix/file_stat.h"
#include "shells/posix/root.h"

namespace kinfolder {

enum class DiskPresence : unsigned char {
  kThere = 1,
  kGone = 2,     // for certain: the root is ours and the directory says there is no such name
  kUnknown = 3,  // an error, an unreadable directory, a mount point, a root that is not ours
};

struct DiskLook {
  DiskPresence presence = DiskPresence::kUnknown;
  FileStat stat;  // if kThere
  int error = 0;  // if kUnknown: the errno; 0 if it is the root's state
};

// Looks without following links; a path below a file or a link is gone.
DiskLook LookAt(const Root& root, const DiskPath& path);

// The same for many, in their order: paths of one directory that follow each other share its
// opening, and the root is looked at once, after all of them, if anything seemed to be gone.
std::vector<DiskLook> LookAtAll(const Root& root, const std::vector<DiskPath>& paths);

// What is at a path, if anything that can be seen; nullopt says nothing about absence.
// `parents` (may be null) saves opening for paths in a row.
std::optional<FileStat> PeekAt(const Root& root, const DiskPath& path,
                               ParentCache* parents = nullptr);

}  // namespace kinfolder
