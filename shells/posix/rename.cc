#include "shells/posix/rename.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "shells/posix/fd.h"
#include "shells/posix/file_stat.h"

namespace kinfolder {
namespace {

int Rename(NameAt from, NameAt to, unsigned flags) {
  const int result =
      RetryEintr([&] { return renameat2(from.dir_fd, from.name, to.dir_fd, to.name, flags); });
  return result == 0 ? 0 : errno;
}

bool FlagsUnknown(int error) { return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP; }

}  // namespace

int ExchangeNames(NameAt a, NameAt b) { return Rename(a, b, RENAME_EXCHANGE); }

int PlaceNoReplace(NameAt from, NameAt to, bool plain) {
  if (!plain) {
    const int error = Rename(from, to, RENAME_NOREPLACE);
    if (!FlagsUnknown(error)) return error;
  }
  FileStat stat;
  const int error = StatAt(from.dir_fd, from.name, &stat);
  if (error != 0) return error;
  if (stat.kind == FileKind::kDirectory) {
    // A rename replaces a directory only if it is empty: ours is, or somebody used it at once.
    if (mkdirat(to.dir_fd, to.name, 0777) != 0) return errno;
    const int renamed = Rename(from, to, 0);
    return renamed == ENOTEMPTY ? EEXIST : renamed;
  }
  if (linkat(from.dir_fd, from.name, to.dir_fd, to.name, 0) != 0) return errno;
  return unlinkat(from.dir_fd, from.name, 0) == 0 ? 0 : errno;
}

int TakeAside(NameAt from, NameAt to, bool plain) {
  if (!plain) {
    const int error = Rename(from, to, RENAME_NOREPLACE);
    if (!FlagsUnknown(error)) return error;
  }
  // Never link and unlink here: between the two the name could come to mean another file.
  FileStat stat;
  const int error = StatAt(to.dir_fd, to.name, &stat);
  if (error == 0) return EEXIST;
  return error == ENOENT ? Rename(from, to, 0) : error;
}

}  // namespace kinfolder
