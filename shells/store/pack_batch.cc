#include "shells/store/pack_batch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>

namespace kinfolder {
namespace {

constexpr std::size_t kBufferBytes = 1024 * 1024;
constexpr std::size_t kMaxSyncsOfPacks = 8;  // Above it, one sync of the whole file system.

Error Changed() {
  return MakeError(ErrorKind::kChanged, "a file changed while it was stored; scan it again");
}

class PackBatch : public Batch {
 public:
  explicit PackBatch(StoreRoot& root) : root_(root), pack_id_(NewPackId()) {}
  ~PackBatch() override;

  Cap AddBytes(std::string_view bytes) override;
  Result<Cap> AddFile(int fd, std::uint64_t offset, std::uint64_t size) override;
  Result<Cap> AddStagedFile(int dirfd, const std::string& name, std::uint64_t size,
                            const Digest& sha256) override;
  Cap AddDirectory(const std::vector<DirectoryChild>& children) override;
  Status Commit() override;

 private:
  Status Begin();
  Status Append(std::string_view bytes);
  Status Flush();
  Cap AddObject(std::string_view bytes, bool directory);
  Result<Cap> CopyIn(int fd, std::uint64_t offset, std::uint64_t size);
  Status MakeOwnPack(int dirfd, const std::string& name, int fd, const struct stat& info,
                     const std::string& id);
  Status SyncPacks();
  Status Place();
  void Discard();
  const Error& Fail(const Error& error);

  StoreRoot& root_;
  const std::string pack_id_;
  std::shared_ptr<const RootHandle> handle_;
  std::unique_ptr<Scratch> scratch_;
  std::optional<Error> failed_;
  bool needs_pack_ = false;       // Also for an empty object.
  OwnedFd pack_;                  // Open from the first flush on.
  std::string buffer_;            // What comes at the pack's end.
  std::uint64_t written_ = 0;     // Bytes of the pack that are in the file.
  std::vector<std::string> ids_;  // Of packs in the scratch directory.
  std::size_t placed_ = 0;        // How many of them are at their place.
  bool committed_ = false;
};

PackBatch::~PackBatch() {
  if (!committed_) Discard();
}

// Nobody was given a capability of what is removed here.
void PackBatch::Discard() {
  for (; placed_ > 0; --placed_) {
    unlinkat(handle_->fd.get(), PackPath(ids_[placed_ - 1]).c_str(), 0);
  }
  scratch_.reset();
}

const Error& PackBatch::Fail(const Error& error) {
  if (failed_.has_value()) return *failed_;
  failed_ = root_.Explain(error);
  Discard();
  return *failed_;
}

Status PackBatch::Begin() {
  if (failed_.has_value()) return *failed_;
  if (scratch_ != nullptr) return {};
  const auto handle = root_.Acquire();
  if (!handle.ok()) return handle.error();
  handle_ = handle.value();
  auto scratch = Scratch::Make(handle_);
  if (!scratch.ok()) return scratch.error();
  scratch_ = std::move(scratch).value();
  return {};
}

Status PackBatch::Append(std::string_view bytes) {
  buffer_ += bytes;
  return buffer_.size() >= kBufferBytes ? Flush() : Status();
}

Status PackBatch::Flush() {
  if (!needs_pack_) return {};
  if (!pack_.valid()) {
    pack_ =
        OpenAt(handle_->fd.get(), scratch_->PathOf(pack_id_), O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (!pack_.valid()) return StoreErrno(errno, "can't write to the store");
    ids_.push_back(pack_id_);
  }
  if (Status status = WriteAllAt(pack_.get(), written_, buffer_); !status.ok()) return status;
  written_ += buffer_.size();
  buffer_.clear();
  return {};
}

Cap PackBatch::AddObject(std::string_view bytes, bool directory) {
  if (Status status = Begin(); !status.ok()) {
    Fail(status.error());
    return {};
  }
  const PackCap cap{directory, pack_id_, written_ + buffer_.size(), bytes.size(), Sha256Of(bytes)};
  needs_pack_ = true;
  if (Status status = Append(bytes); !status.ok()) Fail(status.error());
  return FormatPackCap(cap);
}

Cap PackBatch::AddBytes(std::string_view bytes) { return AddObject(bytes, false); }

Cap PackBatch::AddDirectory(const std::vector<DirectoryChild>& children) {
  const auto bytes = EncodeImmutableDirectory(children);
  if (bytes.ok()) return AddObject(bytes.value(), true);
  Fail(bytes.error());
  return {};
}

Result<Cap> PackBatch::CopyIn(int fd, std::uint64_t offset, std::uint64_t size) {
  PackCap cap{false, pack_id_, written_ + buffer_.size(), size, {}};
  needs_pack_ = true;
  Sha256 hasher;
  for (std::uint64_t done = 0; done < size;) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(size - done, kBufferBytes));
    const auto piece = ReadAt(fd, offset + done, want);
    if (!piece.ok()) return piece.error();
    if (piece.value().size() != want) return Changed();
    hasher.Update(piece.value());
    if (Status status = Append(piece.value()); !status.ok()) return status.error();
    done += want;
  }
  cap.sha256 = hasher.Finish();
  return FormatPackCap(cap);
}

Result<Cap> PackBatch::AddFile(int fd, std::uint64_t offset, std::uint64_t size) {
  if (Status status = Begin(); !status.ok()) return Fail(status.error());
  Result<Cap> cap = CopyIn(fd, offset, size);
  if (!cap.ok()) return Fail(cap.error());
  return cap;
}

Result<Cap> PackBatch::AddStagedFile(int dirfd, const std::string& name, std::uint64_t size,
                                     const Digest& sha256) {
  if (Status status = Begin(); !status.ok()) return Fail(status.error());
  const OwnedFd fd = OpenAt(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd.valid()) return Fail(StoreErrno(errno, "can't open a staged file"));
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return Fail(StoreErrno(errno, "can't look at a staged file"));
  if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) != size) {
    return Fail(Changed());
  }
  if (size < kOwnPackBytes) {
    const Result<Cap> cap = CopyIn(fd.get(), 0, size);
    if (!cap.ok()) return Fail(cap.error());
    if (ParsePackCap(cap.value()).value().sha256 != sha256) return Fail(Changed());
    return cap;
  }
  // In the same directory as the batch's own pack, so that one sync covers all.
  const std::string id = pack_id_.substr(0, 2) + NewPackId().substr(2);
  Status status = MakeOwnPack(dirfd, name, fd.get(), info, id);
  if (!status.ok()) return Fail(status.error());
  ids_.push_back(id);
  return FormatPackCap(PackCap{false, id, 0, size, sha256});
}

