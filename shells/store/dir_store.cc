#include "shells/store/dir_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "shells/store/pack_batch.h"

namespace kinfolder {
namespace {

constexpr std::uint64_t kMaxDirectoryBytes = 1024 * 1024;
constexpr std::int64_t kStaleScratchSeconds = 3600;

Result<PackCap> ParseBytesCap(const Cap& cap) {
  Result<PackCap> parsed = ParsePackCap(cap);
  if (parsed.ok() && parsed.value().directory) {
    return MakeError(ErrorKind::kInvalid, "the capability is of a directory, not of bytes");
  }
  return parsed;
}

// Reads from the root that was there at its first read, for as long as that works.
class DirReader : public ObjectReader {
 public:
  DirReader(StoreRoot& root, PackReader& packs) : root_(root), packs_(packs) {}

  Result<std::string> Get(const Cap& cap, std::uint64_t max_bytes) override {
    const auto parsed = ParseBytesCap(cap);
    if (!parsed.ok()) return parsed.error();
    return ReadWhole(parsed.value(), max_bytes);
  }

  Status GetTo(const Cap& cap, const ContentSink& sink) override {
    const auto parsed = ParseBytesCap(cap);
    if (!parsed.ok()) return parsed.error();
    return Read(parsed.value(), sink);
  }

  Result<std::vector<DirectoryChild>> ReadDirectory(const Cap& cap) override {
    const auto parsed = ParsePackCap(cap);
    if (!parsed.ok()) return parsed.error();
    if (!parsed.value().directory) {
      return MakeError(ErrorKind::kInvalid, "the capability is not of an immutable directory");
    }
    const auto bytes = ReadWhole(parsed.value(), kMaxDirectoryBytes);
    if (!bytes.ok()) return bytes.error();
    return DecodeImmutableDirectory(bytes.value());
  }

 private:
  Result<std::string> ReadWhole(const PackCap& cap, std::uint64_t max_bytes) {
    if (cap.length > max_bytes) {
      return MakeError(ErrorKind::kTooLarge, "the object is larger than it may be");
    }
    std::string bytes;
    const Status status = Read(cap, [&](std::string_view piece) {
      bytes += piece;
      return Status();
    });
    if (!status.ok()) return status.error();
    return bytes;
  }

  Status Read(const PackCap& cap, const ContentSink& sink) {
    if (handle_ == nullptr) {
      const auto root = root_.Acquire();
      if (!root.ok()) return root.error();
      handle_ = root.value();
    }
    bool begun = false;
    bool sink_failed = false;
    const Status status = packs_.Read(*handle_, cap, [&](std::string_view piece) {
      begun = true;
      Status taken = sink(piece);
      sink_failed = !taken.ok();
      return taken;
    });
    if (status.ok() || sink_failed) return status;
    // Is that the store's answer, or that of one that is not there any more?
    const auto root = root_.Acquire();
    if (!root.ok()) return root.error();
    if (root.value()->epoch == handle_->epoch) return status;
    handle_ = root.value();
    if (!begun) return Read(cap, sink);
    return MakeError(ErrorKind::kUnavailable, "the store went away during a read: " + root_.path());
  }

