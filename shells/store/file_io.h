// System calls on files as the directory store needs them: whole reads and writes, owned
// descriptors, and errors that say whether trying again makes sense.
//
// Not for users' files; those need the rules of shells/posix.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace kinfolder {

// Closes what it holds.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.Release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release();

 private:
  int fd_ = -1;
};

// "<doing>: <reason>", of the kind that `error_number` stands for.
Error StoreErrno(int error_number, std::string_view doing);

// openat that survives interruptions and always sets O_CLOEXEC. Look at errno when not valid().
OwnedFd OpenAt(int dirfd, const std::string& path, int flags, unsigned mode = 0);

Status WriteAllAt(int fd, std::uint64_t offset, std::string_view bytes);

// Reads into `out` and returns how many bytes; fewer than its size only at the end of the file.
Result<std::size_t> ReadInto(int fd, std::uint64_t offset, std::span<char> out);
// The same, up to `size` bytes.
Result<std::string> ReadAt(int fd, std::uint64_t offset, std::size_t size);

Result<std::uint64_t> FileSize(int fd);

// Makes a file's bytes durable.
Status SyncFile(int fd);

// Makes the names in a directory durable.
Status SyncDirectory(int dirfd, const std::string& path);

// Makes a directory durably unless it is there already.
Status EnsureDirectory(int dirfd, const std::string& parent, const std::string& path);

}  // namespace kinfolder
