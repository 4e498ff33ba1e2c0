#include "shells/posix/file_stat.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "shells/posix/fd.h"

namespace kinfolder {
namespace {

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
}

FileKind KindOf(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kFile;
  if (S_ISLNK(mode)) return FileKind::kLink;
  if (S_ISDIR(mode)) return FileKind::kDirectory;
  return FileKind::kOther;
}

bool SameFile(const FileStat& a, const FileStat& b) {
  if (a.kind != b.kind || a.inode != b.inode) return false;
  return a.kind == FileKind::kDirectory || (a.size == b.size && a.mtime_ns == b.mtime_ns);
}

}  // namespace

FileStat ToFileStat(const struct stat& from) {
  FileStat to;
  to.kind = KindOf(from.st_mode);
  to.size = static_cast<std::uint64_t>(from.st_size);
  to.mtime_ns = Nanoseconds(from.st_mtim);
  to.ctime_ns = Nanoseconds(from.st_ctim);
  to.inode = from.st_ino;
  to.device = from.st_dev;
  to.mode = from.st_mode & 07777;
  to.exec = to.kind == FileKind::kFile && (from.st_mode & S_IXUSR) != 0;
  to.owner_can_read = (from.st_mode & S_IRUSR) != 0;
  return to;
}

int StatAt(int dir_fd, const char* name, FileStat* out) {
  struct stat st;
  const int flags = AT_SYMLINK_NOFOLLOW | (name[0] == '\0' ? AT_EMPTY_PATH : 0);
  if (RetryEintr([&] { return fstatat(dir_fd, name, &st, flags); }) != 0) return errno;
  *out = ToFileStat(st);
  return 0;
}

bool SameUntouched(const FileStat& a, const FileStat& b) {
  return SameFile(a, b) && (a.kind == FileKind::kDirectory || a.ctime_ns == b.ctime_ns);
}

bool SameButRenamed(const FileStat& a, const FileStat& b) { return SameFile(a, b); }

}  // namespace kinfolder
