// Opening directories below a root without ever following a link or leaving its file system.
//
// Safe against a link swapped in for any component at any moment: the kernel resolves all at once
// (openat2), or each step is opened without following and looked at.
#pragma once

#include "shells/names/disk_path.h"
#include "shells/posix/fd.h"
#include "shells/posix/root.h"

namespace kinfolder {

// True if the path is not the root and each component is a legal name.
bool IsLegalPath(const DiskPath& path);

struct OpenedDirectory {
  Fd fd;          // readable directory; not ok() if it failed
  int error = 0;  // errno. ENOTDIR: a component certainly is no directory (a file or a link).
                  // EXDEV: a component is a mount point.
};

// Opens the directory made of the first `count` components of `path`; 0 is the root.
OpenedDirectory OpenDirectory(const Root& root, const DiskPath& path, std::size_t count);

// The same, making what is missing (0777 without the umask's bits). `*made` (may be null) is set to
// the number of directories made: the last ones.
OpenedDirectory OpenOrMakeDirectory(const Root& root, const DiskPath& path, std::size_t count,
                                    std::size_t* made);

// Keeps the parent directory that was opened last: paths in a row often share it. Not noticed for a
// few calls is that somebody moved it, as if that had happened just after. One thread.
class ParentCache {
 public:
  // As OpenDirectory and OpenOrMakeDirectory with all but the last component. Valid until the next
  // call, which must be for the same root. REQUIRES: `path` is not empty.
  const OpenedDirectory& Open(const Root& root, const DiskPath& path);
  const OpenedDirectory& OpenOrMake(const Root& root, const DiskPath& path, std::size_t* made);
  // As Open, but that the directory was not there a few calls ago counts, too: only for what is no
  // more than a hint.
  const OpenedDirectory& OpenForHint(const Root& root, const DiskPath& path);
  void Forget();

 private:
  bool Has(const DiskPath& path);
  const OpenedDirectory& Keep(OpenedDirectory opened, const DiskPath& path);

  OpenedDirectory opened_;
  DiskPath path_;  // one in the directory that is open or was not there; empty: neither
  int uses_left_ = 0;
};

}  // namespace kinfolder
