// How every value of the agent is written and read: its fields, in their order. That order is the
// format of durable records and traces: append only, with a new record version (codec.cc).
// Included by codec.cc only.
#pragma once

#include <cereal/types/deque.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include "core/agent/archive.h"
#include "core/agent/state.h"

namespace kinfolder {

// clang-format off
#define KINFOLDER_FIELDS(Type, ...) \
  template <class Archive> void serialize(Archive& archive, Type& v) { archive(__VA_ARGS__); }
#define KINFOLDER_EMPTY(Type) \
  template <class Archive> void serialize(Archive&, Type&) {}
// clang-format on

// A field that was appended with this format: absent from what was written before.
template <class Archive, class T>
void Since(std::uint8_t /*format*/, Archive& archive, T& field) {
  archive(field);
}
template <class T>
void Since(std::uint8_t format, BytesIn& archive, T& field) {
  if (archive.format >= format) archive(field);
}

// As cereal writes an optional.
template <class Archive, class T>
void save(Archive& archive, const Boxed<T>& v) {
  archive(!v.has_value());
  if (v) archive(*v);
}
template <class Archive, class T>
void load(Archive& archive, Boxed<T>& v) {
  bool none = true;
  archive(none);
  v.reset();
  if (none) return;
  v = T{};
  archive(*v);
}

template <class Archive, class Tag>
void serialize(Archive& archive, Id<Tag>& v) {
  archive(v.value);
}

// Which path each named one lies in; a path lies in one that was named before.
template <class Archive>
void save(Archive& archive, const PathTree& v) {
  std::vector<PathId> parents;
  for (std::uint32_t i = 1; i <= v.size(); ++i) parents.push_back(v.Parent(PathId{i}));
  archive(parents);
}
template <class Archive>
void load(Archive& archive, PathTree& v) {
  std::vector<PathId> parents;
  archive(parents);
  v = PathTree();
  for (const PathId parent : parents) {
    if (parent.value > v.size()) throw cereal::Exception("a path before the one it lies in");
    v.Add(parent);
  }
}

KINFOLDER_FIELDS(Version, v.kind, v.content, v.exec)
KINFOLDER_FIELDS(Node, v.path, v.version, v.size, v.generation, v.rank, v.created_ms, v.mtime_ns,
                 v.author, v.approved, v.parents)

// --- facts.h ---
KINFOLDER_FIELDS(Instant, v.mono_ms, v.wall_ms)
KINFOLDER_FIELDS(Stat, v.kind, v.size, v.mtime_ns, v.ctime_ns, v.inode, v.exec)
KINFOLDER_FIELDS(Observation, v.path, v.presence, v.stat, v.reason, v.copy_of, v.copy_owner)
KINFOLDER_FIELDS(SnapshotFacts, v.path, v.version, v.size, v.generation, v.rank, v.created_ms,
                 v.mtime_ns, v.author, v.approved, v.parents)
KINFOLDER_FIELDS(DirectoryEntry, v.path, v.snapshot)
template <class Archive>
void serialize(Archive& archive, ParticipantFacts& v) {
  archive(v.id, v.retired, v.read_only);
  Since(2, archive, v.peer);
}

// --- event.h ---
KINFOLDER_FIELDS(FolderConfig, v.poll_interval_ms, v.scan_interval_ms, v.history_all,
                 v.max_deletes_percent, v.max_deletes_files, v.delete_hold_ms)
template <class Archive>
void serialize(Archive& archive, Started& v) {
  archive(v.config, v.epoch, v.seed, v.read_only, v.copied);
  Since(2, archive, v.rebooted);
}
KINFOLDER_EMPTY(Ticked)
KINFOLDER_FIELDS(RootLooked, v.id, v.reason)
KINFOLDER_FIELDS(ConfigChanged, v.config)
KINFOLDER_FIELDS(Observed, v.observations)
KINFOLDER_EMPTY(WatchLost)
KINFOLDER_FIELDS(ScanFinished, v.id, v.complete)
KINFOLDER_FIELDS(Looked, v.id, v.observation)
KINFOLDER_FIELDS(Captured, v.id, v.outcome, v.version, v.stat, v.reason)
KINFOLDER_FIELDS(Staged, v.id, v.outcome, v.token, v.stat, v.reason)
KINFOLDER_FIELDS(Replaced, v.id, v.outcome, v.stat, v.displaced, v.displaced_stat, v.reason)
KINFOLDER_FIELDS(Settled, v.id, v.outcome, v.reason)
KINFOLDER_FIELDS(CopyPlaced, v.id, v.outcome, v.copy, v.stat, v.reason)
KINFOLDER_FIELDS(CopyRemoved, v.id, v.outcome, v.reason)
KINFOLDER_FIELDS(Uploaded, v.id, v.outcome, v.rank, v.reason)
KINFOLDER_FIELDS(DirectoryWritten, v.id, v.outcome, v.reason)
KINFOLDER_FIELDS(OwnRead, v.id, v.outcome, v.entries, v.reason)
KINFOLDER_FIELDS(HeadsRead, v.id, v.participant, v.outcome, v.whole, v.entries, v.reason)
KINFOLDER_FIELDS(CollectiveRead, v.id, v.outcome, v.participants, v.reason)
KINFOLDER_FIELDS(SnapshotFetched, v.id, v.snapshot, v.outcome, v.facts, v.reason)
KINFOLDER_FIELDS(StoreChanged, v.participant)
KINFOLDER_FIELDS(StoreLinkChanged, v.up)
KINFOLDER_FIELDS(SyncAsked, v.command)
KINFOLDER_FIELDS(VersionChosen, v.command, v.path, v.choice, v.theirs, v.given, v.settles_conflicts)
KINFOLDER_FIELDS(DeletesDecided, v.command, v.approve)
KINFOLDER_FIELDS(PauseAsked, v.command, v.paused)
KINFOLDER_FIELDS(StoredChecked, v.id, v.outcome, v.reason)
KINFOLDER_FIELDS(PathsNamed, v.parents)
KINFOLDER_FIELDS(MovedAside, v.id, v.outcome, v.to, v.reason)

// --- effect.h ---
KINFOLDER_FIELDS(LookAtRoot, v.id)
KINFOLDER_FIELDS(Scan, v.id)
KINFOLDER_FIELDS(Look, v.id, v.path)
KINFOLDER_FIELDS(Capture, v.id, v.path)
KINFOLDER_FIELDS(StageTarget, v.id, v.path, v.snapshot, v.version, v.mtime_ns)
KINFOLDER_FIELDS(DropStaged, v.token)
KINFOLDER_FIELDS(Replace, v.id, v.path, v.expected, v.remove, v.token)
KINFOLDER_FIELDS(RecoverReplace, v.id, v.path, v.expected, v.remove, v.token, v.staged,
                 v.gone_is_undone)
KINFOLDER_FIELDS(Settle, v.id, v.path, v.token, v.displaced)
KINFOLDER_FIELDS(PlaceCopy, v.id, v.path, v.owner, v.attempt, v.token)
KINFOLDER_FIELDS(RemoveCopy, v.id, v.path, v.copy, v.expected, v.release)
KINFOLDER_FIELDS(Upload, v.id, v.path, v.snapshot)
KINFOLDER_FIELDS(WriteDirectory, v.id, v.entries)
KINFOLDER_FIELDS(ReadOwn, v.id)
KINFOLDER_FIELDS(ReadHeads, v.id, v.participant)
KINFOLDER_FIELDS(ReadCollective, v.id)
KINFOLDER_FIELDS(FetchSnapshot, v.id, v.path, v.snapshot)
KINFOLDER_FIELDS(ForgetContent, v.content)
KINFOLDER_FIELDS(AnswerCommand, v.command, v.outcome, v.reason)
KINFOLDER_FIELDS(CheckStored, v.id, v.path, v.snapshot, v.content)
KINFOLDER_FIELDS(MoveAside, v.id, v.path, v.expected)

// --- records.h ---
KINFOLDER_FIELDS(DiskRecord, v.there, v.stat, v.version)
KINFOLDER_FIELDS(EqualRecord, v.head, v.polls)
KINFOLDER_FIELDS(ConflictRecord, v.head, v.owner)
template <class Archive>
void serialize(Archive& archive, CopyRecord& v) {
  archive(v.copy, v.owner, v.attempt, v.version, v.stat);
  Since(2, archive, v.releasing);
}
KINFOLDER_FIELDS(IntentRecord, v.remove, v.token, v.expected, v.staged, v.version, v.mine,
                 v.drops_chain, v.current, v.added, v.equal, v.conflicts)
KINFOLDER_FIELDS(HeldRecord, v.receiver, v.snapshot)
KINFOLDER_FIELDS(LossRecord, v.lost, v.given_up)
KINFOLDER_FIELDS(UnsettledRecord, v.token, v.stat)
template <class Archive>
void serialize(Archive& archive, PathRecord& v) {
  archive(v.disk, v.chain, v.current, v.last_written, v.about_to_write, v.equal, v.conflicts,
          v.copies, v.intent, v.unsettled, v.held, v.approved_delete);
  Since(2, archive, v.link_held_since_wall_ms);
  Since(2, archive, v.ignore);
  Since(2, archive, v.keeps_copy_of);
  Since(2, archive, v.loss);
}
template <class Archive>
void serialize(Archive& archive, FolderRecord& v) {
  archive(v.next_local, v.joined, v.foreign_write, v.paused, v.participants, v.recent_deletes_ms);
  Since(2, archive, v.rolled_back_wall_ms);
  Since(2, archive, v.unverified);
}
KINFOLDER_FIELDS(RecordKey, v.table, v.id)
KINFOLDER_FIELDS(Event, v.now, v.body)

// --- state.h ---
KINFOLDER_FIELDS(PollState, v.phase, v.failures)
KINFOLDER_FIELDS(CacheState, v.phase, v.failures)
KINFOLDER_FIELDS(Head, v.participant, v.snapshot)
KINFOLDER_FIELDS(Plan, v.intent, v.nodes, v.by_choice)
template <class Archive>
void serialize(Archive& archive, PathWork& v) {
  archive(v.path, v.file, v.file_effect, v.file_failures, v.changed, v.seen, v.judge, v.absent,
          v.reason, v.blocked_since_wall_ms, v.plan, v.choices, v.left_out, v.copy_of,
          v.copy_of_owner, v.upload, v.upload_effect, v.uploading, v.upload_failures,
          v.upload_reason, v.copy, v.copy_effect, v.copy_failures, v.placing, v.copy_token,
          v.copy_reason, v.copies_gone, v.copies_edited);
  Since(3, archive, v.aside);
}
KINFOLDER_FIELDS(PathState, v.record, v.heads, v.work)
KINFOLDER_FIELDS(ParticipantState, v.facts, v.poll, v.effect, v.read_once, v.reason)
KINFOLDER_FIELDS(CacheEntry, v.cache, v.effect, v.path, v.reason, v.waiting)
template <class Archive>
void serialize(Archive& archive, StoredCheck& v) {
  archive(v.entry, v.root, v.asked, v.effect, v.failures, v.open, v.seen, v.readable);
  Since(2, archive, v.all);
}
template <class Archive>
void serialize(Archive& archive, DmdState& v) {
  archive(v.phase, v.effect, v.failures, v.reason, v.due, v.writing, v.next_write_ms);
  Since(2, archive, v.checks);
  Since(2, archive, v.loss_found);
  Since(2, archive, v.read_once);
}
KINFOLDER_FIELDS(Timer, v.at_mono_ms, v.kind, v.id)
template <class Archive>
void serialize(Archive& archive, AgentState& v) {
  archive(v.folder, v.paths, v.work, v.free_work, v.copy_owner_of, v.files_there, v.bytes_there,
          v.now, v.config, v.epoch, v.next_effect, v.seed, v.read_only, v.phase, v.root_effect,
          v.scan_effect, v.absence_effect, v.root_failures, v.folder_reason, v.participants,
          v.cache, v.dmd, v.timers, v.awaited, v.ready, v.absences, v.removals, v.to_absorb,
          v.arrivals, v.content_uses, v.uploads_under_way, v.syncs, v.first_absence_ms,
          v.last_absence_ms, v.last_arrival_ms, v.absences_armed, v.removals_armed,
          v.dmd_write_armed, v.last_scan_wall_ms, v.last_poll_wall_ms);
  Since(2, archive, v.held_links);
  Since(2, archive, v.may_adopt);
  Since(2, archive, v.unrecorded);
  Since(2, archive, v.rebooted);
  Since(3, archive, v.tree);
  Since(3, archive, v.clashes);
}

#undef KINFOLDER_FIELDS
#undef KINFOLDER_EMPTY

}  // namespace kinfolder
