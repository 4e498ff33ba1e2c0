// Contents on their way from the store or the staging area to a file.
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "shells/host/convert.h"
#include "shells/host/store_jobs.h"

namespace kinfolder {

namespace {

constexpr std::uint64_t kInOnePiece = 1024 * 1024;
constexpr std::uint64_t kMaxLinkBytes = 4096;

Error WrongBytes() {
  return MakeError(ErrorKind::kCorrupt, "the bytes are not what was promised; they are not used");
}

class MemorySource : public ContentSource {
 public:
  explicit MemorySource(std::string_view bytes) : left_(bytes) {}
  Result<std::size_t> Read(std::span<std::byte> out) override {
    const std::size_t count = std::min(out.size(), left_.size());
    std::memcpy(out.data(), left_.data(), count);
    left_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view left_;
};

class StagedSource : public ContentSource {
 public:
  StagedSource(StagingArea& staging, const StagedRef& ref) : staging_(staging), ref_(ref) {}
  Result<std::size_t> Read(std::span<std::byte> out) override {
    Result<std::size_t> count = staging_.Read(ref_, offset_, out);
    if (count.ok()) offset_ += count.value();
    return count;
  }

 private:
  StagingArea& staging_;
  StagedRef ref_;
  std::uint64_t offset_ = 0;
};

// Turns a store's pushing into a file's pulling: a thread of its own pushes, one piece ahead.
class PushedSource : public ContentSource {
 public:
  PushedSource(ObjectReader& store, const Cap& cap)
      : thread_([this, &store, cap] { Push(store, cap); }) {}
  ~PushedSource() override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      abandoned_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }

  Result<std::size_t> Read(std::span<std::byte> out) override {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return offset_ < piece_.size() || ended_; });
    if (offset_ == piece_.size()) {
      failed_ = !status_.ok();
      if (failed_) return status_.error();
      return std::size_t{0};
    }
    const std::size_t count = std::min(out.size(), piece_.size() - offset_);
    std::memcpy(out.data(), piece_.data() + offset_, count);
    offset_ += count;
    if (offset_ == piece_.size()) changed_.notify_all();
    return count;
  }
  // A Read said that the store failed.
  bool failed() const { return failed_; }

 private:
  void Push(ObjectReader& store, const Cap& cap) {
    const Status status = store.GetTo(cap, [this](std::string_view piece) {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return offset_ == piece_.size() || abandoned_; });
      if (abandoned_) return Status(MakeError(ErrorKind::kUnavailable, "not wanted any more"));
      piece_.assign(piece);
      offset_ = 0;
      changed_.notify_all();
      return Status();
    });
    const std::lock_guard<std::mutex> lock(mutex_);
    status_ = status;
    ended_ = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string piece_;
  std::size_t offset_ = 0;
  Status status_;
  bool ended_ = false;
  bool abandoned_ = false;
  bool failed_ = false;  // of the reading thread
  std::thread thread_;
};

// Passes on what it reads, and fails at the end unless it was the content that was promised.
class CheckedSource : public ContentSource {
 public:
  // `verified`: the source checks its bytes against the same SHA-256 by itself.
  CheckedSource(ContentSource& source, const ContentPlace& place, bool verified)
      : source_(source), place_(place), verified_(verified) {}
  Result<std::size_t> Read(std::span<std::byte> out) override {
    Result<std::size_t> count = source_.Read(out);
    if (!count.ok()) return count;
    if (count.value() != 0) {
      if (!verified_) hash_.Update({reinterpret_cast<const char*>(out.data()), count.value()});
      size_ += count.value();
      if (size_ > place_.size) return Wrong();
      return count;
    }
    if (size_ != place_.size || (!verified_ && hash_.Finish() != place_.sha256)) return Wrong();
    return count;
  }
  bool wrong() const { return wrong_; }

 private:
  Error Wrong() {
    wrong_ = true;
    return WrongBytes();
  }

  ContentSource& source_;
  const ContentPlace& place_;
  const bool verified_;
  Sha256 hash_;
  std::uint64_t size_ = 0;
  bool wrong_ = false;
};

// True if the content comes from the store, which checks it against the very SHA-256 we want.
bool IsVerifiedByStore(const ObjectStore& store, const ContentPlace& place) {
  return place.bytes == nullptr && !place.staged && !place.cap.empty() &&
         store.DigestOf(place.cap) == place.sha256;
}

// Calls `use` with a source of the content. `*store_failed`: the error is the store's.
template <class Use>
auto WithSource(ObjectReader& store, StagingArea& staging, const ContentPlace& place,
                bool* store_failed, Use use) -> decltype(use(std::declval<ContentSource&>())) {
  if (place.bytes != nullptr) {
    MemorySource source(*place.bytes);
    return use(source);
  }
  if (place.staged) {
    StagedSource source(staging, *place.staged);
    return use(source);
  }
  if (place.cap.empty())
    return MakeError(ErrorKind::kNotFound, "the content is neither here nor in the store");
  if (place.size <= kInOnePiece) {
    const Result<std::string> bytes = store.Get(place.cap, kInOnePiece);
    if (!bytes.ok()) {
      *store_failed = true;
      return bytes.error();
    }
    MemorySource source(bytes.value());
    return use(source);
  }
  PushedSource source(store, place.cap);
  auto result = use(source);
  *store_failed = source.failed();
  return result;
}

