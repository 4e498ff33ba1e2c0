// What Applier does within `.kinfolder/tmp`, and making things durable.
#include "shells/posix/apply_tmp.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <span>
#include <utility>

#include "shells/posix/apply.h"

namespace kinfolder {
namespace {

constexpr std::size_t kFewFiles = 8;        // synced one by one below this
constexpr std::size_t kFewDirectories = 4;  // likewise
// Most files fit the first block; malloc makes more of a fuss about larger ones.
constexpr std::size_t kFirstBlockBytes = 16 * 1024;
constexpr std::size_t kBlockBytes = 64 * 1024;  // larger ones leave the processor's cache

const DiskPath& TmpDirectory() {
  static const DiskPath path = {".kinfolder", "tmp"};
  return path;
}

Error StageError(int error) { return ErrnoError(error, "the new file can't be written"); }
Error SyncError(int error) { return ErrnoError(error, "the folder can't be made durable"); }
Error TmpError(int error) {
  return ErrnoError(error, "the folder's .kinfolder/tmp can't be opened");
}

timespec TimeOf(std::int64_t ns) {
  constexpr std::int64_t kSecond = 1000000000;
  std::int64_t seconds = ns / kSecond;
  std::int64_t rest = ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    seconds -= 1;
  }
  return {static_cast<time_t>(seconds), static_cast<long>(rest)};
}

// The replaced file's permissions with the version's executable bit: whoever may read may execute.
mode_t ModeFor(std::uint32_t replaced, bool exec) {
  const mode_t mode = replaced & 0666;
  return exec ? mode | (mode & 0444) >> 2 | 0100 : mode;
}

Status WriteContent(int fd, ContentSource* source) {
  // Not zeroed: that would cost more than a small file.
  std::size_t block_bytes = kFirstBlockBytes;
  auto block = std::make_unique_for_overwrite<std::byte[]>(block_bytes);
  for (;;) {
    const Result<std::size_t> got = source->Read({block.get(), block_bytes});
    if (!got.ok()) return got.error();
    if (got.value() == 0) return {};
    for (std::size_t done = 0; done < got.value();) {
      const ssize_t n =
          RetryEintr([&] { return write(fd, block.get() + done, got.value() - done); });
      if (n < 0) return StageError(errno);
      done += static_cast<std::size_t>(n);
    }
    if (got.value() == kFirstBlockBytes && block_bytes == kFirstBlockBytes) {
      block_bytes = kBlockBytes;
      block = std::make_unique_for_overwrite<std::byte[]>(block_bytes);
    }
  }
}

// `*made`: something is there now that must go if this fails.
Result<FileStat> MakeFile(int tmp_fd, const char* name, const StageRequest& request,
                          ContentSource* source, bool* made) {
  const mode_t mode = request.exec ? 0777 : 0666;  // without the umask's bits
  const Fd fd(RetryEintr([&] {
    return openat(tmp_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  }));
  if (!fd.ok()) return StageError(errno);
  *made = true;
  const Status written = WriteContent(fd.get(), source);
  if (!written.ok()) return written.error();
  if (request.replaced_mode.has_value() &&
      fchmod(fd.get(), ModeFor(*request.replaced_mode, request.exec)) != 0) {
    return StageError(errno);
  }
  const timespec times[2] = {{0, UTIME_OMIT}, TimeOf(request.mtime_ns)};
  if (futimens(fd.get(), times) != 0) return StageError(errno);
  FileStat stat;
  const int error = StatAt(fd.get(), "", &stat);
  if (error != 0) return StageError(error);
  return stat;
}

Result<FileStat> MakeOther(int tmp_fd, const char* name, const StageRequest& request, bool* made) {
  switch (request.kind) {
    case FileKind::kLink:
      if (symlinkat(request.link_target.c_str(), tmp_fd, name) != 0) return StageError(errno);
      break;
    case FileKind::kDirectory:
      if (mkdirat(tmp_fd, name, 0777) != 0) return StageError(errno);
      break;
    default:
      return MakeError(ErrorKind::kInvalid,
                       "only files, links and directories can be put in place");
  }
  *made = true;
  const timespec times[2] = {{0, UTIME_OMIT}, TimeOf(request.mtime_ns)};
  if (utimensat(tmp_fd, name, times, AT_SYMLINK_NOFOLLOW) != 0) return StageError(errno);
  FileStat stat;
  const int error = StatAt(tmp_fd, name, &stat);
  if (error != 0) return StageError(error);
  return stat;
}

int Unlink(int tmp_fd, const char* name) {
  if (unlinkat(tmp_fd, name, 0) == 0) return 0;
  if (errno != EISDIR && errno != EPERM) return errno;
  return unlinkat(tmp_fd, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

// 0, or an errno; ELOOP for a link, which has nothing to sync but its name.
int SyncOne(int dir_fd, const char* name) {
  const Fd fd(RetryEintr(
      [&] { return openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC); }));
  if (!fd.ok()) return errno;
  return fsync(fd.get()) == 0 ? 0 : errno;
}

// A lease for reading is given only if nobody has the file open for writing. `*fd` keeps it: who
// opens the file now waits until `*fd` is closed.
bool IsBeingWritten(int tmp_fd, const char* name, Fd* fd) {
  *fd = Fd(RetryEintr(
      [&] { return openat(tmp_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC); }));
  if (!fd->ok()) return false;
  // The signal that tells of a waiting opener: one that does nothing by default.
  fcntl(fd->get(), F_SETSIG, SIGURG);
  return fcntl(fd->get(), F_SETLEASE, F_RDLCK) != 0 && (errno == EAGAIN || errno == EBUSY);
}

DisplacedState Inspect(int tmp_fd, const char* name, const FileStat& came_out, Fd* lease) {
  const bool being_written =
      came_out.kind == FileKind::kFile && IsBeingWritten(tmp_fd, name, lease);
  FileStat now;
  const int error = StatAt(tmp_fd, name, &now);
  if (error == ENOENT) return DisplacedState::kGone;
  if (error != 0) return DisplacedState::kUnknown;
  if (!SameUntouched(came_out, now)) return DisplacedState::kChanged;
  return being_written ? DisplacedState::kBeingWritten : DisplacedState::kUnchanged;
}

// Syncs the directory, or the nearest one above that is there.
int SyncDirectory(const Root& root, const DiskPath& path) {
  for (std::size_t count = path.size();; --count) {
    const OpenedDirectory opened = OpenDirectory(root, path, count);
    if (opened.fd.ok()) return fsync(opened.fd.get()) == 0 ? 0 : errno;
    if (count == 0 || (opened.error != ENOENT && opened.error != ENOTDIR)) return opened.error;
  }
}

}  // namespace

OpenedDirectory OpenTmp(const Root& root) {
  OpenedDirectory opened = OpenDirectory(root, TmpDirectory(), 2);
  if (opened.error != ENOENT) return opened;
  const OpenedDirectory agent = OpenDirectory(root, TmpDirectory(), 1);
  if (!agent.fd.ok()) return opened;
  if (mkdirat(agent.fd.get(), TmpDirectory()[1].c_str(), 0700) != 0 && errno != EEXIST) {
    return OpenedDirectory{Fd(), errno};
  }
  return OpenDirectory(root, TmpDirectory(), 2);
}

const OpenedDirectory& OpenTmp(const Root& root, ApplyDirectories& shared) {
  if (!shared.tmp.fd.ok()) shared.tmp = OpenTmp(root);
  return shared.tmp;
}

std::string Applier::TmpName(std::uint64_t number) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
  return digits;
}

DiskPath Applier::TmpPath(const std::string& tmp_name) {
  DiskPath path = TmpDirectory();
  path.push_back(tmp_name);
  return path;
}

Result<FileStat> Applier::Stage(const std::string& tmp_name, const StageRequest& request,
                                ContentSource* source, ApplyDirectories* shared) {
  ApplyDirectories own;
  const OpenedDirectory& tmp = OpenTmp(root_, shared != nullptr ? *shared : own);
  if (!tmp.fd.ok()) return TmpError(tmp.error);
  bool made = false;
  Result<FileStat> staged = request.kind == FileKind::kFile
                                ? MakeFile(tmp.fd.get(), tmp_name.c_str(), request, source, &made)
                                : MakeOther(tmp.fd.get(), tmp_name.c_str(), request, &made);
  if (!staged.ok() && made) Unlink(tmp.fd.get(), tmp_name.c_str());
  return staged;
}

Status Applier::SyncStaged(const std::vector<std::string>& tmp_names) {
  const OpenedDirectory tmp = OpenTmp(root_);
  if (!tmp.fd.ok()) return TmpError(tmp.error);
  bool all = tmp_names.size() >= kFewFiles;
  for (std::size_t i = 0; i < tmp_names.size() && !all; ++i) {
    const int error = SyncOne(tmp.fd.get(), tmp_names[i].c_str());
    // A link, or a file that its owner may not read, is synced with the whole file system.
    all = error == ELOOP || error == EACCES;
    if (error != 0 && !all) return SyncError(error);
  }
  const int result = all ? syncfs(tmp.fd.get()) : fsync(tmp.fd.get());
  if (result != 0) return SyncError(errno);
  return {};
}

Status Applier::SyncDirectories(const std::vector<DiskPath>& directories) {
  const OpenedDirectory tmp = OpenTmp(root_);
  if (!tmp.fd.ok()) return TmpError(tmp.error);
  std::vector<DiskPath> once = directories;
  std::sort(once.begin(), once.end());
  once.erase(std::unique(once.begin(), once.end()), once.end());
  if (once.size() >= kFewDirectories) {
    return syncfs(tmp.fd.get()) == 0 ? Status() : Status(SyncError(errno));
  }
  for (const DiskPath& path : once) {
    const int error = SyncDirectory(root_, path);
    if (error != 0) return SyncError(error);
  }
  return fsync(tmp.fd.get()) == 0 ? Status() : Status(SyncError(errno));
}

DisplacedState Applier::LookAtDisplaced(const std::string& tmp_name, const FileStat& came_out) {
  const OpenedDirectory tmp = OpenTmp(root_);
  if (!tmp.fd.ok()) return DisplacedState::kUnknown;
  Fd lease;
  return Inspect(tmp.fd.get(), tmp_name.c_str(), came_out, &lease);
}

DisplacedState Applier::DropDisplaced(const std::string& tmp_name, const FileStat& came_out,
                                      ApplyDirectories* shared) {
  ApplyDirectories own;
  const OpenedDirectory& tmp = OpenTmp(root_, shared != nullptr ? *shared : own);
  if (!tmp.fd.ok()) return DisplacedState::kUnknown;
  Fd lease;  // until it is unlinked
  const DisplacedState state = Inspect(tmp.fd.get(), tmp_name.c_str(), came_out, &lease);
  if (state != DisplacedState::kUnchanged) return state;
  return Unlink(tmp.fd.get(), tmp_name.c_str()) == 0 ? state : DisplacedState::kUnknown;
}

Status Applier::Discard(const std::string& tmp_name, ApplyDirectories* shared) {
  ApplyDirectories own;
  const OpenedDirectory& tmp = OpenTmp(root_, shared != nullptr ? *shared : own);
  if (!tmp.fd.ok()) return TmpError(tmp.error);
  const int error = Unlink(tmp.fd.get(), tmp_name.c_str());
  if (error == 0 || error == ENOENT) return {};
  return ErrnoError(error, "a file in .kinfolder/tmp can't be removed");
}

Result<std::vector<TmpEntry>> Applier::RecoverListing() {
  OpenedDirectory tmp = OpenTmp(root_);
  if (!tmp.fd.ok()) return TmpError(tmp.error);
  DIR* const stream = fdopendir(tmp.fd.get());
  if (stream == nullptr) return TmpError(errno);
  tmp.fd.Release();
  std::vector<TmpEntry> entries;
  int error = 0;
  errno = 0;
  while (const dirent* entry = readdir(stream)) {
    TmpEntry found{entry->d_name, {}};
    if (found.name != "." && found.name != "..") {
      error = StatAt(dirfd(stream), entry->d_name, &found.stat);
      if (error != 0) break;
      entries.push_back(std::move(found));
    }
    errno = 0;
  }
  if (error == 0) error = errno;
  closedir(stream);
  if (error != 0) return TmpError(error);
  std::sort(entries.begin(), entries.end(),
            [](const TmpEntry& a, const TmpEntry& b) { return a.name < b.name; });
  return entries;
}

}  // namespace kinfolder
