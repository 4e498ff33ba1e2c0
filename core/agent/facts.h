// Facts: the small values in which shells describe the world to the core.
//
// All numbers are fixed: they stand in durable records and traces. Never renumber.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/ids.h"
#include "core/model/version.h"

namespace kinfolder {

// When an event happened. Decisions use mono_ms only; wall_ms is for people and histories.
struct Instant {
  std::int64_t mono_ms = 0;  // monotonic, never jumps
  std::int64_t wall_ms = 0;  // since 1970 UTC

  friend bool operator==(const Instant&, const Instant&) = default;
};

enum class Presence : std::uint8_t {
  kThere = 1,
  kGone = 2,     // for certain: the directory it would be in was read, and has no such file
  kUnknown = 3,  // could not be found out; never taken for a delete
};

// What one look at a file said. Equal stats mean "not touched since".
struct Stat {
  Kind kind = Kind::kDeleted;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint64_t inode = 0;
  bool exec = false;

  friend bool operator==(const Stat&, const Stat&) = default;
};

// Why something did not work or is not done. The texts people see are the shell's.
enum class Reason : std::uint8_t {
  kNone = 0,
  kIo = 1,          // the device or file system failed
  kPermission = 2,  // not allowed to read or write the file
  kDiskFull = 3,
  kUnstable = 4,     // the file kept changing while it was read
  kUnsupported = 5,  // a socket, device, ...: not carried
  kName = 6,         // the name can't be held here, or is not UTF-8
  kNameClash = 7,    // a file here, a directory there; or names that can't be told apart
  kRootMissing = 8,
  kRootChanged = 9,  // emptied, exchanged, or another folder's
  kStore = 10,       // the store can't be reached, or failed
  kQuota = 11,
  kCorrupt = 12,   // stored bytes are not what they claim to be
  kNotFound = 13,  // the store has no such object
  kSignature = 14,
  kWrongPath = 15,
  kOutside = 16,  // a path that leaves the folder
  kTooLarge = 17,
  kHistory = 18,       // a malformed ancestry
  kWrongVersion = 19,  // the bytes are not the version the snapshot claims
  kUnknownAuthor = 20,
  kForeignWrite = 21,  // somebody else writes our personal DMD
  kRollback = 22,
  kHeld = 23,     // waits for a person: one of too many deletes
  kCopied = 24,   // this state directory is a copy; says so until told which is meant
  kIgnored = 25,  // by a rule of this machine: neither looked at, published, applied nor removed
};

struct Observation {
  PathId path;
  Presence presence = Presence::kUnknown;
  Stat stat;  // with kThere; with kGone the occupant's kind if one is in the way
  Reason reason = Reason::kNone;  // with kUnknown
  // If the file's name is that of a conflict copy (`x.conflict-p`): which path's, and whose.
  PathId copy_of;
  ParticipantId copy_owner;

  friend bool operator==(const Observation&, const Observation&) = default;
};

// How an effect ended, where that is all there is to say.
enum class Outcome : std::uint8_t {
  kDone = 1,
  kFailed = 2,   // nothing happened
  kUnclear = 3,  // may have happened, may still happen
  kRefused = 4,  // nothing happened: the disk is not as expected, or the thing is invalid for good
};

// What the signed metadata of a snapshot says, checked as far as the shell can.
struct SnapshotFacts {
  PathId path;
  Version version;
  std::uint64_t size = 0;
  std::uint64_t generation = 0;
  std::uint64_t rank = 0;
  std::int64_t created_ms = 0;
  std::int64_t mtime_ns = 0;
  ParticipantId author;
  bool approved = false;
  std::vector<SnapshotId> parents;

  friend bool operator==(const SnapshotFacts&, const SnapshotFacts&) = default;
};

struct DirectoryEntry {
  PathId path;
  SnapshotId snapshot;  // none: the entry is gone

  friend bool operator==(const DirectoryEntry&, const DirectoryEntry&) = default;
};

struct ParticipantFacts {
  ParticipantId id;
  bool retired = false;
  bool read_only = false;
  bool peer = false;  // states no key: a magic-folder 24.3.0

  friend bool operator==(const ParticipantFacts&, const ParticipantFacts&) = default;
};

}  // namespace kinfolder
