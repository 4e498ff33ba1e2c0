// Effects: everything the core can ask for. Imperative; safe to do twice.
//
// The shell carries them out after the writes of the same reaction are durable, in order except
// where they touch different paths, and answers each that has an id exactly once. The order of the
// variant is part of the trace format: append only.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/agent/event.h"
#include "core/agent/facts.h"
#include "core/base/ids.h"

namespace kinfolder {

struct LookAtRoot {
  EffectId id = 0;
};  // -> RootLooked
// Scan everything; send news as Observed first, also for known files that are gone. -> ScanFinished
struct Scan {
  EffectId id = 0;
};
struct Look {
  EffectId id = 0;
  PathId path;
};  // -> Looked
// Read the file once, whole and unchanging, stage its content durably, say its version.
struct Capture {
  EffectId id = 0;
  PathId path;
};  // -> Captured
// Bring the content of `snapshot` beside the folder, verified and durable, with exec bit and mtime.
// kRefused with kWrongVersion: it has other bytes, and always will.
struct StageTarget {  // -> Staged
  EffectId id = 0;
  PathId path;
  SnapshotId snapshot;
  Version version;
  std::int64_t mtime_ns = 0;
};
struct DropStaged {
  std::uint64_t token = 0;
};  // no answer
// Put the staged file in place of what is expected (or nothing), or remove what is expected; look
// at what came out; if that is not what was expected put it back and refuse. Durable when answered.
struct Replace {  // -> Replaced
  EffectId id = 0;
  PathId path;
  std::optional<Stat> expected;  // nullopt: no file
  bool remove = false;           // true: remove; then `token` names where the old file goes
  std::uint64_t token = 0;
};
// After a start, with an intent on record: by which inode is where, find out whether the
// replacement took place. kDone as for Replace, kRefused if it did not (the staged file is then
// still there).
struct RecoverReplace {  // -> Replaced
  EffectId id = 0;
  PathId path;
  std::optional<Stat> expected;
  bool remove = false;
  std::uint64_t token = 0;
  Stat staged;
  // What was to be placed is at neither name: did it not take place, or did a user remove it since?
  bool gone_is_undone = false;
};
// Look once more at the displaced file under `token` and drop it if it is unchanged.
struct Settle {
  EffectId id = 0;
  PathId path;
  std::uint64_t token = 0;
  Stat displaced;
};  // -> Settled
// Give the file staged under `token` the `attempt`th name of a conflict copy of `path` by `owner`.
struct PlaceCopy {  // -> CopyPlaced
  EffectId id = 0;
  PathId path;
  ParticipantId owner;
  std::uint32_t attempt = 1;
  std::uint64_t token = 0;
};
// Remove the conflict copy if it is still exactly as expected. With `release`, it was edited: give
// it a free name of its own instead, so that it is an ordinary file.
struct RemoveCopy {  // -> CopyRemoved
  EffectId id = 0;
  PathId path;
  PathId copy;
  Stat expected;
  bool release = false;
};
// Put a local snapshot (its content too, unless the store has it) into the store. Parents are
// there.
struct Upload {
  EffectId id = 0;
  PathId path;
  SnapshotId snapshot;
};  // -> Uploaded
struct WriteDirectory {
  EffectId id = 0;
  std::vector<DirectoryEntry> entries;
};  // -> DirectoryWritten
struct ReadOwn {
  EffectId id = 0;
};  // -> OwnRead
struct ReadHeads {
  EffectId id = 0;
  ParticipantId participant;
};  // -> HeadsRead
struct ReadCollective {
  EffectId id = 0;
};  // -> CollectiveRead
struct FetchSnapshot {
  EffectId id = 0;
  PathId path;
  SnapshotId snapshot;
};  // -> SnapshotFetched
// The staged content of a local snapshot is not needed any more (uploaded, or dropped).
struct ForgetContent {
  ContentId content;
};  // no answer
// The answer to a person's command.
struct AnswerCommand {  // no answer
  CommandId command = 0;
  Outcome outcome = Outcome::kDone;
  Reason reason = Reason::kNone;
};

// Is the snapshot still in the store; with `content`, its content too? Asked when what we published
// came back older: the store may have been rolled back.
struct CheckStored {
  EffectId id = 0;
  PathId path;
  SnapshotId snapshot;
  bool content = false;
};  // -> StoredChecked

// Give the file, if it is as expected, the first free name of `path~file`, `path~file-2`, ...: a
// directory is to stand where it is.
struct MoveAside {
  EffectId id = 0;
  PathId path;
  Stat expected;
};  // -> MovedAside

using Effect = std::variant<LookAtRoot, Scan, Look, Capture, StageTarget, DropStaged, Replace,
                            RecoverReplace, Settle, PlaceCopy, RemoveCopy, Upload, WriteDirectory,
                            ReadOwn, ReadHeads, ReadCollective, FetchSnapshot, ForgetContent,
                            AnswerCommand, CheckStored, MoveAside>;

}  // namespace kinfolder
