// LookAt: what one path is right now. Presence has three values; "unknown" never deletes.
#pragma once

#include "shells/names/disk_path.h"
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

}  // namespace kinfolder
