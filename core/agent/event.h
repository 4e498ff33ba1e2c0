// Events: everything that can reach the core. Past tense; each says what happened, none what to do.
//
// An answer names the effect it answers; every effect that has an id gets exactly one. Answers to
// effects that are no longer awaited change nothing. The order of the variant is part of the trace
// format: append only.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "core/agent/facts.h"
#include "core/base/ids.h"

namespace kinfolder {

// Options of a folder that decisions depend on.
struct FolderConfig {
  std::int64_t poll_interval_ms = 60'000;
  std::int64_t scan_interval_ms = 3'600'000;  // 0: never by itself
  bool history_all = true;                    // false: `latest`, unpublished snapshots are squashed
  std::uint32_t max_deletes_percent = 50;     // deletes are held when both are exceeded
  std::uint32_t max_deletes_files = 20;
  std::int64_t delete_hold_ms = 300;  // quiet time before deletes seen on disk are judged

  friend bool operator==(const FolderConfig&, const FolderConfig&) = default;
};

// --- names ---
// The shell has named more paths: the first has the number after the last one named in this run,
// and `parents` says of each which path it lies in (none: the root). Fed before any other event of
// the run that holds one of them, so it may come before Started.
struct PathsNamed {
  std::vector<PathId> parents;
};

// --- life cycle ---
// The first event after loading the durable state, but for PathsNamed. `epoch` differs from every
// earlier start's: the ids of effects start with it, so late answers of an earlier run fit nothing.
struct Started {
  FolderConfig config;
  std::uint32_t epoch = 1;
  std::uint64_t seed = 0;  // for jitter
  bool read_only = false;  // this participant publishes nothing
  bool copied = false;     // the state directory was copied here: do not write
  bool rebooted = false;   // the machine was, since the run before (or that is not known)
};
struct Ticked {};  // time passed; sent when NextWake() is due
struct RootLooked {
  EffectId id = 0;
  Reason reason = Reason::kNone;
};  // kNone: it is our root
struct ConfigChanged {
  FolderConfig config;
};

// --- disk ---
// News from a watch or a scan (those for which ChangesNothing() is false).
struct Observed {
  std::vector<Observation> observations;
};
struct WatchLost {};  // events were lost: everything may have changed
struct ScanFinished {
  EffectId id = 0;
  bool complete = false;
};
struct Looked {
  EffectId id = 0;
  Observation observation;
};
struct Captured {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;  // kDone: staged durably; kRefused: changed or gone meanwhile
  Version version;
  Stat stat;
  Reason reason = Reason::kNone;
};
// The content of a version is staged durably beside the folder, under `token`.
struct Staged {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;
  std::uint64_t token = 0;
  Stat stat;
  Reason reason = Reason::kNone;
};
// Answer to Replace and RecoverReplace. kDone: the file is the target, durably; `stat` is the new
// file's (for a delete: absent). kRefused: not done, `present` is what is there.
struct Replaced {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;
  Stat stat;
  bool displaced = false;  // the old file waits under the token for Settle
  Stat displaced_stat;
  Reason reason = Reason::kNone;
};
// kDone: the displaced file was unchanged and is gone, or there was none. kRefused: it had changed
// and was put beside the file under a free name, where it is an ordinary file.
struct Settled {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
};
// kDone: the file has the name that `to` says. kRefused: it is not as expected; nothing was done.
struct MovedAside {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;
  Observation to;
  Reason reason = Reason::kNone;
};
struct CopyPlaced {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;  // kRefused: the name is taken
  PathId copy;                         // the copy's own path
  Stat stat;
  Reason reason = Reason::kNone;
};
// kDone: removed (or was gone). kRefused: not its bytes any more; it stays, `released` under a free
// name if it was in the way.
struct CopyRemoved {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
};

// --- store ---
struct Uploaded {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;
  std::uint64_t rank = 0;
  Reason reason = Reason::kNone;
};
struct DirectoryWritten {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
};
// Our own personal DMD, read back whole.
struct OwnRead {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;
  std::vector<DirectoryEntry> entries;
  Reason reason = Reason::kNone;
};
// A participant's personal DMD: whole, or what changed since the last answer of this run.
struct HeadsRead {
  EffectId id = 0;
  ParticipantId participant;
  Outcome outcome = Outcome::kFailed;
  bool whole = false;
  std::vector<DirectoryEntry> entries;
  Reason reason = Reason::kNone;
};
struct CollectiveRead {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;
  std::vector<ParticipantFacts> participants;  // all but this machine
  Reason reason = Reason::kNone;
};
struct SnapshotFetched {
  EffectId id = 0;
  SnapshotId snapshot;
  Outcome outcome = Outcome::kFailed;  // kRefused: invalid for good, `reason` says why
  SnapshotFacts facts;
  Reason reason = Reason::kNone;
};
// kDone: it is there, whole. kRefused: it is not, or damaged; a content that is not there is not
// taken for stored any more by the shell.
struct StoredChecked {
  EffectId id = 0;
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
};
struct StoreChanged {
  ParticipantId participant;
};  // notification; none: the collective
struct StoreLinkChanged {
  bool up = true;
};  // connection health, for status only

// --- people ---
using CommandId = std::uint64_t;
struct SyncAsked {
  CommandId command = 0;
};
// A new version of a path by decision: resolve or restore. For a resolve the conflicts are settled.
struct VersionChosen {
  CommandId command = 0;
  PathId path;
  enum class Choice : std::uint8_t { kMine = 1, kTheirs = 2, kGiven = 3 } choice = Choice::kMine;
  ParticipantId theirs;  // kTheirs: whose; none if there is only one
  Version given;         // kGiven: content already staged or in the store
  bool settles_conflicts = true;
};
struct DeletesDecided {
  CommandId command = 0;
  bool approve = false;
};
struct PauseAsked {
  CommandId command = 0;
  bool paused = true;
};

using EventBody =
    std::variant<Started, Ticked, RootLooked, ConfigChanged, Observed, WatchLost, ScanFinished,
                 Looked, Captured, Staged, Replaced, Settled, CopyPlaced, CopyRemoved, Uploaded,
                 DirectoryWritten, OwnRead, HeadsRead, CollectiveRead, SnapshotFetched,
                 StoreChanged, StoreLinkChanged, SyncAsked, VersionChosen, DeletesDecided,
                 PauseAsked, StoredChecked, PathsNamed, MovedAside>;

struct Event {
  Instant now;
  EventBody body;
};

}  // namespace kinfolder
