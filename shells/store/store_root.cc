#include "shells/store/store_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <vector>

#include "shells/grid/encoding.h"
#include "shells/grid/keys.h"

namespace kinfolder {
namespace {

constexpr const char* kMarker = "kinfolder-store";
constexpr const char* kNewMarker = "kinfolder-store.new";
constexpr std::string_view kMarkerStart = "kinfolder-store\nversion ";
constexpr int kFormatVersion = 1;
constexpr std::size_t kIdCharacters = 32;
constexpr std::size_t kMaxMarkerBytes = 4096;

struct DirectoryCloser {
  void operator()(DIR* directory) const { closedir(directory); }
};

// Without "." and "..".
Result<std::vector<std::string>> NamesIn(int dirfd, const std::string& path) {
  OwnedFd fd = OpenAt(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!fd.valid()) return StoreErrno(errno, "can't open " + path);
  const std::unique_ptr<DIR, DirectoryCloser> directory(fdopendir(fd.get()));
  if (directory == nullptr) return StoreErrno(errno, "can't list " + path);
  fd.Release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return StoreErrno(errno, "can't list " + path);
  return names;
}

// Nothing but what a creation that was cut short may have left.
Status CheckEmpty(int dirfd, const std::string& path) {
  constexpr std::array<std::string_view, 5> kHarmless = {"packs", "dirs", "tmp", kNewMarker,
                                                         "lost+found"};
  const auto names = NamesIn(dirfd, ".");
  if (!names.ok()) return names.error();
  for (const std::string& name : names.value()) {
    if (name == kMarker) return MakeError(ErrorKind::kExists, "there is a store already: " + path);
    bool harmless = std::find(kHarmless.begin(), kHarmless.end(), name) != kHarmless.end();
    if (harmless && (name == "packs" || name == "dirs")) {
      const auto inside = NamesIn(dirfd, name);
      harmless = inside.ok() && inside.value().empty();
    }
    if (harmless) continue;
    return MakeError(ErrorKind::kExists,
                     "the directory is not empty: " + path + "; choose a new one for the store");
  }
  return {};
}

// Two who create at once do not mix: the one whose marker gets its name wins.
Status WriteMarker(int dirfd, const std::string& path) {
  unlinkat(dirfd, kNewMarker, 0);
  const OwnedFd fd = OpenAt(dirfd, kNewMarker, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (!fd.valid()) return StoreErrno(errno, "can't create the store in " + path);
  const std::string text = std::string(kMarkerStart) + std::to_string(kFormatVersion) + "\nid " +
                           HexEncode(RandomBytes(kIdCharacters / 2)) + "\n";
  if (Status status = WriteAllAt(fd.get(), 0, text); !status.ok()) return status;
  if (Status status = SyncFile(fd.get()); !status.ok()) return status;
  const int linked = linkat(dirfd, kNewMarker, dirfd, kMarker, 0);
  if (linked != 0 && errno != EEXIST) {
    // A file system without hard links.
    if (renameat2(dirfd, kNewMarker, dirfd, kMarker, RENAME_NOREPLACE) != 0) {
      return StoreErrno(errno, "can't create the store in " + path);
    }
    return SyncDirectory(dirfd, ".");
  }
  unlinkat(dirfd, kNewMarker, 0);
  if (linked != 0) return MakeError(ErrorKind::kExists, "there is a store already: " + path);
  return SyncDirectory(dirfd, ".");
}

// The store's id.
Result<std::string> ParseMarker(const std::string& text, const std::string& path) {
  const Error damaged = MakeError(ErrorKind::kInvalid, "the store's marker is damaged: " + path +
                                                           "/" + kMarker + "; restore that file");
  if (!text.starts_with(kMarkerStart)) return damaged;
  const std::size_t end = text.find('\n', kMarkerStart.size());
  if (end == std::string::npos) return damaged;
  const std::string version = text.substr(kMarkerStart.size(), end - kMarkerStart.size());
  if (version.empty() || version.find_first_not_of("0123456789") != std::string::npos) {
    return damaged;
  }
  if (version != std::to_string(kFormatVersion)) {
    return MakeError(ErrorKind::kVersion, "the store is of format " + version + ": " + path +
                                              "; update this program to use it");
  }
  const std::string rest = text.substr(end);
  if (rest.size() != 4 + kIdCharacters + 1 || !rest.starts_with("\nid ") || !rest.ends_with('\n') ||
      !HexDecode(rest.substr(4, kIdCharacters)).ok()) {
    return damaged;
  }
  return rest.substr(4, kIdCharacters);
}

void RemoveScratch(int dirfd, const std::string& path) {
  const auto names = NamesIn(dirfd, path);
  if (!names.ok()) return;
  for (const std::string& name : names.value()) unlinkat(dirfd, (path + "/" + name).c_str(), 0);
  unlinkat(dirfd, path.c_str(), AT_REMOVEDIR);
}

}  // namespace

Status StoreRoot::Create(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return StoreErrno(errno, "can't create the store " + path);
  }
  const OwnedFd fd = OpenAt(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  if (!fd.valid()) return StoreErrno(errno, "can't open " + path);
  if (Status status = CheckEmpty(fd.get(), path); !status.ok()) return status;
  for (const char* name : {"packs", "dirs", "tmp"}) {
    Status status = EnsureDirectory(fd.get(), ".", name);
    if (!status.ok()) return status;
  }
  if (Status status = WriteMarker(fd.get(), path); !status.ok()) return status;
  return SyncDirectory(fd.get(), "..");
}

Result<std::unique_ptr<StoreRoot>> StoreRoot::Open(const std::string& path) {
  std::unique_ptr<StoreRoot> root(new StoreRoot(path));
  const std::lock_guard lock(root->mutex_);
  if (Status status = root->Reopen(); !status.ok()) return status.error();
  return root;
}

Status StoreRoot::Reopen() {
  auto handle = std::make_shared<RootHandle>();
  handle->fd = OpenAt(AT_FDCWD, path_, O_RDONLY | O_DIRECTORY);
  if (!handle->fd.valid()) return StoreErrno(errno, "can't open the store " + path_);
  const OwnedFd marker = OpenAt(handle->fd.get(), kMarker, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!marker.valid()) {
    if (errno != ENOENT) return StoreErrno(errno, "can't open the store " + path_);
    return MakeError(ErrorKind::kNotFound,
                     "there is no store in " + path_ + "; mount its disk, or create one there");
  }
  const auto text = ReadAt(marker.get(), 0, kMaxMarkerBytes);
  if (!text.ok()) return text.error();
  const auto id = ParseMarker(text.value(), path_);
  if (!id.ok()) return id.error();
  if (!id_.empty() && id.value() != id_) {
    return MakeError(ErrorKind::kUnavailable, "another store is now in " + path_);
  }
  struct stat info;
  struct stat top;
  if (fstat(marker.get(), &info) != 0 || fstat(handle->fd.get(), &top) != 0) {
    return StoreErrno(errno, "can't open the store " + path_);
  }
  id_ = id.value();
  marker_device_ = info.st_dev;
  marker_inode_ = info.st_ino;
  handle->epoch = ++epoch_;
  handle->mode = top.st_mode;
  handle_ = std::move(handle);
  return {};
}

Result<std::shared_ptr<const RootHandle>> StoreRoot::Acquire() {
  const std::lock_guard lock(mutex_);
  struct stat info;
  if (stat((path_ + "/" + kMarker).c_str(), &info) != 0) {
    const std::string reason = StoreErrno(errno, "the store is not there").text;
    handle_ = nullptr;
    return MakeError(ErrorKind::kUnavailable, reason + ": " + path_ + "; mount its disk");
  }
  const bool same = info.st_dev == marker_device_ && info.st_ino == marker_inode_;
  if (handle_ != nullptr && same) return handle_;
  handle_ = nullptr;
  if (Status status = Reopen(); !status.ok()) {
    return MakeError(ErrorKind::kUnavailable, status.error().text);
  }
  return handle_;
}

Error StoreRoot::Explain(const Error& error) {
  const auto handle = Acquire();
  return handle.ok() ? error : handle.error();
}

Status StoreRoot::CheckStillThere(const RootHandle& handle) {
  const auto now = Acquire();
  if (now.ok() && now.value()->epoch == handle.epoch) return {};
  return MakeError(ErrorKind::kUnclear, "the store went away during a write: " + path_);
}

Result<std::unique_ptr<Scratch>> Scratch::Make(std::shared_ptr<const RootHandle> root) {
  std::unique_ptr<Scratch> scratch(new Scratch);
  const std::string path = "tmp/" + HexEncode(RandomBytes(16));
  if (mkdirat(root->fd.get(), path.c_str(), 0777) != 0) {
    return StoreErrno(errno, "can't write to the store");
  }
  scratch->root_ = std::move(root);
  scratch->path_ = path;
  scratch->lock_ = OpenAt(scratch->root_->fd.get(), path, O_RDONLY | O_DIRECTORY);
  if (!scratch->lock_.valid() || flock(scratch->lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return StoreErrno(errno, "can't lock a directory of the store");
  }
  return scratch;
}

Scratch::~Scratch() {
  if (!path_.empty()) RemoveScratch(root_->fd.get(), path_);
}

void RemoveStaleScratch(const RootHandle& root, std::int64_t min_age_s) {
  const auto names = NamesIn(root.fd.get(), "tmp");
  if (!names.ok()) return;
  for (const std::string& name : names.value()) {
    const std::string path = "tmp/" + name;
    const OwnedFd fd = OpenAt(root.fd.get(), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    struct stat info;
    if (!fd.valid() || fstat(fd.get(), &info) != 0) continue;
    if (info.st_ctime > std::time(nullptr) - min_age_s) continue;
    if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) RemoveScratch(root.fd.get(), path);
  }
}

}  // namespace kinfolder
