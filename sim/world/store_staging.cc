// Bringing the content of a version beside the folder.
#include "sim/world/carry_store.h"
#include "sim/world/disk_names.h"
#include "sim/world/file_names.h"

namespace kinfolder::sim {

namespace {

// What a simulated disk has room for, as far as it is not full: any content of a test.
constexpr std::uint64_t kRoomBytes = std::uint64_t{1} << 50;

// The room is looked at before anything is fetched, by the size that the snapshot claims.
bool Fits(const Hands& hands, const StageTarget& effect) {
  if (hands.m.disk.full) return false;
  const Cap snapshot = CapOf(hands.tables, effect.snapshot);
  return snapshot == 0 || SnapshotOf(hands.world.store, snapshot).size <= kRoomBytes;
}

// kNone: `*blob` are the bytes. Otherwise why not.
Reason Bring(const Hands& hands, const StageTarget& effect, BlobId* blob) {
  const ContentRow& row = hands.tables.contents.at(effect.version.content.value);
  *blob = row.blob;
  if (row.staged) return Reason::kNone;
  const Cap snapshot = CapOf(hands.tables, effect.snapshot);
  const Cap content = snapshot != 0 && SnapshotOf(hands.world.store, snapshot).content != 0
                          ? SnapshotOf(hands.world.store, snapshot).content
                          : row.cap;
  if (content == 0) return Reason::kNotFound;
  const StoredContent& stored = ContentOf(hands.world.store, content);
  if (const Reason trouble = TroubleOf(stored.health); trouble != Reason::kNone) return trouble;
  ++hands.m.counters.downloads;
  *blob = stored.blob;
  if (*blob != row.blob) return Reason::kWrongVersion;
  NoteDeed(hands.world, hands.machine, Deed::kDownloaded, hands.Path(effect.path), *blob);
  return Reason::kNone;
}

std::uint64_t StageFile(const Hands& hands, const StageTarget& effect, BlobId blob) {
  Disk& disk = hands.m.disk;
  Inode inode;
  inode.kind = effect.version.kind;
  inode.blob = blob;
  inode.staged_blob = blob;
  const std::uint32_t exec_bits = effect.version.exec ? 0111U : 0U;
  inode.mode = inode.kind == Kind::kDirectory ? 0755U : 0644U | exec_bits;
  inode.mtime_ns = effect.mtime_ns - effect.mtime_ns % disk.mtime_granularity_ns;
  inode.ctime_ns = NowNs(hands.world, hands.machine);
  const std::uint64_t token = disk.next_token++ | (std::uint64_t{1} << 62);
  SetTmp(disk, token, AddInode(disk, inode));
  return token;
}

}  // namespace

bool NeedsStore(const Tables& tables, const StageTarget& effect) {
  return effect.version.content && !tables.contents.at(effect.version.content.value).staged;
}

void Do(const Hands& hands, const StageTarget& effect) {
  Staged staged;
  SyncPoint synced;
  staged.id = effect.id;
  BlobId blob = 0;
  const bool far = NeedsStore(hands.tables, effect);
  if (const Reason root = RootReason(hands.m.disk); root != Reason::kNone) {
    staged.reason = root;
  } else if (const Reason name = NameReason(
                 hands.m.disk, DiskPath(hands.tables, hands.m.disk, hands.Path(effect.path)));
             name != Reason::kNone) {
    staged.reason = name;
  } else if (!Fits(hands, effect)) {
    staged.reason = Reason::kDiskFull;
  } else if (far && hands.weather != Weather::kFine) {
    staged.reason = TroubleOf(hands.weather);
  } else if (effect.version.content &&
             (staged.reason = Bring(hands, effect, &blob), staged.reason != Reason::kNone)) {
    staged.outcome = staged.reason == Reason::kWrongVersion ? Outcome::kRefused : Outcome::kFailed;
  } else {
    staged.outcome = Outcome::kDone;
    staged.token = StageFile(hands, effect, blob);
    const std::uint64_t number = hands.m.disk.tmp.at(staged.token);
    staged.stat = StatOf(hands.m.disk, hands.world.blobs, number);
    synced.files.insert(number);
    synced.tmp = true;
  }
  AnswerSynced(hands.world, hands.machine, staged, std::move(synced), hands.Latency());
}

}  // namespace kinfolder::sim
