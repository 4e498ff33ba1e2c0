// StagingArea: captured contents, kept durably in the state directory until they are in the store.
//
// Small contents share segment files; a big one is a file of its own, which a store may link. The
// caller keeps the references in its own durable state: the order is Add, Sync, record the
// reference; and to get rid of one: erase the record, then Forget. What a crash leaves over is
// swept at the next start. Thread-safe.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "shells/posix/capture.h"
#include "shells/posix/fd.h"

namespace kinfolder {

struct StagedRef {
  std::uint64_t segment = 0;  // never 0 in a valid reference
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  friend auto operator<=>(const StagedRef&, const StagedRef&) = default;
};

class StagingArea {
 public:
  static constexpr std::uint64_t kSmallBytes = 256 * 1024;          // below: shares a segment
  static constexpr std::uint64_t kSegmentBytes = 64 * 1024 * 1024;  // then a new one is begun

  // One content being added. Dropped without Commit: nothing stays.
  class Writer : public CaptureSink {
   public:
    ~Writer() override = default;
    // Readable at once; durable after the next Sync.
    virtual Result<StagedRef> Commit() = 0;
  };

  // `directory` is made if it is missing (its parent must be there).
  static Result<std::unique_ptr<StagingArea>> Open(const std::string& directory);
  ~StagingArea();
  StagingArea(const StagingArea&) = delete;
  StagingArea& operator=(const StagingArea&) = delete;

  // `size_hint` only saves copying. The area must outlive the writer.
  std::unique_ptr<Writer> Begin(std::uint64_t size_hint);
  Result<StagedRef> Add(std::span<const std::byte> bytes);

  // Makes everything committed before the call durable. After an error the contents committed
  // since the last good Sync must be captured again: their bytes may be lost.
  Status Sync();

  // Fills `out` from `offset` within the content; the number of bytes, 0 at its end.
  Result<std::size_t> Read(const StagedRef& ref, std::uint64_t offset, std::span<std::byte> out);
  Result<std::string> ReadAll(const StagedRef& ref);
  // The path of the file that holds exactly this content, or empty if it shares a segment.
  std::string WholeFile(const StagedRef& ref) const;

  // One reference less; a segment without any is deleted. REQUIRES: committed or swept as live.
  void Forget(const StagedRef& ref);
  // Once, after Open and before anything else: keeps the segments of `live`, deletes the others.
  // The references whose bytes are not all there.
  std::vector<StagedRef> Sweep(const std::vector<StagedRef>& live);

 private:
  struct Impl;
  class AreaWriter;
  explicit StagingArea(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kinfolder
