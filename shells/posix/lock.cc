#include "shells/posix/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace kinfolder {
namespace {

// The process id in the lock's file; empty if there is none (yet).
std::string HolderIn(int fd) {
  char text[32];
  const ssize_t n = pread(fd, text, sizeof text, 0);
  std::string digits;
  for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits;
}

}  // namespace

Result<StateLock> StateLock::Acquire(const std::string& state_directory) {
  const std::string path = state_directory + "/lock";
  Fd fd(RetryEintr(
      [&] { return open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600); }));
  if (!fd.ok()) return ErrnoError(errno, "the lock of the state directory can't be opened");
  if (RetryEintr([&] { return flock(fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) {
      return ErrnoError(errno, "the state directory can't be locked");
    }
    const std::string holder = HolderIn(fd.get());
    return MakeError(ErrorKind::kExists, "another agent" +
                                             (holder.empty() ? "" : " (process " + holder + ")") +
                                             " uses this state directory; stop it first");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(fd.get(), 0) != 0 ||
      pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return ErrnoError(errno, "the lock of the state directory can't be written");
  }
  return StateLock(std::move(fd));
}

}  // namespace kinfolder