StageResult StageFailed(const Error& error, bool store_failed, bool wrong_bytes) {
  StageResult result;
  result.reason = DiskReason(error);
  if (store_failed) {
    const StoreFailure failure = ToStoreFailure(error);
    result.outcome = failure.outcome == Outcome::kUnclear ? Outcome::kFailed : failure.outcome;
    result.reason = failure.reason;
  }
  if (wrong_bytes) {
    result.outcome = Outcome::kRefused;
    result.reason = Reason::kWrongVersion;
  }
  return result;
}

Result<std::string> ReadTarget(ContentSource& source) {
  std::string target;
  std::vector<std::byte> block(kMaxLinkBytes);
  for (;;) {
    const Result<std::size_t> count = source.Read(block);
    if (!count.ok()) return count.error();
    if (count.value() == 0) return target;
    target.append(reinterpret_cast<const char*>(block.data()), count.value());
  }
}

bool IsTarget(const std::string& target) {
  return !target.empty() && target.size() < kMaxLinkBytes && target.find('\0') == std::string::npos;
}

// `reader` is one of `store`.
StageResult StageOne(DiskSide& disk, ObjectStore& store, ObjectReader& reader, StagingArea& staging,
                     const StageItem& item, ApplyDirectories& directories) {
  StageRequest request;
  request.kind = ToFileKind(item.kind);
  request.exec = item.exec;
  request.mtime_ns = item.mtime_ns;
  const std::optional<FileStat> replaced = PeekAt(disk.root, item.path, &directories.parents);
  if (replaced && replaced->kind == FileKind::kFile) request.replaced_mode = replaced->mode;
  const std::string name = Applier::TmpName(item.number);
  bool store_failed = false;
  bool wrong = false;
  Result<FileStat> staged = MakeError(ErrorKind::kInternal, "");
  if (!item.content) {
    staged = disk.applier.Stage(name, request, nullptr, &directories);
  } else {
    const ContentPlace& place = *item.content;
    staged = WithSource(
        reader, staging, place, &store_failed, [&](ContentSource& source) -> Result<FileStat> {
          CheckedSource checked(source, place, IsVerifiedByStore(store, place));
          if (item.kind == Kind::kLink) {
            Result<std::string> target = ReadTarget(checked);
            wrong = checked.wrong() || (target.ok() && !IsTarget(target.value()));
            if (!target.ok()) return target.error();
            if (wrong) return WrongBytes();
            request.link_target = std::move(target).value();
            return disk.applier.Stage(name, request, nullptr, &directories);
          }
          Result<FileStat> made = disk.applier.Stage(name, request, &checked, &directories);
          wrong = checked.wrong();
          return made;
        });
  }
  if (!staged.ok()) return StageFailed(staged.error(), store_failed, wrong);
  StageResult result;
  result.outcome = Outcome::kDone;
  result.stat = ToStat(staged.value());
  return result;
}

// The bytes that may still be used. nullopt: less is free than has to stay so.
std::optional<std::uint64_t> RoomOn(const DiskSide& disk, const SpaceLimit& keep_free) {
  struct statvfs space = {};
  if (::fstatvfs(disk.root.fd(), &space) != 0)  // writing will say what is wrong
    return std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
  const double total = static_cast<double>(space.f_blocks) * static_cast<double>(space.f_frsize);
  const auto percent = static_cast<std::uint64_t>(total * keep_free.percent / 100.0);
  const std::uint64_t kept = std::max(keep_free.bytes, percent);
  if (free_bytes < kept) return std::nullopt;
  return free_bytes - kept;
}

}  // namespace

std::vector<StageResult> StageMany(DiskSide& disk, ObjectStore& store, StagingArea& staging,
                                   const SpaceLimit& keep_free,
                                   const std::vector<StageItem>& items) {
  std::vector<StageResult> results(items.size());
  std::optional<std::uint64_t> room = RoomOn(disk, keep_free);
  std::vector<std::string> names;
  ApplyDirectories directories;
  const std::unique_ptr<ObjectReader> reader = store.NewReader();
  for (std::size_t i = 0; i < items.size(); ++i) {
    // As claimed, which may be any number: what does not fit keeps nothing else out.
    const std::uint64_t size = items[i].content ? items[i].content->size : 0;
    if (!room || size > *room) {
      results[i].reason = Reason::kDiskFull;
      continue;
    }
    *room -= size;
    results[i] = StageOne(disk, store, *reader, staging, items[i], directories);
    if (results[i].outcome == Outcome::kDone) names.push_back(Applier::TmpName(items[i].number));
  }
  if (names.empty()) return results;
  const Status synced = disk.applier.SyncStaged(names);
  if (synced.ok()) return results;
  for (StageResult& result : results)
    if (result.outcome == Outcome::kDone) result = StageFailed(synced.error(), false, false);
  for (const std::string& name : names) (void)disk.applier.Discard(name);
  return results;
}

Status WriteContentTo(ObjectStore& store, StagingArea& staging, const ContentPlace& place, int fd) {
  bool store_failed = false;
  const Result<bool> written =
      WithSource(store, staging, place, &store_failed, [&](ContentSource& source) -> Result<bool> {
        CheckedSource checked(source, place, IsVerifiedByStore(store, place));
        std::vector<std::byte> block(256 * 1024);
        for (;;) {
          const Result<std::size_t> count = checked.Read(block);
          if (!count.ok()) return count.error();
          if (count.value() == 0) return true;
          for (std::size_t done = 0; done < count.value();) {
            const ssize_t n =
                RetryEintr([&] { return ::write(fd, block.data() + done, count.value() - done); });
            if (n < 0) return ErrnoError(errno, "the content can't be written");
            done += static_cast<std::size_t>(n);
          }
        }
      });
  return written.ok() ? Status() : Status(written.error());
}

}  // namespace kinfolder
