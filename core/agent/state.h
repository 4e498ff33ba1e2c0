// AgentState: everything the core knows of one folder. A copyable value.
//
// Durable parts are records (records.h); the rest is forgotten at a restart and asked for again.
// Only core/agent changes it; shells and the simulator may read it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/agent/effect.h"
#include "core/agent/event.h"
#include "core/agent/records.h"
#include "core/cache/cache.h"
#include "core/copy/copy.h"
#include "core/dmd/dmd.h"
#include "core/file/file.h"
#include "core/folder/folder.h"
#include "core/model/dag.h"
#include "core/model/path_tree.h"
#include "core/poll/poll.h"
#include "core/upload/upload.h"

namespace kinfolder {

struct Head {
  ParticipantId participant;
  SnapshotId snapshot;

  friend bool operator==(const Head&, const Head&) = default;
};

// A decision about one path that is being carried out: what becomes of it, and the snapshots that
// are made for it. They enter the DAG and the durable state with the intent.
struct Plan {
  IntentRecord intent;
  std::vector<std::pair<SnapshotId, Node>> nodes;
  bool by_choice = false;  // a person's decision, not the rules'
};

// Work on one path that is under way; paths with nothing to do have none.
struct PathWork {
  PathId path;  // none: this place is free
  // The file machine.
  FilePhase file = FilePhase::kIdle;
  EffectId file_effect = 0;  // the answer awaited
  std::uint32_t file_failures = 0;
  bool changed = false;           // disk news that has not been captured
  Stat seen;                      // what that news said
  bool judge = false;             // heads (or a choice) wait to be taken in
  bool absent = false;            // gone for certain, not judged yet
  Reason reason = Reason::kNone;  // why it waits or is blocked
  std::int64_t blocked_since_wall_ms = 0;
  std::optional<Plan> plan;  // decided, not finished
  std::vector<VersionChosen> choices;
  std::map<SnapshotId, std::int64_t> left_out;  // heads not judged yet, since when (monotonic)
  bool aside = false;  // a directory is to stand where the file is: it gets another name
  PathId copy_of;      // the file's name says it may be a conflict copy of this path
  ParticipantId copy_of_owner;
  // The upload machine.
  UploadPhase upload = UploadPhase::kIdle;
  EffectId upload_effect = 0;
  SnapshotId uploading;
  std::uint32_t upload_failures = 0;
  Reason upload_reason = Reason::kNone;
  // The copy machine.
  CopyPhase copy = CopyPhase::kIdle;
  EffectId copy_effect = 0;
  std::uint32_t copy_failures = 0;
  CopyRecord placing;            // the copy being placed or removed
  std::uint64_t copy_token = 0;  // its staged content
  Reason copy_reason = Reason::kNone;
  std::set<PathId> copies_gone;          // removed by a person; not judged yet
  std::map<PathId, Stat> copies_edited;  // as seen; to be released as ordinary files
};

struct PathState {
  PathRecord record;
  std::vector<Head> heads;  // what the others' personal DMDs name, ascending by participant
  std::uint32_t work = 0;   // index into AgentState::work; 0: nothing to do
};

struct ParticipantState {
  ParticipantFacts facts;
  PollState poll;
  EffectId effect = 0;
  bool read_once = false;  // in this run
  Reason reason = Reason::kNone;
};

struct CacheEntry {
  CacheState cache;
  EffectId effect = 0;
  PathId path;  // the path it was asked for
  Reason reason = Reason::kNone;
  std::set<PathId> waiting;  // paths to be judged when it is known
};

// Is what we link, or would link, still in the store?
struct StoredCheck {
  SnapshotId entry;  // what our personal DMD holds; none: nothing
  SnapshotId root;   // what we would link: the current snapshot
  SnapshotId asked;  // awaited, or to be asked for again
  EffectId effect = 0;
  std::uint32_t failures = 0;
  std::vector<SnapshotId> open;      // not asked for yet
  std::set<SnapshotId> seen;         // once in `open`
  std::vector<SnapshotId> readable;  // of all that was asked for
  bool all = false;                  // all that the path names is asked for
};

struct DmdState {
  DmdPhase phase = DmdPhase::kUnread;
  EffectId effect = 0;
  std::uint32_t failures = 0;
  Reason reason = Reason::kNone;
  std::set<PathId> due;            // current differs from last_written
  std::vector<PathId> writing;     // entries of the write under way
  std::int64_t next_write_ms = 0;  // writes during a rush are gathered
  std::map<PathId, StoredCheck> checks;
  bool loss_found = false;  // by them, since our personal DMD was last read
  bool read_once = false;   // in this run
};

enum class TimerKind : std::uint8_t {
  kFile = 1,
  kUpload = 2,
  kCopy = 3,
  kPollDue = 4,  // the interval of a participant (0: the collective)
  kPollRetry = 5,
  kCache = 6,
  kDmdWrite = 7,
  kDmdRetry = 8,
  kDmdReread = 9,
  kScan = 10,
  kRoot = 11,
  kAbsences = 12,
  kRemovals = 13,
  kGiveUp = 14,  // heads of a path that could not be judged for long
  kCheck = 15,   // whether a snapshot is still stored
  kHeldLink = 16,
};
struct Timer {
  std::int64_t at_mono_ms = 0;
  TimerKind kind = TimerKind::kFile;
  std::uint32_t id = 0;