// A link only if nobody else has one and all who can read the store can read the file.
Status PackBatch::MakeOwnPack(int dirfd, const std::string& name, int fd, const struct stat& info,
                              const std::string& id) {
  const std::string path = scratch_->PathOf(id);
  const unsigned missing_rights = handle_->mode & 0044 & ~info.st_mode;
  if (info.st_nlink == 1 && missing_rights == 0 &&
      linkat(dirfd, name.c_str(), handle_->fd.get(), path.c_str(), 0) == 0) {
    struct stat linked;
    if (fstatat(handle_->fd.get(), path.c_str(), &linked, AT_SYMLINK_NOFOLLOW) == 0 &&
        linked.st_ino == info.st_ino && linked.st_dev == info.st_dev) {
      return {};
    }
    unlinkat(handle_->fd.get(), path.c_str(), 0);
    return Changed();
  }
  const OwnedFd copy = OpenAt(handle_->fd.get(), path, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (!copy.valid()) return StoreErrno(errno, "can't write to the store");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  for (std::uint64_t done = 0; done < size;) {
    off_t from = static_cast<off_t>(done);
    off_t to = from;
    const ssize_t copied = copy_file_range(fd, &from, copy.get(), &to, size - done, 0);
    if (copied > 0) {
      done += static_cast<std::uint64_t>(copied);
      continue;
    }
    // Not possible between these file systems, or the end of the file, which reading tells.
    const auto piece = ReadAt(fd, done, std::min<std::uint64_t>(size - done, kBufferBytes));
    if (!piece.ok()) return piece.error();
    if (piece.value().empty()) return Changed();
    if (Status status = WriteAllAt(copy.get(), done, piece.value()); !status.ok()) return status;
    done += piece.value().size();
  }
  return {};
}

Status PackBatch::SyncPacks() {
  if (ids_.size() > kMaxSyncsOfPacks) {
    if (syncfs(handle_->fd.get()) != 0) return StoreErrno(errno, "can't make the store durable");
    return {};
  }
  for (const std::string& id : ids_) {
    const OwnedFd fd = OpenAt(handle_->fd.get(), scratch_->PathOf(id), O_RDONLY);
    if (!fd.valid()) return StoreErrno(errno, "can't open what was written");
    if (Status status = SyncFile(fd.get()); !status.ok()) return status;
  }
  return {};
}

Status PackBatch::Place() {
  const int root = handle_->fd.get();
  const std::string directory = PackDirectory(pack_id_);
  Status made = EnsureDirectory(root, "packs", directory);
  if (!made.ok()) return made;
  for (const std::string& id : ids_) {
    if (renameat(root, scratch_->PathOf(id).c_str(), root, PackPath(id).c_str()) != 0) {
      return StoreErrno(errno, "can't put a pack into the store");
    }
    ++placed_;
  }
  if (Status status = SyncDirectory(root, directory); !status.ok()) {
    return MakeError(ErrorKind::kUnclear, status.error().text);
  }
  return root_.CheckStillThere(*handle_);
}

Status PackBatch::Commit() {
  if (failed_.has_value()) return *failed_;
  if (scratch_ == nullptr) return {};
  for (auto step : {&PackBatch::Flush, &PackBatch::SyncPacks, &PackBatch::Place}) {
    if (Status status = (this->*step)(); !status.ok()) return Fail(status.error());
  }
  committed_ = true;
  scratch_.reset();
  return {};
}

}  // namespace

std::unique_ptr<Batch> NewPackBatch(StoreRoot& root) { return std::make_unique<PackBatch>(root); }

}  // namespace kinfolder
