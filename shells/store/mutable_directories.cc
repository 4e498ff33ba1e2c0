#include "shells/store/mutable_directories.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

#include "shells/grid/encoding.h"
#include "shells/grid/keys.h"

namespace kinfolder {
namespace {

constexpr std::string_view kWritePrefix = "kf1-rw:";
constexpr std::string_view kReadPrefix = "kf1-ro:";
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kMaxKnown = 4096;
constexpr std::uint64_t kCompactBytes = 256 * 1024;
constexpr std::size_t kEntriesPerCompactedRecord = 500;
constexpr std::chrono::seconds kLockPatience(10);

std::string HashText(std::string_view label, std::string_view text) {
  return Base32Encode(DigestBytes(Sha256Of(std::string(label) + std::string(text))));
}

bool IsCap(const Cap& cap, std::string_view prefix) {
  if (!cap.starts_with(prefix)) return false;
  const auto raw = Base32Decode(std::string_view(cap).substr(prefix.size()));
  return raw.ok() && raw.value().size() == kSecretBytes;
}

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

Error NoDirectory(int error_number) {
  return StoreErrno(error_number, "can't open a directory of the store");
}

// Waits for other writers, but not for ever: one of them may be stopped.
Status Lock(int fd, int kind) {
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  auto pause = std::chrono::microseconds(50);
  while (flock(fd, kind | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return StoreErrno(errno, "can't lock a directory of the store");
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return MakeError(ErrorKind::kUnavailable,
                       "another program holds a directory of the store; end it or wait");
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(5000));
  }
  return {};
}

// Opened for writing and locked, and still the file of that name.
Result<OwnedFd> OpenLocked(const RootHandle& root, const std::string& path) {
  for (;;) {
    OwnedFd fd = OpenAt(root.fd.get(), path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    if (!fd.valid()) return NoDirectory(errno);
    if (Status status = Lock(fd.get(), LOCK_EX); !status.ok()) return status.error();
    struct stat locked;
    struct stat named;
    if (fstat(fd.get(), &locked) != 0) return NoDirectory(errno);
    if (fstatat(root.fd.get(), path.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0) {
      return NoDirectory(errno);
    }
    if (locked.st_dev == named.st_dev && locked.st_ino == named.st_ino) return fd;
  }
}

// Runs a reading without a lock; what looks like damage may be a writer at work, so that is read
// once more with the writers kept out.
template <class Reading>
auto ReadTwice(int fd, Reading reading) -> decltype(reading()) {
  auto result = reading();
  if (result.ok() || result.error().kind != ErrorKind::kCorrupt) return result;
  if (Status status = Lock(fd, LOCK_SH); !status.ok()) return status.error();
  result = reading();
  flock(fd, LOCK_UN);
  return result;
}

// Writes a whole log below tmp/; the open file is durable but has no place yet.
Result<OwnedFd> WriteNewLog(const RootHandle& root, const std::string& path,
                            const std::string& bytes) {
  OwnedFd fd = OpenAt(root.fd.get(), path, O_RDWR | O_CREAT | O_EXCL, 0666);
  if (!fd.valid()) return StoreErrno(errno, "can't write to the store");
  if (Status status = WriteAllAt(fd.get(), 0, bytes); !status.ok()) return status.error();
  if (Status status = SyncFile(fd.get()); !status.ok()) return status.error();
  return fd;
}

// A log with the same names and nothing else.
Result<std::string> CompactedLog(int fd, LogPosition& position) {
  const auto start = StartOfLog(fd);
  if (!start.ok()) return start.error();
  LogPosition end = start.value();
  std::vector<DirectoryChange> entries;
  const auto clean = ReadRecords(fd, end, &entries);
  if (!clean.ok()) return clean.error();
  entries = Collapse(std::move(entries), /*keep_removals=*/false);
  std::string bytes = NewLog(position);
  std::vector<DirectoryChange> some;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    some.push_back(std::move(entries[i]));
    if (some.size() < kEntriesPerCompactedRecord && i + 1 < entries.size()) continue;
    if (Status status = AppendRecord(some, position, bytes); !status.ok()) return status.error();
    some.clear();
  }
  return bytes;
}

}  // namespace

Result<Cap> MutableReadCap(const Cap& cap) {
  if (IsCap(cap, kReadPrefix)) return cap;
  if (IsCap(cap, kWritePrefix)) return std::string(kReadPrefix) + HashText("kf1-read:", cap);
  return MakeError(ErrorKind::kInvalid, "the capability is not of a mutable directory here");
}

std::string MutableDirectoryPath(const Cap& read_cap) {
  const std::string name = HashText("kf1-file:", read_cap);
  return "dirs/" + name.substr(0, 2) + "/" + name;
}

Result<NewDirectory> MutableDirectories::Create(std::shared_ptr<const RootHandle> root) {
  NewDirectory created;
  created.write_cap = std::string(kWritePrefix) + Base32Encode(RandomBytes(kSecretBytes));
  created.read_cap = MutableReadCap(created.write_cap).value();
  const std::string path = MutableDirectoryPath(created.read_cap);
  const auto scratch = Scratch::Make(root);
  if (!scratch.ok()) return scratch.error();
  const std::string draft = scratch.value()->PathOf("log");
  LogPosition position;
  const auto fd = WriteNewLog(*root, draft, NewLog(position));
  if (!fd.ok()) return fd.error();
  Status status = EnsureDirectory(root->fd.get(), "dirs", ParentOf(path));
  if (!status.ok()) return status.error();
  if (renameat(root->fd.get(), draft.c_str(), root->fd.get(), path.c_str()) != 0) {
    return StoreErrno(errno, "can't put a directory into the store");
  }
  status = SyncDirectory(root->fd.get(), ParentOf(path));
  if (!status.ok()) return MakeError(ErrorKind::kUnclear, status.error().text);
  return created;
}

std::optional<MutableDirectories::Known> MutableDirectories::Recall(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(path);
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void MutableDirectories::Remember(const std::string& path, const Known& known) {
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMaxKnown && !known_.contains(path)) known_.erase(known_.begin());
  known_[path] = known;
}

// Reads on from what is known of the file, if that still holds.
Result<MutableDirectories::Known> MutableDirectories::ReadToEnd(int fd, const std::string& path) {
  struct stat info;
  if (fstat(fd, &info) != 0) return NoDirectory(errno);
  std::optional<Known> known = Recall(path);
  if (known && (known->device != info.st_dev || known->inode != info.st_ino)) known.reset();
  if (known) {
    const auto holds = HasPosition(fd, known->position);
    if (!holds.ok()) return holds.error();
    if (!holds.value()) known.reset();
  }
  if (!known) {
    const auto start = StartOfLog(fd);
    if (!start.ok()) return start.error();
    known = Known{info.st_dev, info.st_ino, start.value(), false, false, 0};
  }
  if (known->clean && known->position.offset == static_cast<std::uint64_t>(info.st_size)) {
    return *known;
  }
  const auto read = ReadRecords(fd, known->position, nullptr);
  if (!read.ok()) return read.error();
  known->clean = read.value();
  Remember(path, *known);
  return *known;
}

Result<std::string> MutableDirectories::Check(const RootHandle& root, const Cap& read_cap) {
  const std::string path = MutableDirectoryPath(read_cap);
  const OwnedFd fd = OpenAt(root.fd.get(), path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd.valid()) return NoDirectory(errno);
  const auto known = ReadTwice(fd.get(), [&] { return ReadToEnd(fd.get(), path); });
  if (!known.ok()) return known.error();
  return FormatVersion(known.value().position);
}

Result<DirectoryChanges> MutableDirectories::Changes(const RootHandle& root, const Cap& read_cap,
                                                     const std::string& known_version) {
  const std::string path = MutableDirectoryPath(read_cap);
  const OwnedFd fd = OpenAt(root.fd.get(), path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd.valid()) return NoDirectory(errno);
  const auto read = [&](bool whole, LogPosition position) -> Result<DirectoryChanges> {
    std::vector<DirectoryChange> entries;
    const auto clean = ReadRecords(fd.get(), position, &entries);
    if (!clean.ok()) return clean.error();
    return DirectoryChanges{FormatVersion(position), whole, Collapse(std::move(entries), !whole)};
  };
  if (const auto known = ParseVersion(known_version); known.has_value()) {
    const auto holds = HasPosition(fd.get(), *known);
    if (!holds.ok()) return holds.error();
    if (holds.value()) {
      Result<DirectoryChanges> changes = read(false, *known);
      if (changes.ok()) return changes;  // Otherwise the whole decides whether it is damaged.
    }
  }
  return ReadTwice(fd.get(), [&]() -> Result<DirectoryChanges> {
    const auto start = StartOfLog(fd.get());
    if (!start.ok()) return start.error();
    return read(true, start.value());
  });
}

Result<std::string> MutableDirectories::Link(std::shared_ptr<const RootHandle> root,
                                             const Cap& write_cap,
                                             const std::vector<DirectoryChange>& entries) {
  if (!IsCap(write_cap, kWritePrefix)) {
    return MakeError(ErrorKind::kInvalid, "the capability gives no right to write");
  }
  if (Status status = CheckEntries(entries); !status.ok()) return status.error();
  const Cap read_cap = MutableReadCap(write_cap).value();
  const std::string path = MutableDirectoryPath(read_cap);
  if (entries.empty()) return Check(*root, read_cap);
  const auto fd = OpenLocked(*root, path);
  if (!fd.ok()) return fd.error();
  const auto appended = Append(*root, fd.value().get(), path, entries);
  if (!appended.ok()) return appended.error();
  const auto compacted = MaybeCompact(std::move(root), fd.value().get(), path);
  return FormatVersion(compacted.value_or(appended.value()));
}

// REQUIRES: the file is locked.
Result<LogPosition> MutableDirectories::Append(const RootHandle& root, int fd,
                                               const std::string& path,
                                               const std::vector<DirectoryChange>& entries) {
  const auto end = ReadToEnd(fd, path);
  if (!end.ok()) return end.error();
  Known known = end.value();
  const std::uint64_t before = known.position.offset;
  std::string record;
  Status status = AppendRecord(entries, known.position, record);
  if (!status.ok()) return status.error();
  if (!known.clean && ftruncate(fd, static_cast<off_t>(before)) != 0) {
    return StoreErrno(errno, "can't repair a directory of the store");
  }
  // Whoever compacted the file may have been killed before its name was durable.
  if (!known.name_is_durable) {
    status = SyncDirectory(root.fd.get(), ParentOf(path));
    if (!status.ok()) return status.error();
  }
  if (status = WriteAllAt(fd, before, record); !status.ok()) {
    if (ftruncate(fd, static_cast<off_t>(before)) == 0) return status.error();
    return MakeError(ErrorKind::kUnclear, status.error().text);
  }
  if (status = SyncFile(fd); !status.ok()) {
    return MakeError(ErrorKind::kUnclear, status.error().text);
  }
  known.clean = true;
  known.name_is_durable = true;
  Remember(path, known);
  return known.position;
}

// The position after compacting, if that paid and worked; a failure changes nothing and is tried
// again later. REQUIRES: the file is locked.
std::optional<LogPosition> MutableDirectories::MaybeCompact(std::shared_ptr<const RootHandle> root,
                                                            int fd, const std::string& path) {
  std::optional<Known> known = Recall(path);
  if (!known) return std::nullopt;
  const std::uint64_t size = known->position.offset;
  if (size <= std::max(kCompactBytes, known->compaction_check)) return std::nullopt;
  LogPosition position;
  const auto bytes = CompactedLog(fd, position);
  if (!bytes.ok()) return std::nullopt;
  known->compaction_check = 2 * bytes.value().size();
  Remember(path, *known);
  if (size <= known->compaction_check) return std::nullopt;
  const auto scratch = Scratch::Make(root);
  if (!scratch.ok()) return std::nullopt;
  const std::string draft = scratch.value()->PathOf("log");
  const auto fresh = WriteNewLog(*root, draft, bytes.value());
  struct stat info;
  // Other writers are kept out of the new file, too, until its name is durable.
  if (!fresh.ok() || flock(fresh.value().get(), LOCK_EX | LOCK_NB) != 0 ||
      fstat(fresh.value().get(), &info) != 0 ||
      renameat(root->fd.get(), draft.c_str(), root->fd.get(), path.c_str()) != 0) {
    return std::nullopt;
  }
  const bool durable = SyncDirectory(root->fd.get(), ParentOf(path)).ok();
  Remember(path,
           Known{info.st_dev, info.st_ino, position, true, durable, 2 * bytes.value().size()});
  return position;
}

}  // namespace kinfolder
