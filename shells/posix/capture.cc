#include "shells/posix/capture.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shells/posix/directory.h"
#include "shells/posix/fd.h"

namespace kinfolder {
namespace {

constexpr std::size_t kMaxBlockBytes = 64 * 1024;
// A clock tick of the coarsest clock that file systems take times from (100 Hz), and some more.
constexpr std::int64_t kTickNs = 12000000;

Error Changed() {
  return MakeError(ErrorKind::kChanged,
                   "the file changed while it was read; it is read again later");
}

Error ReadError(int error) { return ErrnoError(error, "the file can't be read"); }

// A change within the same tick of the clock as the last one would leave the same times behind.
// Waits until that can't be.
void WaitForNextTick(const FileStat& stat) {
  timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return;
  const std::int64_t now_ns = std::int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
  const std::int64_t age_ns = now_ns - stat.ctime_ns;
  if (age_ns < 0 || age_ns >= kTickNs) return;  // also if its clock is another's
  timespec pause = {0, static_cast<long>(kTickNs - age_ns)};
  while (nanosleep(&pause, &pause) != 0 && errno == EINTR) {
  }
}

Status PassOn(std::string_view bytes, Sha256* hash, CaptureSink* sink, std::uint64_t* size) {
  hash->Update(bytes);
  *size += bytes.size();
  if (sink == nullptr) return {};
  return sink->Write(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

// Stops at `expected` bytes, too: a look at the file afterwards tells whether there are more.
Status ReadAll(int fd, std::uint64_t expected, Sha256* hash, CaptureSink* sink,
               const CaptureGap& gap, std::uint64_t* size) {
  // Neither zeroed nor larger than need be: either would cost more than reading a small file.
  const auto size_of_block = std::clamp<std::uint64_t>(expected, 1, kMaxBlockBytes);
  const auto buffer = std::make_unique_for_overwrite<char[]>(size_of_block);
  const std::span<char> block(buffer.get(), size_of_block);
  for (bool first = true;; first = false) {
    const ssize_t n = RetryEintr([&] { return read(fd, block.data(), block.size()); });
    if (n < 0) return ReadError(errno);
    if (first && gap) gap();
    if (n == 0) return {};
    const Status passed = PassOn({block.data(), static_cast<std::size_t>(n)}, hash, sink, size);
    if (!passed.ok() || *size == expected) return passed;
  }
}

Result<CapturedFile> CaptureContent(int dir_fd, const char* name, CaptureSink* sink,
                                    const CaptureGap& gap) {
  const Fd fd(RetryEintr([&] {
    return openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  }));
  if (!fd.ok()) return errno == ELOOP ? Changed() : ReadError(errno);
  CapturedFile captured;
  int error = StatAt(fd.get(), "", &captured.stat);
  if (error != 0) return ReadError(error);
  if (captured.stat.kind != FileKind::kFile) return Changed();
  WaitForNextTick(captured.stat);
  Sha256 hash;
  const Status read = ReadAll(fd.get(), captured.stat.size, &hash, sink, gap, &captured.size);
  if (!read.ok()) return read.error();
  captured.sha256 = hash.Finish();
  FileStat after;
  FileStat at_path;
  error = StatAt(fd.get(), "", &after);
  if (error != 0) return ReadError(error);
  error = StatAt(dir_fd, name, &at_path);
  if (error == ENOENT) return Changed();
  if (error != 0) return ReadError(error);
  // The number of bytes read is compared too: they must be the size's.
  if (!SameUntouched(captured.stat, after) || !SameUntouched(after, at_path) ||
      captured.size != after.size) {
    return Changed();
  }
  captured.stat = after;
  return captured;
}

Result<CapturedFile> CaptureLink(int dir_fd, const char* name, const FileStat& before,
                                 CaptureSink* sink) {
  char target[PATH_MAX];
  const ssize_t n = readlinkat(dir_fd, name, target, sizeof target);
  if (n < 0) return errno == EINVAL ? Changed() : ReadError(errno);
  if (n == sizeof target) return ReadError(ENAMETOOLONG);
  CapturedFile captured;
  if (StatAt(dir_fd, name, &captured.stat) != 0 || !SameUntouched(before, captured.stat)) {
    return Changed();
  }
  Sha256 hash;
  const Status passed = PassOn({target, static_cast<std::size_t>(n)}, &hash, sink, &captured.size);
  if (!passed.ok()) return passed.error();
  captured.sha256 = hash.Finish();
  return captured;
}

}  // namespace

Result<CapturedFile> CaptureFile(const Root& root, const DiskPath& path, CaptureSink* sink,
                                 const CaptureGap& gap, ParentCache* parents) {
  if (!IsLegalPath(path)) return ReadError(EINVAL);
  ParentCache own;
  const OpenedDirectory& parent = (parents != nullptr ? *parents : own).Open(root, path);
  if (!parent.fd.ok()) return ReadError(parent.error == ENOTDIR ? ENOENT : parent.error);
  FileStat stat;
  const int error = StatAt(parent.fd.get(), path.back().c_str(), &stat);
  if (error != 0) return ReadError(error);
  switch (stat.kind) {
    case FileKind::kFile:
      return CaptureContent(parent.fd.get(), path.back().c_str(), sink, gap);
    case FileKind::kLink:
      return CaptureLink(parent.fd.get(), path.back().c_str(), stat, sink);
    default:
      return MakeError(ErrorKind::kInvalid, "it is neither a file nor a link; nothing to read");
  }
}

}  // namespace kinfolder
