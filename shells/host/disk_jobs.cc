// Looking and capturing; what changes files is in disk_replace.cc.
#include "shells/host/disk_jobs.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "shells/host/convert.h"
#include "shells/names/name_table.h"
#include "shells/posix/directory.h"
#include "shells/posix/fd.h"

namespace kinfolder {

namespace {

// Contents up to this size are also handed over in memory.
constexpr std::uint64_t kRememberedBytes = 128 * 1024;

// Passes a content to the staging area and remembers it while it is small.
class Tee : public CaptureSink {
 public:
  explicit Tee(StagingArea::Writer* writer) : writer_(writer) {}

  Status Write(std::span<const std::byte> bytes) override {
    size_ += bytes.size();
    if (size_ <= kRememberedBytes) {
      bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    } else {
      std::string().swap(bytes_);
    }
    return writer_->Write(bytes);
  }

  std::shared_ptr<const std::string> Take() {
    if (size_ > kRememberedBytes) return nullptr;
    return std::make_shared<const std::string>(std::move(bytes_));
  }

 private:
  StagingArea::Writer* writer_;
  std::string bytes_;
  std::uint64_t size_ = 0;
};

CaptureResult Failed(Outcome outcome, Reason reason) {
  CaptureResult result;
  result.outcome = outcome;
  result.reason = reason;
  return result;
}

// What is neither file nor link: an empty directory is a version of its own.
CaptureResult CaptureDirectory(const DiskSide& disk, const DiskPath& path) {
  const DiskLook look = LookAt(disk.root, path);
  if (look.presence == DiskPresence::kGone) return Failed(Outcome::kRefused, Reason::kNone);
  if (look.presence == DiskPresence::kUnknown)
    return Failed(Outcome::kFailed, DiskReasonOfErrno(look.error));
  if (look.stat.kind == FileKind::kOther) return Failed(Outcome::kFailed, Reason::kUnsupported);
  if (look.stat.kind != FileKind::kDirectory ||
      DirectoryEmptiness(disk.root, path) != Emptiness::kEmpty)
    return Failed(Outcome::kRefused, Reason::kUnstable);
  CaptureResult result;
  result.outcome = Outcome::kDone;
  result.stat = look.stat;
  return result;
}

CaptureResult CaptureOne(const DiskSide& disk, StagingArea& staging, const CaptureItem& item,
                         ParentCache& parents) {
  const std::unique_ptr<StagingArea::Writer> writer = staging.Begin(item.size_hint);
  Tee tee(writer.get());
  const Result<CapturedFile> captured = CaptureFile(disk.root, item.path, &tee, nullptr, &parents);
  if (!captured.ok()) {
    switch (captured.error().kind) {
      case ErrorKind::kChanged:
        return Failed(Outcome::kRefused, Reason::kUnstable);
      case ErrorKind::kNotFound:
        return Failed(Outcome::kRefused, Reason::kNone);
      case ErrorKind::kInvalid:
        return CaptureDirectory(disk, item.path);
      default:
        return Failed(Outcome::kFailed, DiskReason(captured.error()));
    }
  }
  const Result<StagedRef> staged = writer->Commit();
  if (!staged.ok()) return Failed(Outcome::kFailed, DiskReason(staged.error()));
  CaptureResult result;
  result.outcome = Outcome::kDone;
  result.stat = captured.value().stat;
  result.sha256 = captured.value().sha256;
  result.size = captured.value().size;
  result.staged = staged.value();
  result.bytes = tee.Take();
  return result;
}

// Nothing is captured before it is durable here.
void SyncCaptured(StagingArea& staging, std::vector<CaptureResult>& results) {
  bool any = false;
  for (const CaptureResult& result : results) any |= result.staged.has_value();
  if (!any) return;
  const Status synced = staging.Sync();
  if (synced.ok()) return;
  for (CaptureResult& result : results) {
    if (!result.staged) continue;
    staging.Forget(*result.staged);
    result = Failed(Outcome::kFailed, DiskReason(synced.error()));
  }
}

}  // namespace

Emptiness DirectoryEmptiness(const Root& root, const DiskPath& path) {
  OpenedDirectory opened = OpenDirectory(root, path, path.size());
  if (!opened.fd.ok()) return Emptiness::kUnknown;
  DIR* const dir = ::fdopendir(opened.fd.get());
  if (dir == nullptr) return Emptiness::kUnknown;
  opened.fd.Release();
  Emptiness emptiness = Emptiness::kEmpty;
  errno = 0;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || (path.empty() && name == kReservedRootName)) continue;
    emptiness = Emptiness::kNotEmpty;
    break;
  }
  if (emptiness == Emptiness::kEmpty && errno != 0) emptiness = Emptiness::kUnknown;
  ::closedir(dir);
  return emptiness;
}

std::vector<LookResult> LookAtMany(const DiskSide& disk, const std::vector<DiskPath>& paths) {
  std::vector<LookResult> results;
  results.reserve(paths.size());
  for (const DiskLook& look : LookAtAll(disk.root, paths)) {
    LookResult result;
    result.look = look;
    if (look.presence == DiskPresence::kThere && look.stat.kind == FileKind::kDirectory)
      result.emptiness = DirectoryEmptiness(disk.root, paths[results.size()]);
    results.push_back(result);
  }
  return results;
}

std::vector<CaptureResult> CaptureMany(const DiskSide& disk, StagingArea& staging,
                                       const std::vector<CaptureItem>& items) {
  std::vector<CaptureResult> results;
  results.reserve(items.size());
  ParentCache parents;
  for (const CaptureItem& item : items) results.push_back(CaptureOne(disk, staging, item, parents));
  SyncCaptured(staging, results);
  return results;
}

CaptureResult CaptureOpenFile(int fd, StagingArea& staging) {
  FileStat before;
  const int error = StatAt(fd, "", &before);
  if (error != 0) return Failed(Outcome::kFailed, DiskReasonOfErrno(error));
  if (before.kind != FileKind::kFile) return Failed(Outcome::kFailed, Reason::kUnsupported);
  const std::unique_ptr<StagingArea::Writer> writer = staging.Begin(before.size);
  std::string block(256 * 1024, '\0');
  Sha256 hash;
  CaptureResult result;
  for (;;) {
    const ssize_t count = RetryEintr(
        [&] { return ::pread(fd, block.data(), block.size(), static_cast<off_t>(result.size)); });
    if (count < 0) return Failed(Outcome::kFailed, DiskReasonOfErrno(errno));
    if (count == 0) break;
    const std::string_view piece(block.data(), static_cast<std::size_t>(count));
    hash.Update(piece);
    result.size += piece.size();
    const Status written =
        writer->Write(std::as_bytes(std::span<const char>(piece.data(), piece.size())));
    if (!written.ok()) return Failed(Outcome::kFailed, DiskReason(written.error()));
  }
  FileStat after;
  if (StatAt(fd, "", &after) != 0 || !SameUntouched(before, after) || after.size != result.size)
    return Failed(Outcome::kRefused, Reason::kUnstable);
  const Result<StagedRef> staged = writer->Commit();
  if (!staged.ok()) return Failed(Outcome::kFailed, DiskReason(staged.error()));
  result.outcome = Outcome::kDone;
  result.stat = after;
  result.sha256 = hash.Finish();
  result.staged = staged.value();
  std::vector<CaptureResult> one;
  one.push_back(std::move(result));
  SyncCaptured(staging, one);
  return std::move(one.front());
}

}  // namespace kinfolder
