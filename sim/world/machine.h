// One simulated machine: its disk, its state directory, and, while the agent runs, its driver.
//
// A plain value. What survives a crash is `disk` and `state`; `agent` does not. The tables between
// names, contents, capabilities and ids are the shell's part of the state; rows made since the last
// commit are lost with a crash, like the real shell's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/agent/driver.h"
#include "sim/world/disk.h"
#include "sim/world/peer.h"
#include "sim/world/store.h"
#include "sim/world/user_op.h"

namespace kinfolder::sim {

struct ContentRow {
  BlobId blob = 0;
  bool staged = false;  // a copy lies in the state directory
  Cap cap = 0;          // in the store, as far as this machine knows
};

struct Tables {
  std::vector<std::string> paths = {""};
  std::map<std::string, std::uint32_t> path_ids;
  std::map<std::string, std::string> spelled;  // file_names.h
  std::vector<ContentRow> contents = {{}};
  std::map<BlobId, std::uint32_t> content_ids;
  std::vector<Cap> remote = {0};
  std::map<Cap, SnapshotId> snapshot_ids;
  std::map<SnapshotId, Cap> local_caps;
  std::map<SnapshotId, TruthId> local_truth;
  std::vector<std::uint32_t> participants = {0, 0};  // directory numbers; [kSelf] is our own
  std::map<std::uint32_t, std::uint32_t> participant_ids;
};

struct StateDir {
  std::map<RecordKey, std::string> records;
  Tables tables;
  std::uint32_t epoch = 0;
  std::uint32_t directory = 0;  // our personal DMD
};

struct Counters {
  std::uint64_t uploads = 0, downloads = 0, dmd_writes = 0, snapshots_made = 0;
};

// Waits for an effect of a kind, for something to be done at that instant.
struct Hook {
  std::size_t effect = 0;       // index into Effect
  bool after = false;           // after it took place, before its answer
  std::uint64_t countdown = 1;  // the how-many-th next one
  std::uint32_t deed = 0;       // what is to be done: a number of whoever plays the world
};

struct CommandAnswer {
  Outcome outcome = Outcome::kDone;
  Reason reason = Reason::kNone;
};

struct Agent {
  Driver driver;
  Tables tables;
  bool tables_changed = false;
  std::map<std::uint32_t, Directory> last_heads;   // what was last told, by directory
  std::map<std::uint64_t, std::int64_t> last_due;  // of the effects, by what they touch
  std::set<std::string> noticed;                   // paths the watcher has to report
  std::optional<std::int64_t> wake_ms;
  bool link_up = true;
  bool watch_dead = false;
  std::size_t paths_named = 1;  // rows of the tables that the core was told of
};

struct Machine {
  std::string name;
  bool read_only = false;
  bool late = false;
  bool joined = false;
  bool left = false;
  bool offline = false;
  bool paused = false;
  std::vector<std::string> ignored;  // patterns of this machine
  bool rebooted = false;             // since an agent ran
  bool dark = false;                 // without power until the agent is started
  bool watch = true;
  bool watch_unsure = false;  // events get lost, come late or twice, by the draw
  std::set<int> partitions;
  std::int64_t clock_offset_ms = 0;
  FolderConfig config;
  Disk disk;
  StateDir state;
  StateDir saved;              // before the last start, or just after the join
  std::optional<Agent> agent;  // running
  std::optional<Peer> peer;    // it is a magic-folder 24.3.0; then it never has an agent
  std::uint32_t incarnation = 0;
  Counters counters;
  std::vector<Hook> hooks;
  std::uint64_t fail_commit_in = 0;  // the how-many-th next commit of its agent fails; 0: none
  std::map<CommandId, CommandAnswer> answers;
  std::uint64_t draws = 0;
  std::uint64_t chain = 0;  // over all runs of the agent
  std::uint64_t steps = 0;  // of its core, in all runs
};

// Its agent, or the peer that it is, runs.
bool IsRunning(const Machine& machine);
// The lock of the machine's state directory (I10). Empty: it is free. Otherwise why no second agent
// can be started there; names the process that has it, which is the number of the incarnation.
std::string LockRefusal(const Machine& machine);

// --- tables; all add what is new ---
PathId PathIdOf(Tables& tables, const std::string& path);
ContentId ContentIdOf(Tables& tables, BlobId blob);
SnapshotId SnapshotIdOf(Tables& tables, Cap cap);
ParticipantId ParticipantIdOf(Tables& tables, std::uint32_t directory);
// 0: it has none (yet).
Cap CapOf(const Tables& tables, SnapshotId id);
// 0: unknown here.
TruthId TruthOf(const Tables& tables, const Store& store, SnapshotId id);
// A machine's version in shared terms and back.
SharedVersion Shared(const Tables& tables, const Version& version);
Version Local(Tables& tables, const SharedVersion& version);

// The durable state of an agent as it would be loaded; CHECKs that it can be.
AgentState Load(const StateDir& state);

}  // namespace kinfolder::sim