  StoreRoot& root_;
  PackReader& packs_;
  std::shared_ptr<const RootHandle> handle_;
};

}  // namespace

Status DirStore::Create(const std::string& path) { return StoreRoot::Create(path); }

Result<std::unique_ptr<DirStore>> DirStore::Open(const std::string& path) {
  auto root = StoreRoot::Open(path);
  if (!root.ok()) return root.error();
  const auto handle = root.value()->Acquire();
  if (!handle.ok()) return handle.error();
  RemoveStaleScratch(*handle.value(), kStaleScratchSeconds);
  return std::unique_ptr<DirStore>(new DirStore(std::move(root).value()));
}

DirStore::DirStore(std::unique_ptr<StoreRoot> root)
    : root_(std::move(root)), watch_(root_->path()) {}

std::unique_ptr<Batch> DirStore::NewBatch() { return NewPackBatch(*root_); }

std::unique_ptr<ObjectReader> DirStore::NewReader() {
  return std::make_unique<DirReader>(*root_, packs_);
}

Result<std::string> DirStore::Get(const Cap& cap, std::uint64_t max_bytes) {
  return DirReader(*root_, packs_).Get(cap, max_bytes);
}

Status DirStore::GetTo(const Cap& cap, const ContentSink& sink) {
  return DirReader(*root_, packs_).GetTo(cap, sink);
}

Result<std::vector<DirectoryChild>> DirStore::ReadDirectory(const Cap& cap) {
  return DirReader(*root_, packs_).ReadDirectory(cap);
}

Result<NewDirectory> DirStore::CreateDirectory() {
  const auto root = root_->Acquire();
  if (!root.ok()) return root.error();
  Result<NewDirectory> created = directories_.Create(root.value());
  if (!created.ok()) return root_->Explain(created.error());
  if (Status status = root_->CheckStillThere(*root.value()); !status.ok()) return status.error();
  return created;
}

Result<Cap> DirStore::ReadCapOf(const Cap& write_cap) { return MutableReadCap(write_cap); }

Result<std::string> DirStore::CheckDirectory(const Cap& cap) {
  const auto read_cap = MutableReadCap(cap);
  if (!read_cap.ok()) return read_cap.error();
  const auto root = root_->Acquire();
  if (!root.ok()) return root.error();
  Result<std::string> version = directories_.Check(*root.value(), read_cap.value());
  if (!version.ok()) return root_->Explain(version.error());
  return version;
}

Result<DirectoryChanges> DirStore::ReadDirectoryChanges(const Cap& cap,
                                                        const std::string& known_version) {
  const auto read_cap = MutableReadCap(cap);
  if (!read_cap.ok()) return read_cap.error();
  const auto root = root_->Acquire();
  if (!root.ok()) return root.error();
  Result<DirectoryChanges> changes =
      directories_.Changes(*root.value(), read_cap.value(), known_version);
  if (!changes.ok()) return root_->Explain(changes.error());
  return changes;
}

Result<std::string> DirStore::Link(const Cap& write_cap,
                                   const std::vector<DirectoryChange>& entries) {
  const auto root = root_->Acquire();
  if (!root.ok()) return root.error();
  Result<std::string> version = directories_.Link(root.value(), write_cap, entries);
  if (!version.ok()) {
    // That the store went away does not make an unclear write a certain one.
    if (version.error().kind == ErrorKind::kUnclear) return version;
    return root_->Explain(version.error());
  }
  if (Status status = root_->CheckStillThere(*root.value()); !status.ok()) return status.error();
  return version;
}

Status DirStore::Health() {
  const auto root = root_->Acquire();
  if (!root.ok()) return root.error();
  for (const char* name : {"packs", "dirs", "tmp"}) {
    if (faccessat(root.value()->fd.get(), name, R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
      return StoreErrno(errno, "can't write to the store " + root_->path());
    }
  }
  return {};
}

std::optional<Digest> DirStore::DigestOf(const Cap& cap) const {
  const auto parsed = ParsePackCap(cap);
  if (!parsed.ok() || parsed.value().directory) return std::nullopt;
  return parsed.value().sha256;
}

std::string DirStore::Describe() const { return "directory " + root_->path() + " (not encrypted)"; }

Status DirStore::Watch(const std::vector<Cap>& caps) {
  std::map<std::string, Cap> files;
  for (const Cap& cap : caps) {
    const auto read_cap = MutableReadCap(cap);
    if (!read_cap.ok()) return read_cap.error();
    files[MutableDirectoryPath(read_cap.value())] = cap;
  }
  const auto root = root_->Acquire();
  const std::uint64_t epoch = root.ok() ? root.value()->epoch : 0;
  Status status = watch_.Watch(std::move(files), epoch);
  if (!root.ok()) return root.error();
  return status;
}

int DirStore::NotifyFd() const { return watch_.fd(); }

std::vector<Cap> DirStore::Drain() {
  const auto root = root_->Acquire();
  return watch_.Drain(root.ok() ? root.value()->epoch : 0);
}

}  // namespace kinfolder
