#include "shells/posix/staging.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "shells/posix/file_stat.h"

namespace kinfolder {
namespace {

constexpr std::string_view kShared = ".many";  // contents one after the other
constexpr std::string_view kWhole = ".one";    // exactly one content

std::string SegmentName(std::uint64_t number, bool whole) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
  return std::string(digits).append(whole ? kWhole : kShared);
}

// The number in a segment's file name; 0 if it is none.
std::uint64_t SegmentNumber(std::string_view name, bool* whole) {
  if (name.size() < 16) return 0;
  const std::string_view suffix = name.substr(16);
  if (suffix != kShared && suffix != kWhole) return 0;
  *whole = suffix == kWhole;
  std::uint64_t number = 0;
  for (const char c : name.substr(0, 16)) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f')) return 0;
    number = number << 4 | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return number;
}

Error StagingError(int error) { return ErrnoError(error, "the staging area can't be written"); }

Status WriteAt(int fd, std::span<const std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t n = RetryEintr(
        [&] { return pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
    if (n < 0) return StagingError(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

}  // namespace

struct StagingArea::Impl {
  struct Segment {
    bool whole = false;
    std::uint64_t bytes = 0;  // where the next content goes
    std::uint64_t live = 0;   // references
    bool dirty = false;       // has bytes that no Sync has seen
    std::shared_ptr<Fd> fd;   // open while it is written or dirty
  };

  std::string directory;
  Fd dir_fd;
  std::mutex sync_mutex;  // one Sync at a time; taken before `mutex`
  std::mutex mutex;       // guards all below
  std::map<std::uint64_t, Segment> segments;
  std::uint64_t next_number = 1;
  std::uint64_t current = 0;  // the shared segment that is appended to; 0: none
  bool new_names = false;     // since the last Sync

  // REQUIRES: mutex held.
  Result<std::shared_ptr<Fd>> Create(std::uint64_t number, bool whole) {
    const std::string name = SegmentName(number, whole);
    auto fd = std::make_shared<Fd>(RetryEintr([&] {
      return openat(dir_fd.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }));
    if (!fd->ok()) return StagingError(errno);
    new_names = true;
    return fd;
  }

  // REQUIRES: mutex held.
  Status EnsureCurrent() {
    if (current != 0 && segments[current].bytes < kSegmentBytes) return {};
    Result<std::shared_ptr<Fd>> fd = Create(next_number, false);
    if (!fd.ok()) return fd.error();
    const auto full = segments.find(current);
    if (full != segments.end() && !full->second.dirty) full->second.fd.reset();
    current = next_number++;
    segments[current].fd = std::move(fd.value());
    return {};
  }

  Result<StagedRef> Append(std::span<const std::byte> bytes) {
    const std::lock_guard<std::mutex> lock(mutex);
    const Status ready = EnsureCurrent();
    if (!ready.ok()) return ready.error();
    Segment& segment = segments[current];
    const Status written = WriteAt(segment.fd->get(), bytes, segment.bytes);
    if (!written.ok()) return written.error();  // the next content overwrites what was written
    const StagedRef ref{current, segment.bytes, bytes.size()};
    segment.bytes += bytes.size();
    segment.live += 1;
    segment.dirty = true;
    return ref;
  }

  void Unlink(std::uint64_t number, bool whole) {
    // If it fails, the next start sweeps it.
    unlinkat(dir_fd.get(), SegmentName(number, whole).c_str(), 0);
  }

  Status LoadNames();
  void Drop(std::uint64_t number);
  Result<std::shared_ptr<Fd>> OpenFor(const StagedRef& ref);
};

Status StagingArea::Impl::LoadNames() {
  const int copy = RetryEintr([&] { return openat(dir_fd.get(), ".", O_RDONLY | O_CLOEXEC); });
  DIR* const stream = copy < 0 ? nullptr : fdopendir(copy);
  if (stream == nullptr) return ErrnoError(errno, "the staging area can't be read");
  errno = 0;
  while (const dirent* entry = readdir(stream)) {
    bool whole = false;
    const std::uint64_t number = SegmentNumber(entry->d_name, &whole);
    FileStat stat;
    if (number != 0 && StatAt(dir_fd.get(), entry->d_name, &stat) == 0) {
      segments[number] = Segment{whole, stat.size, 0, false, nullptr};
      next_number = std::max(next_number, number + 1);
    }
    errno = 0;
  }
  const int error = errno;
  closedir(stream);
  if (error != 0) return ErrnoError(error, "the staging area can't be read");
  return {};
}

// REQUIRES: mutex held, and nothing refers to the segment.
void StagingArea::Impl::Drop(std::uint64_t number) {
  Segment& segment = segments[number];
  if (number == current) {
    // Used again from its start, instead of a new file for every few contents.
    if (ftruncate(segment.fd->get(), 0) == 0) segment.bytes = 0;
    return;
  }
  Unlink(number, segment.whole);
  segments.erase(number);
}

Result<std::shared_ptr<Fd>> StagingArea::Impl::OpenFor(const StagedRef& ref) {
  const auto corrupt = [] {
    return MakeError(ErrorKind::kCorrupt,
                     "a staged content is not there any more; the file is captured again");
  };
  std::string name;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const auto at = segments.find(ref.segment);
    if (at == segments.end()) return corrupt();
    const Segment& segment = at->second;
    if (ref.offset > segment.bytes || ref.size > segment.bytes - ref.offset) return corrupt();
    if (segment.fd != nullptr) return segment.fd;
    name = SegmentName(ref.segment, segment.whole);
  }
  auto fd = std::make_shared<Fd>(
      RetryEintr([&] { return openat(dir_fd.get(), name.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (!fd->ok()) {
    if (errno == ENOENT) return corrupt();
    return ErrnoError(errno, "a staged content can't be read");
  }
  return fd;
}

// Gathers a small content in memory; one that grows is moved to a file of its own.
class StagingArea::AreaWriter : public StagingArea::Writer {
 public:
  AreaWriter(Impl* area, std::uint64_t size_hint) : area_(area) {
    if (size_hint < kSmallBytes) buffer_.reserve(size_hint);
  }
  ~AreaWriter() override {
    if (number_ != 0) area_->Unlink(number_, true);
  }

  Status Write(std::span<const std::byte> bytes) override {
    CHECK(!committed_);
    if (fd_ == nullptr && buffer_.size() + bytes.size() < kSmallBytes) {
      buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
      return {};
    }
    if (fd_ == nullptr) {
      const Status moved = MoveToFile();
      if (!moved.ok()) return moved;
    }
    const Status written = WriteAt(fd_->get(), bytes, size_);
    if (written.ok()) size_ += bytes.size();
    return written;
  }

  Result<StagedRef> Commit() override {
    CHECK(!committed_);
    committed_ = true;
    if (fd_ == nullptr) return area_->Append(buffer_);
    const std::lock_guard<std::mutex> lock(area_->mutex);
    area_->segments[number_] = Impl::Segment{true, size_, 1, true, fd_};
    return StagedRef{std::exchange(number_, 0), 0, size_};
  }

 private:
  Status MoveToFile() {
    {
      const std::lock_guard<std::mutex> lock(area_->mutex);
      Result<std::shared_ptr<Fd>> fd = area_->Create(area_->next_number, true);
      if (!fd.ok()) return fd.error();
      number_ = area_->next_number++;
      fd_ = std::move(fd.value());
    }
    const Status written = WriteAt(fd_->get(), buffer_, 0);
    if (!written.ok()) return written;
    size_ = buffer_.size();
    buffer_ = {};
    return {};
  }

  Impl* const area_;
  std::vector<std::byte> buffer_;
  std::shared_ptr<Fd> fd_;
  std::uint64_t number_ = 0;  // of the file that is to be deleted if there is no Commit
  std::uint64_t size_ = 0;
  bool committed_ = false;
};

StagingArea::StagingArea(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StagingArea::~StagingArea() = default;

Result<std::unique_ptr<StagingArea>> StagingArea::Open(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoError(errno, "the staging area can't be made");
  }
  auto impl = std::make_unique<Impl>();
  impl->directory = directory;
  impl->dir_fd =
      Fd(RetryEintr([&] { return open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!impl->dir_fd.ok()) return ErrnoError(errno, "the staging area can't be opened");
  const Status loaded = impl->LoadNames();
  if (!loaded.ok()) return loaded.error();
  return std::unique_ptr<StagingArea>(new StagingArea(std::move(impl)));
}

std::unique_ptr<StagingArea::Writer> StagingArea::Begin(std::uint64_t size_hint) {
  return std::make_unique<AreaWriter>(impl_.get(), size_hint);
}

Result<StagedRef> StagingArea::Add(std::span<const std::byte> bytes) {
  const std::unique_ptr<Writer> writer = Begin(bytes.size());
  const Status written = writer->Write(bytes);
  if (!written.ok()) return written.error();
  return writer->Commit();
}

Status StagingArea::Sync() {
  const std::lock_guard<std::mutex> one_at_a_time(impl_->sync_mutex);
  std::vector<std::pair<std::uint64_t, std::shared_ptr<Fd>>> dirty;
  bool new_names = false;
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    for (auto& [number, segment] : impl_->segments) {
      if (std::exchange(segment.dirty, false)) dirty.emplace_back(number, segment.fd);
    }
    new_names = std::exchange(impl_->new_names, false);
  }
  int error = 0;
  for (const auto& [number, fd] : dirty) {
    if (fdatasync(fd->get()) != 0) error = errno;
  }
  if (new_names && fsync(impl_->dir_fd.get()) != 0) error = errno;
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  for (const auto& [number, fd] : dirty) {
    const auto at = impl_->segments.find(number);
    if (at == impl_->segments.end()) continue;
    // A file whose write-back failed once may claim success the next time: it gets no more.
    if (error != 0 && number == impl_->current) impl_->current = 0;
    if (number != impl_->current && !at->second.dirty) at->second.fd.reset();
  }
  if (error == 0) return {};
  impl_->new_names = impl_->new_names || new_names;
  return ErrnoError(error, "the staging area can't be made durable");
}

Result<std::size_t> StagingArea::Read(const StagedRef& ref, std::uint64_t offset,
                                      std::span<std::byte> out) {
  const Result<std::shared_ptr<Fd>> fd = impl_->OpenFor(ref);
  if (!fd.ok()) return fd.error();
  if (offset >= ref.size) return std::size_t{0};
  const std::size_t wanted = std::min<std::uint64_t>(out.size(), ref.size - offset);
  std::size_t done = 0;
  while (done < wanted) {
    const ssize_t n = RetryEintr([&] {
      return pread(fd.value()->get(), out.data() + done, wanted - done,
                   static_cast<off_t>(ref.offset + offset + done));
    });
    if (n < 0) return ErrnoError(errno, "a staged content can't be read");
    if (n == 0) {
      return MakeError(ErrorKind::kCorrupt,
                       "a staged content is cut short; the file is captured again");
    }
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Result<std::string> StagingArea::ReadAll(const StagedRef& ref) {
  const Result<std::shared_ptr<Fd>> there = impl_->OpenFor(ref);
  if (!there.ok()) return there.error();
  std::string text(ref.size, '\0');
  const Result<std::size_t> n = Read(ref, 0, std::as_writable_bytes(std::span(text)));
  if (!n.ok()) return n.error();
  return text;
}

std::string StagingArea::WholeFile(const StagedRef& ref) const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  const auto at = impl_->segments.find(ref.segment);
  if (at == impl_->segments.end() || !at->second.whole) return {};
  return impl_->directory + "/" + SegmentName(ref.segment, true);
}

void StagingArea::Forget(const StagedRef& ref) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  const auto at = impl_->segments.find(ref.segment);
  CHECK(at != impl_->segments.end() && at->second.live > 0);
  if (--at->second.live == 0) impl_->Drop(ref.segment);
}

std::vector<StagedRef> StagingArea::Sweep(const std::vector<StagedRef>& live) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  CHECK(impl_->current == 0);
  std::vector<StagedRef> missing;
  for (const StagedRef& ref : live) {
    const auto at = impl_->segments.find(ref.segment);
    if (at == impl_->segments.end() || ref.offset > at->second.bytes ||
        ref.size > at->second.bytes - ref.offset) {
      missing.push_back(ref);
    } else {
      at->second.live += 1;
    }
  }
  for (auto at = impl_->segments.begin(); at != impl_->segments.end();) {
    if (at->second.live == 0) {
      impl_->Unlink(at->first, at->second.whole);
      at = impl_->segments.erase(at);
    } else {
      ++at;
    }
  }
  return missing;
}

}  // namespace kinfolder
