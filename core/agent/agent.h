// The agent of one folder, as a pure function: state, event -> state', writes, effects.
//
// This is the only thing shells and the simulator see of the core's behaviour. Equal states and
// events give equal results on every compiler. The duties of the caller stand in driver.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/effect.h"
#include "core/agent/event.h"
#include "core/agent/moves.h"
#include "core/agent/records.h"
#include "core/base/ids.h"
#include "core/model/dag.h"

namespace kinfolder {

struct AgentState;  // state.h; a copyable value

struct Reaction {
  std::vector<RecordKey> writes;  // changed durable records: sorted, no duplicates
  std::vector<Effect> effects;
};

// Advances the state by one event. `watcher`, if any, is told of each move of a machine.
Reaction Step(AgentState& state, const Event& event, MoveWatcher* watcher = nullptr);

// When a Ticked should be sent next (monotonic ms); nullopt: nothing is waiting for time.
std::optional<std::int64_t> NextWake(const AgentState& state);

// True for an observation that Step would ignore: the driver drops it, so that a scan in which
// nothing changed costs no events. Pure.
bool ChangesNothing(const AgentState& state, const Observation& observation);

// Paths that are on disk as far as the core knows (ascending): what a scan must find or call gone.
std::vector<PathId> KnownPaths(const AgentState& state);

// True if the path is an empty directory on record: it is not tidied away when the last file in it
// is removed.
bool KeepsDirectory(const AgentState& state, PathId path);

// Nothing is under way and nothing is left to do but waiting for news or for a person. Without
// `polls_count` also while it is looked for news.
bool IsQuiet(const AgentState& state, bool polls_count = true);

// --- what people are shown; all pure ---
enum class FolderMood : std::uint8_t { kInSync, kSyncing, kBlocked, kPaused, kOffline };
struct BlockedPath {
  PathId path;
  Reason reason = Reason::kNone;
  std::int64_t since_wall_ms = 0;
};
struct ConflictView {
  PathId path;
  Version mine;
  struct Theirs {
    ParticipantId owner;
    SnapshotId head;
    Version version;
    PathId copy;  // none: not placed (yet)
  };
  std::vector<Theirs> theirs;
};
struct FolderView {
  FolderMood mood = FolderMood::kSyncing;
  Reason folder_reason = Reason::kNone;  // why the folder as a whole is blocked or offline
  std::uint64_t files = 0, bytes = 0;    // on disk, by record
  std::vector<ConflictView> conflicts;
  std::vector<BlockedPath> blocked;
  std::vector<PathId> held_deletes;
  std::uint64_t files_pending = 0, bytes_pending = 0;  // still to be sent or applied
  std::int64_t last_scan_wall_ms = 0, last_poll_wall_ms = 0, unpublished_since_wall_ms = 0;
  std::int64_t rolled_back_wall_ms = 0;  // the store was found to have lost ours; 0: never
};
FolderView View(const AgentState& state);

// --- durable form and trace form (codec.cc) ---
// The encoding of one durable record; nullopt: the record does not exist (delete it).
std::optional<std::string> EncodeRecord(const AgentState& state, RecordKey key);
// Adds one durable record to a state that has not been started. False: not understood.
bool DecodeRecord(AgentState& state, RecordKey key, const std::string& bytes);
// To be called once after all records were added, before Started.
AgentState NewAgentState();
// The way out when somebody else writes our personal DMD: this machine becomes a new participant,
// with a personal DMD and key of its own that hold nothing yet. What it has stays as it is, and is
// published there and merged. `former` is the participant that the former DMD belongs to from now
// on, for this machine too. Returns the records that changed. REQUIRES: not started.
std::vector<RecordKey> BecomeNewParticipant(AgentState& state, ParticipantId former);
// The whole state, volatile parts too, for a trace's checkpoint.
std::string EncodeState(const AgentState& state);
std::optional<AgentState> DecodeState(const std::string& bytes);
// One event as bytes and back, for traces.
std::string EncodeEvent(const Event& event);
std::optional<Event> DecodeEvent(const std::string& bytes);
// Digests of a state, of what is durable and what is not: all of it; the folder's own small parts
// with how much there is of the rest; one path with the work on it. For comparing runs: where the
// digests differ the states do.
std::uint64_t StateHash(const AgentState& state);
std::uint64_t FolderHash(const AgentState& state);
std::uint64_t PathHash(const AgentState& state, PathId path);
// A number that depends on everything a step did: the event, the contents of the records it
// changed, its effects, and `previous`.
std::uint64_t ChainHash(std::uint64_t previous, const AgentState& state, const Event& event,
                        const Reaction& reaction);

}  // namespace kinfolder
