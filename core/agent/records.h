// Durable records: what a machine knows of a folder across crashes. Plain values.
//
// Every reaction names the records it changed; the shell commits their encodings in one atomic,
// synced batch before it carries out any effect. Field order is the format (see codec.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/agent/event.h"
#include "core/agent/facts.h"
#include "core/base/boxed.h"
#include "core/base/ids.h"
#include "core/model/version.h"

namespace kinfolder {

// The file as last seen or put there by us. When nothing is under way `version` is that of the tip.
struct DiskRecord {
  bool there = false;
  Stat stat;
  Version version;

  friend bool operator==(const DiskRecord&, const DiskRecord&) = default;
};

// A concurrent head that adds nothing to mine, with the polls since it was noted (see rule 7).
struct EqualRecord {
  SnapshotId head;
  std::uint8_t polls = 0;

  friend bool operator==(const EqualRecord&, const EqualRecord&) = default;
};

struct ConflictRecord {
  SnapshotId head;
  ParticipantId owner;  // whose head it is

  friend bool operator==(const ConflictRecord&, const ConflictRecord&) = default;
};

// A conflict copy on disk.
struct CopyRecord {
  PathId copy;  // its own path
  ParticipantId owner;
  std::uint32_t attempt = 1;
  Version version;
  Stat stat;
  bool releasing = false;  // edited: it is being given a name of its own

  friend bool operator==(const CopyRecord&, const CopyRecord&) = default;
};

// A replacement under way, and what the path becomes once it took place.
struct IntentRecord {
  bool remove = false;
  std::uint64_t token = 0;       // staged file; after the exchange, the displaced one
  std::optional<Stat> expected;  // of the file to be replaced; none: no file
  Stat staged;
  Version version;  // of the target
  SnapshotId mine;  // the tip afterwards
  // Either the path goes over to `current` and the local chain is dropped (it is contained there),
  // or both stay as they are by then. What is added to the chain comes behind that.
  bool drops_chain = false;
  SnapshotId current;
  std::vector<SnapshotId> added;
  std::vector<EqualRecord> equal;
  std::vector<ConflictRecord> conflicts;

  friend bool operator==(const IntentRecord&, const IntentRecord&) = default;
};

// A delete that waits for a person, bound to the snapshot it deletes (sender) or that is a delete
// (receiver).
struct HeldRecord {
  bool receiver = false;
  SnapshotId snapshot;

  friend bool operator==(const HeldRecord&, const HeldRecord&) = default;
};

// A file that a replacement displaced: to be looked at once more and dropped.
struct UnsettledRecord {
  std::uint64_t token = 0;
  Stat stat;

  friend bool operator==(const UnsettledRecord&, const UnsettledRecord&) = default;
};

// What the store was found to have lost of a path.
struct LossRecord {
  std::vector<SnapshotId> lost;      // when it was asked for last
  std::vector<SnapshotId> given_up;  // had been linked; a delayed write may bring it back

  friend bool operator==(const LossRecord&, const LossRecord&) = default;
};

// Whether a rule of this machine's leaves the path alone.
enum class IgnoreState : std::uint8_t {
  kNo = 0,
  kIgnored = 1,
  kReturned =
      2,  // not any more, and heads were not judged since: a delete among them takes nothing
};

struct PathRecord {
  DiskRecord disk;
  std::vector<SnapshotId> chain;  // local snapshots, oldest first
  SnapshotId current;             // newest remote snapshot the file is at or derives from
  SnapshotId last_written;        // our personal DMD's entry, confirmed
  SnapshotId about_to_write;      // the entry that a write under way (or unclear) sets
  std::vector<EqualRecord> equal;
  std::vector<ConflictRecord> conflicts;
  std::vector<CopyRecord> copies;
  Boxed<IntentRecord> intent;
  Boxed<UnsettledRecord> unsettled;
  std::optional<HeldRecord> held;
  SnapshotId approved_delete;  // a delete head that a person let through here
  // Since when the link of a delete is held back for peers (wall clock); 0: it is not.
  std::int64_t link_held_since_wall_ms = 0;
  IgnoreState ignore = IgnoreState::kNo;
  // A person removed the file and left this one's copy: that is to become the file.
  ParticipantId keeps_copy_of;
  Boxed<LossRecord> loss;

  SnapshotId tip() const { return chain.empty() ? current : chain.back(); }
  friend bool operator==(const PathRecord&, const PathRecord&) = default;
};

// The store did not have it when it was asked for last.
inline bool IsLost(const PathRecord& r, SnapshotId snapshot) {
  return r.loss &&
         std::find(r.loss->lost.begin(), r.loss->lost.end(), snapshot) != r.loss->lost.end();
}

struct FolderRecord {
  std::uint32_t next_local = 1;  // number of the next local snapshot
  bool joined = false;  // every participant was read once, and files without a record were judged
  bool foreign_write = false;  // somebody writes our personal DMD: we do not any more
  bool paused = false;
  std::vector<ParticipantFacts> participants;
  std::vector<std::int64_t> recent_deletes_ms;  // wall clock; those of the last 10 minutes
  std::int64_t rolled_back_wall_ms =
      0;  // when the store was last found to have lost ours; 0: never
  // Linked since our personal DMD was last read, and not looked at since; of very many, some.
  std::vector<SnapshotId> unverified;

  friend bool operator==(const FolderRecord&, const FolderRecord&) = default;
};

// Names one durable record. `id` is a PathId or SnapshotId value; 0 for the folder record.
struct RecordKey {
  enum class Table : std::uint8_t { kFolder = 1, kPath = 2, kNode = 3 } table = Table::kFolder;
  std::uint32_t id = 0;

  friend auto operator<=>(const RecordKey&, const RecordKey&) = default;
};

}  // namespace kinfolder
