#include "shells/posix/directory.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <string>
#include <utility>

#include "shells/names/component.h"
#include "shells/posix/file_stat.h"

namespace kinfolder {
namespace {

constexpr int kMostUsesOfParent = 64;

OpenedDirectory Failed(int error) { return OpenedDirectory{Fd(), error}; }

// Opens one component below `dir_fd`, which is on `device`.
OpenedDirectory OpenStep(int dir_fd, const char* name, std::uint64_t device) {
  Fd fd(RetryEintr(
      [&] { return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }));
  if (!fd.ok()) {
    // A link gives ELOOP or ENOTDIR; both mean: certainly no directory.
    return Failed(errno == ELOOP ? ENOTDIR : errno);
  }
  FileStat stat;
  const int error = StatAt(fd.get(), "", &stat);
  if (error != 0) return Failed(error);
  if (stat.device != device) return Failed(EXDEV);
  return OpenedDirectory{std::move(fd), 0};
}

OpenedDirectory OpenRoot(const Root& root) {
  return OpenStep(root.fd(), ".", root.identity().device);
}

OpenedDirectory OpenStepwise(const Root& root, const DiskPath& path, std::size_t count) {
  OpenedDirectory at = OpenRoot(root);
  for (std::size_t i = 0; i < count && at.fd.ok(); ++i) {
    at = OpenStep(at.fd.get(), path[i].c_str(), root.identity().device);
  }
  return at;
}

// One system call for all components. ENOSYS: not to be had here.
int OpenAtOnce(const Root& root, const std::string& joined) {
  static std::atomic<bool> missing{false};
  if (missing.load(std::memory_order_relaxed) || joined.size() >= PATH_MAX) {
    errno = ENOSYS;
    return -1;
  }
  struct open_how how = {};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  const int fd = static_cast<int>(RetryEintr(
      [&] { return syscall(SYS_openat2, root.fd(), joined.c_str(), &how, sizeof how); }));
  if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {  // an old kernel, or a filter forbids it
    missing.store(true, std::memory_order_relaxed);
    errno = ENOSYS;
  }
  return fd;
}

bool AllLegal(const DiskPath& path, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!IsLegalComponent(path[i])) return false;
  }
  return true;
}

}  // namespace

bool IsLegalPath(const DiskPath& path) { return !path.empty() && AllLegal(path, path.size()); }

OpenedDirectory OpenDirectory(const Root& root, const DiskPath& path, std::size_t count) {
  if (count > path.size() || !AllLegal(path, count)) return Failed(EINVAL);
  if (count == 0) return OpenRoot(root);
  std::string joined = path[0];
  for (std::size_t i = 1; i < count; ++i) joined.append("/").append(path[i]);
  Fd fd(OpenAtOnce(root, joined));
  if (fd.ok()) return OpenedDirectory{std::move(fd), 0};
  if (errno == ENOENT || errno == EACCES || errno == EXDEV) return Failed(errno);
  // Whatever else it is, step by step it can be told apart.
  return OpenStepwise(root, path, count);
}

OpenedDirectory OpenOrMakeDirectory(const Root& root, const DiskPath& path, std::size_t count,
                                    std::size_t* made) {
  if (made != nullptr) *made = 0;
  OpenedDirectory at = OpenDirectory(root, path, count);
  if (at.fd.ok() || at.error != ENOENT) return at;
  at = OpenRoot(root);
  for (std::size_t i = 0; i < count && at.fd.ok(); ++i) {
    const bool new_one = mkdirat(at.fd.get(), path[i].c_str(), 0777) == 0;
    if (!new_one && errno != EEXIST) return Failed(errno);
    if (new_one && made != nullptr) ++*made;
    at = OpenStep(at.fd.get(), path[i].c_str(), root.identity().device);
  }
  return at;
}

bool ParentCache::Has(const DiskPath& path) {
  return path_.size() == path.size() && uses_left_-- > 0 &&
         std::equal(path.begin(), path.end() - 1, path_.begin());
}

const OpenedDirectory& ParentCache::Keep(OpenedDirectory opened, const DiskPath& path) {
  opened_ = std::move(opened);
  path_ = opened_.fd.ok() || opened_.error == ENOENT ? path : DiskPath();
  uses_left_ = kMostUsesOfParent;
  return opened_;
}

const OpenedDirectory& ParentCache::Open(const Root& root, const DiskPath& path) {
  if (opened_.fd.ok() && Has(path)) return opened_;
  return Keep(OpenDirectory(root, path, path.size() - 1), path);
}

const OpenedDirectory& ParentCache::OpenForHint(const Root& root, const DiskPath& path) {
  return Has(path) ? opened_ : Open(root, path);
}

const OpenedDirectory& ParentCache::OpenOrMake(const Root& root, const DiskPath& path,
                                               std::size_t* made) {
  *made = 0;
  if (opened_.fd.ok() && Has(path)) return opened_;
  return Keep(OpenOrMakeDirectory(root, path, path.size() - 1, made), path);
}

void ParentCache::Forget() { Keep(OpenedDirectory{}, DiskPath()); }

}  // namespace kinfolder