  friend auto operator<=>(const Timer&, const Timer&) = default;
};

// Heads found in our own personal DMD that we never wrote count as this participant's.
inline constexpr ParticipantId kForeign{0xffff'ffffu};
// The key of the collective among the participants' pollers.
inline constexpr ParticipantId kCollective{0};

struct AgentState {
  // --- durable ---
  FolderRecord folder;
  Dag dag;

  // --- per path; index = PathId.value ---
  std::deque<PathState> paths;  // a deque: references stay valid when it grows
  std::deque<PathWork> work;    // [0] unused; freed places are reused, and go with the last
  std::vector<std::uint32_t> free_work;
  std::map<PathId, PathId> copy_owner_of;  // a copy's own path -> the path it is a copy of
  std::uint64_t files_there = 0;           // paths with a file on disk, by record
  std::uint64_t bytes_there = 0;

  // --- volatile ---
  Instant now;
  FolderConfig config;
  std::uint32_t epoch = 0;
  std::uint64_t next_effect = 1;
  std::uint64_t seed = 0;
  bool read_only = false;
  bool rebooted = false;  // the machine was, since the run before
  FolderPhase phase = FolderPhase::kNew;
  EffectId root_effect = 0;  // root look awaited by the folder machine
  EffectId scan_effect = 0;
  EffectId absence_effect = 0;  // root look awaited before absences are believed
  std::uint32_t root_failures = 0;
  Reason folder_reason = Reason::kNone;
  std::map<ParticipantId, ParticipantState> participants;  // kCollective: the collective
  std::map<SnapshotId, CacheEntry> cache;                  // entries not known yet
  DmdState dmd;
  std::set<Timer> timers;
  std::map<EffectId, PathId> awaited;  // effects that concern one path, until answered
  std::set<PathId> ready;              // paths with work to be started
  std::set<PathId> absences;           // gone on disk (or copies are), not judged yet
  std::set<PathId> removals;           // deletes by others, decided but not admitted yet
  bool may_adopt = false;              // while joining: everybody's heads were looked at
  std::set<PathId> unrecorded;         // while joining: files that were seen and have no snapshot
  std::set<PathId> to_absorb;          // paths with a noted head of another version (rule 7)
  std::map<std::uint64_t, PathId> arrivals;  // inodes of new files, until absences are judged
  std::map<ContentId, std::uint32_t> content_uses;  // unpublished snapshots by content
  std::uint32_t uploads_under_way = 0;
  std::vector<CommandId> syncs;       // SyncAsked waiting for quiet
  std::int64_t first_absence_ms = 0;  // of those not judged yet
  std::int64_t last_absence_ms = 0;
  std::int64_t last_arrival_ms = 0;
  bool absences_armed = false;
  bool removals_armed = false;
  bool dmd_write_armed = false;
  std::int64_t last_scan_wall_ms = 0;
  std::int64_t last_poll_wall_ms = 0;
  std::map<PathId, std::int64_t> held_links;  // held back for peers, until when (monotonic)
  PathTree tree;                              // of the paths that the shell has named
  // Paths that can't be put where a file, or a directory, is. True: only until the paths it hangs
  // on have come to rest.
  std::map<PathId, bool> clashes;
};

}  // namespace kinfolder
