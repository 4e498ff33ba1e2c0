#include "shells/host/trace_ring.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "core/trace/trace_format.h"

namespace kinfolder {

namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = RetryEintr([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// The bytes of a segment's file; empty if there is none.
Result<std::string> ReadSegment(int directory, const std::string& name) {
  const Fd fd(RetryEintr(
      [&] { return ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC); }));
  std::string bytes;
  if (!fd.ok()) return bytes;
  std::vector<char> block(256 * 1024);
  for (;;) {
    const ssize_t n = RetryEintr([&] { return ::read(fd.get(), block.data(), block.size()); });
    if (n < 0) return ErrnoError(errno, "the recorded trace can't be read");
    if (n == 0) return bytes;
    bytes.append(block.data(), static_cast<std::size_t>(n));
  }
}

// What follows the header, up to where a crash may have torn it.
std::string_view WholeItems(std::string_view segment) {
  Result<TraceReader> reader = TraceReader::Open(segment);
  if (!reader.ok()) return {};
  const std::size_t begin = reader.value().offset();
  std::size_t end = begin;
  for (;;) {
    const Result<std::optional<TraceItem>> item = reader.value().Next();
    if (!item.ok() || !item.value()) break;
    end = reader.value().offset();
  }
  return segment.substr(begin, end - begin);
}

}  // namespace

TraceRing::TraceRing(Fd directory, std::string prefix)
    : directory_(std::move(directory)), prefix_(std::move(prefix)) {}

std::unique_ptr<TraceRing> TraceRing::Open(const std::string& directory, std::uint32_t folder) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return nullptr;
  Fd fd(RetryEintr([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!fd.ok()) return nullptr;
  return std::unique_ptr<TraceRing>(new TraceRing(std::move(fd), std::to_string(folder)));
}

std::string TraceRing::SegmentName(int age) const {
  return prefix_ + "." + std::to_string(age) + ".kftrace";
}

void TraceRing::Begin(const AgentState& state, std::uint64_t chain) {
  Flush();
  file_.Reset();
  for (int age = kSegments - 1; age > 0; --age)
    ::renameat(directory_.get(), SegmentName(age - 1).c_str(), directory_.get(),
               SegmentName(age).c_str());
  file_ = Fd(RetryEintr([&] {
    return ::openat(directory_.get(), SegmentName(0).c_str(),
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  }));
  written_ = 0;
  Write(TraceHeader());
  Write(TraceCheckpoint(EncodeState(state), chain));
  checkpoint_ = written_;
}

void TraceRing::Write(const std::string& bytes) {
  if (!file_.ok()) return;
  written_ += bytes.size();
  buffer_ += bytes;
  if (buffer_.size() >= kBufferBytes) Flush();
}

void TraceRing::Flush() {
  if (!file_.ok() || buffer_.empty()) return;
  if (!WriteAll(file_.get(), buffer_)) file_.Reset();
  buffer_.clear();
}

void TraceRing::Add(const AgentState& state, const Event& event, std::uint64_t chain) {
  if (!file_.ok()) return;
  Write(TraceFrame(EncodeEvent(event), chain));
  // A segment is worth its checkpoint: in a large folder it is longer.
  if (written_ - checkpoint_ >= kSegmentBytes && written_ >= 2 * checkpoint_) Begin(state, chain);
}

Result<std::uint64_t> TraceRing::Save(int fd) {
  Flush();
  std::uint64_t total = 0;
  const auto write = [&](std::string_view bytes) {
    total += bytes.size();
    return WriteAll(fd, bytes);
  };
  if (!write(TraceHeader())) return ErrnoError(errno, "the trace can't be written");
  for (int age = kSegments - 1; age >= 0; --age) {
    const Result<std::string> segment = ReadSegment(directory_.get(), SegmentName(age));
    if (!segment.ok()) return segment.error();
    if (!write(WholeItems(segment.value()))) return ErrnoError(errno, "the trace can't be written");
  }
  return total;
}

}  // namespace kinfolder
