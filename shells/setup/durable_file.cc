#include "shells/setup/durable_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "shells/posix/fd.h"

namespace kinfolder {
namespace {

constexpr int kOpenFlags = O_CLOEXEC | O_NOCTTY;

Status WriteAll(int fd, std::string_view bytes, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t count = RetryEintr([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (count < 0) return ErrnoError(errno, "can't write " + what);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (RetryEintr([&] { return ::fsync(fd); }) != 0) {
    return ErrnoError(errno, "can't write " + what);
  }
  return Status();
}

Status SyncDirectory(const std::string& path) {
  const Fd fd(RetryEintr([&] { return ::open(path.c_str(), kOpenFlags | O_DIRECTORY); }));
  if (!fd.ok() || ::fsync(fd.get()) != 0) return ErrnoError(errno, "can't sync " + path);
  return Status();
}

}  // namespace

Status ReplaceFile(const std::string& directory, const std::string& name, std::string_view bytes) {
  const std::string path = directory + "/" + name;
  const std::string temporary = path + ".new";
  Fd fd(RetryEintr([&] {
    return ::open(temporary.c_str(), kOpenFlags | O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  }));
  if (!fd.ok()) return ErrnoError(errno, "can't write " + path);
  const Status written = WriteAll(fd.get(), bytes, path);
  if (!written.ok()) {
    ::unlink(temporary.c_str());
    return written;
  }
  fd.Reset();
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return ErrnoError(error, "can't write " + path);
  }
  return SyncDirectory(directory);
}

Result<std::string> ReadSmallFile(const std::string& path, std::size_t max_bytes) {
  const Fd fd(RetryEintr([&] { return ::open(path.c_str(), kOpenFlags | O_RDONLY); }));
  if (!fd.ok()) return ErrnoError(errno, "can't read " + path);
  std::string bytes;
  char buffer[16384];
  for (;;) {
    const ssize_t count = RetryEintr([&] { return ::read(fd.get(), buffer, sizeof buffer); });
    if (count < 0) return ErrnoError(errno, "can't read " + path);
    if (count == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(count));
    if (bytes.size() > max_bytes) {
      return MakeError(ErrorKind::kTooLarge, path + " is too large; it is not what it should be");
    }
  }
}

Status MakeDirectories(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) {
    const std::size_t slash = path.find_last_of('/');
    return SyncDirectory(slash == std::string::npos ? "." : path.substr(0, slash + 1));
  }
  if (errno == EEXIST) {
    struct stat found = {};
    if (::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return Status();
    return MakeError(ErrorKind::kInvalid, path + " is not a directory; choose another place");
  }
  const std::size_t slash = path.find_last_of('/');
  if (errno != ENOENT || slash == std::string::npos || slash == 0) {
    return ErrnoError(errno, "can't make the directory " + path);
  }
  const Status parent = MakeDirectories(path.substr(0, slash));
  if (!parent.ok()) return parent;
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoError(errno, "can't make the directory " + path);
  }
  return SyncDirectory(path.substr(0, slash));
}

}  // namespace kinfolder
