// CaptureFile: reads one file as it is at one moment, hashing on the way.
//
// If anything of the file moved while it was read, the result is kChanged and what the sink got is
// worthless. Waits some milliseconds if the file was changed so recently that one more change could
// carry the same times. Never follows a link, never blocks on a pipe or device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "core/base/result.h"
#include "shells/grid/hash.h"
#include "shells/names/disk_path.h"
#include "shells/posix/directory.h"
#include "shells/posix/file_stat.h"
#include "shells/posix/root.h"

namespace kinfolder {

struct CaptureSink {
  virtual ~CaptureSink() = default;
  virtual Status Write(std::span<const std::byte> bytes) = 0;
};

struct CapturedFile {
  Digest sha256 = {};      // of the bytes, or of a link's target
  std::uint64_t size = 0;  // bytes given to the sink
  FileStat stat;
};

// For tests: called after the first bytes were read, before the closing look.
using CaptureGap = std::function<void()>;

// A file's bytes, or a link's target, into `sink` (null: only hash). kChanged: try again later.
// kNotFound: it is gone. kInvalid: it is neither file nor link. Errors of the sink are passed on.
// `parents` (may be null) saves opening for paths in a row.
Result<CapturedFile> CaptureFile(const Root& root, const DiskPath& path, CaptureSink* sink,
                                 const CaptureGap& gap = nullptr, ParentCache* parents = nullptr);

}  // namespace kinfolder
