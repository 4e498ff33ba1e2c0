#include "shells/store/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace kinfolder {
namespace {

ErrorKind KindOf(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
      return ErrorKind::kExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::kPermission;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorKind::kNoSpace;
    case ENODEV:
    case ENXIO:
    case ESTALE:
    case ENOTCONN:
    case ESHUTDOWN:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ETIMEDOUT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EBUSY:
      return ErrorKind::kUnavailable;
    default:
      return ErrorKind::kIo;
  }
}

}  // namespace

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  OwnedFd old(std::exchange(fd_, other.Release()));
  return *this;
}

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) close(fd_);
}

int OwnedFd::Release() { return std::exchange(fd_, -1); }

Error StoreErrno(int error_number, std::string_view doing) {
  return MakeError(KindOf(error_number),
                   std::string(doing) + ": " + std::generic_category().message(error_number));
}

OwnedFd OpenAt(int dirfd, const std::string& path, int flags, unsigned mode) {
  int fd;
  do {
    fd = openat(dirfd, path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return OwnedFd(fd);
}

Status WriteAllAt(int fd, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return StoreErrno(errno, "can't write to the store");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<std::size_t> ReadInto(int fd, std::uint64_t offset, std::span<char> out) {
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t got =
        pread(fd, out.data() + have, out.size() - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return StoreErrno(errno, "can't read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

Result<std::string> ReadAt(int fd, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  const auto have = ReadInto(fd, offset, bytes);
  if (!have.ok()) return have.error();
  bytes.resize(have.value());
  return bytes;
}

Result<std::uint64_t> FileSize(int fd) {
  struct stat info;
  if (fstat(fd, &info) != 0) return StoreErrno(errno, "can't look at a file");
  return static_cast<std::uint64_t>(info.st_size);
}

Status SyncFile(int fd) {
  if (fdatasync(fd) != 0) return StoreErrno(errno, "can't make a file durable");
  return {};
}

Status SyncDirectory(int dirfd, const std::string& path) {
  const OwnedFd fd = OpenAt(dirfd, path, O_RDONLY | O_DIRECTORY);
  if (!fd.valid()) return StoreErrno(errno, "can't open a directory of the store");
  if (fsync(fd.get()) != 0) return StoreErrno(errno, "can't make a directory durable");
  return {};
}

Status EnsureDirectory(int dirfd, const std::string& parent, const std::string& path) {
  if (mkdirat(dirfd, path.c_str(), 0777) != 0) {
    if (errno == EEXIST) return {};
    return StoreErrno(errno, "can't make a directory in the store");
  }
  return SyncDirectory(dirfd, parent);
}

}  // namespace kinfolder
