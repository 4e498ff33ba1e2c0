// The file of a mutable directory: a log of changes, each of them checked.
//
//   header   "kfdlog1\n", 16 random bytes (the generation), 8 bytes check
//   record   payload length (4), sequence number (8), check of header and place (8),
//            payload, check of the payload (8)
//
// Numbers are little-endian; a check is the start of a SHA-256. A record counts when its last byte
// is there and both checks hold. What a killed writer leaves at the end (a record that is cut
// short, zeros, or a last payload that fails its check) is ignored by readers and cut off by the
// next writer; damage before that is kCorrupt. Locking and durability are the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "shells/store/object_store.h"

namespace kinfolder {

inline constexpr std::size_t kMaxRecordPayload = 64 * 1024 * 1024;
inline constexpr std::size_t kMaxEntryName = 64 * 1024;
inline constexpr std::size_t kMaxEntryCap = 4 * 1024;

// A place between records: what a directory's version is.
struct LogPosition {
  std::string generation;    // 16 bytes.
  std::uint64_t offset = 0;  // Where the next record begins.
  std::uint64_t sequence = 0;
  std::string check;  // The 8 bytes before `offset`.

  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

std::string FormatVersion(const LogPosition& position);
std::optional<LogPosition> ParseVersion(const std::string& version);

// The bytes of a new log without records, and the position after them.
std::string NewLog(LogPosition& position);

// The position after the header of an open log; kCorrupt when it has none.
Result<LogPosition> StartOfLog(int fd);

// Whether the open log has this position in it.
Result<bool> HasPosition(int fd, const LogPosition& position);

// Moves `position` to the end of the last good record, adding what is passed to `entries` unless it
// is null. True when nothing follows, false when something is to be cut off.
Result<bool> ReadRecords(int fd, LogPosition& position, std::vector<DirectoryChange>* entries);

// kInvalid for an empty or overlong name or capability.
Status CheckEntries(const std::vector<DirectoryChange>& entries);

// Appends one record to `out` and moves `position` behind it. kTooLarge above kMaxRecordPayload.
Status AppendRecord(const std::vector<DirectoryChange>& entries, LogPosition& position,
                    std::string& out);

// One entry for each name, the last one of it, by name. Removals stay only if `keep_removals`.
std::vector<DirectoryChange> Collapse(std::vector<DirectoryChange> entries, bool keep_removals);

}  // namespace kinfolder
