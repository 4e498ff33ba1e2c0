// What changes the user's files: replacing, settling, conflict copies, and what a crash left.
#include <algorithm>
#include <string_view>
#include <utility>

#include "shells/host/convert.h"
#include "shells/host/disk_jobs.h"
#include "shells/names/conflict_name.h"
#include "shells/posix/directory.h"

namespace kinfolder {

namespace {

constexpr int kMostAsideNames = 10'000;
// Names in tmp of files that were a user's and not under a token of the core's.
constexpr std::uint64_t kTakenOutBit = std::uint64_t{1} << 63;
constexpr std::string_view kAsideSuffix = ".aside";

using Touched = std::vector<DiskPath>;

void Append(Touched& to, const Touched& from) { to.insert(to.end(), from.begin(), from.end()); }

// "<file><tail>[-n]", the file's part shortened between characters if it must be.
std::string AsideName(std::string_view file, std::string tail, int attempt) {
  if (attempt > 1) tail += "-" + std::to_string(attempt);
  const std::size_t room = kMaxDiskComponentBytes - std::min(kMaxDiskComponentBytes, tail.size());
  std::size_t size = std::min(file.size(), room);
  while (size > 0 && size < file.size() && (static_cast<unsigned char>(file[size]) & 0xc0) == 0x80)
    --size;
  return std::string(file.substr(0, size)) + tail;
}

// Why a file could not be put there although nothing failed: what is in the way is no file.
ReplaceResult RefusedBy(const ApplyResult& applied) {
  ReplaceResult result;
  result.outcome = Outcome::kRefused;
  if (!applied.found) return result;
  if (applied.found->kind == FileKind::kDirectory || applied.found->kind == FileKind::kOther) {
    result.outcome = Outcome::kFailed;
    result.reason = Reason::kNameClash;
    return result;
  }
  result.stat = ToStat(*applied.found);
  return result;
}

ReplaceResult BlockedBy(const ApplyResult& applied) {
  ReplaceResult result;
  result.reason = DiskReason(applied.error);
  // A parent of the path that is a file, or the like.
  if (applied.error.kind == ErrorKind::kInvalid) result.reason = Reason::kNameClash;
  if (applied.error.kind == ErrorKind::kNotFound) result.reason = Reason::kUnstable;
  return result;
}

// Something else came out than was expected, so it goes back. If that brings our staged file out
// again, nothing was done; else what came out now is somebody's, and is put beside the file.
ReplaceResult Undo(DiskSide& disk, const ReplaceItem& item, const ApplyResult& applied,
                   Touched& touched) {
  const std::string tmp = Applier::TmpName(item.token);
  const ApplyResult back = disk.applier.PutBack(item.path, applied.placed, tmp);
  Append(touched, back.touched);
  ReplaceResult result;
  result.outcome = Outcome::kRefused;
  if (applied.found && applied.found->kind != FileKind::kOther)
    result.stat = ToStat(*applied.found);
  if (back.outcome == ApplyOutcome::kDone) return result;
  if (!back.aside.empty()) PutAside(disk, item.path, back.aside, &touched);
  // kCameOutOther: theirs is back, a newer one came out. Otherwise the first one is still in tmp.
  const bool aside = PutAside(disk, item.path, tmp, &touched);
  if (!aside) {
    result.outcome = Outcome::kUnclear;
    result.reason = Reason::kIo;
  }
  return result;
}

// The version of an empty directory says only that there is one. With other files in it, it is
// there (for a target), and stays as their parent (for a removal).
std::optional<ReplaceResult> DirectoryIsInUse(DiskSide& disk, const ReplaceItem& item,
                                              const ApplyResult& applied, Touched& touched) {
  if (!applied.found || applied.found->kind != FileKind::kDirectory) return std::nullopt;
  const std::string tmp = Applier::TmpName(item.token);
  ReplaceResult result;
  result.outcome = Outcome::kDone;
  if (item.remove) {
    if (!item.expected || item.expected->kind != Kind::kDirectory) return std::nullopt;
    // Empty, but not as it was: files came and went.
    const ApplyResult again =
        disk.applier.Remove(item.path, *applied.found, tmp, item.removable_parents);
    Append(touched, again.touched);
    return result;
  }
  const DiskLook staged = LookAt(disk.root, Applier::TmpPath(tmp));
  if (staged.presence != DiskPresence::kThere || staged.stat.kind != FileKind::kDirectory)
    return std::nullopt;
  if (!disk.applier.Discard(tmp).ok()) return std::nullopt;
  result.stat = ToStat(*applied.found);
  return result;
}

ReplaceResult ReplaceOne(DiskSide& disk, const ReplaceItem& item, Touched& touched,
                         ApplyDirectories& directories) {
  const std::string tmp = Applier::TmpName(item.token);
  std::optional<FileStat> expected;
  if (item.expected) expected = ToFileStat(*item.expected);
  ApplyResult applied;
  if (item.remove && !expected) {  // there is nothing to be removed
    const DiskLook look = LookAt(disk.root, item.path);
    if (look.presence == DiskPresence::kUnknown) {
      applied.outcome = ApplyOutcome::kBlocked;
      applied.error = MakeError(ErrorKind::kIo, "");
    } else {
      const bool gone = look.presence == DiskPresence::kGone;
      applied.outcome = gone ? ApplyOutcome::kDone : ApplyOutcome::kRefused;
      if (!gone) applied.found = look.stat;
    }
  } else if (item.remove) {
    applied = disk.applier.Remove(item.path, *expected, tmp, item.removable_parents, &directories);
  } else {
    applied = disk.applier.Replace(item.path, expected, tmp, &directories);
  }
  Append(touched, applied.touched);
  if (!applied.aside.empty()) PutAside(disk, item.path, applied.aside, &touched);
  switch (applied.outcome) {
    case ApplyOutcome::kBlocked:
      return BlockedBy(applied);
    case ApplyOutcome::kRefused: {
      directories.parents.Forget();  // it may be removed below
      const std::optional<ReplaceResult> in_use = DirectoryIsInUse(disk, item, applied, touched);
      return in_use ? *in_use : RefusedBy(applied);
    }
    case ApplyOutcome::kCameOutOther:
      return Undo(disk, item, applied, touched);
    case ApplyOutcome::kDone:
      break;
  }
  ReplaceResult result;
  result.outcome = Outcome::kDone;
  if (applied.placed) result.stat = ToStat(*applied.placed);
  result.displaced = applied.found && applied.found->kind != FileKind::kDirectory;
  if (result.displaced) result.displaced_stat = ToStat(*applied.found);
  return result;
}

bool NeedsSync(Outcome outcome) {
  return outcome == Outcome::kDone || outcome == Outcome::kRefused;
}

// Makes the renames durable; what can't be said to be is unclear.
template <class R>
void SyncTouched(DiskSide& disk, Touched& touched, std::vector<R>& results) {
  if (touched.empty()) return;
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  const Status synced = disk.applier.SyncDirectories(touched);
  if (synced.ok()) return;
  for (R& result : results) {
    if (!NeedsSync(result.outcome)) continue;
    result = R();
    result.outcome = Outcome::kUnclear;
    result.reason = DiskReason(synced.error());
  }
}

SimpleResult SettleOne(DiskSide& disk, const SettleItem& item, Touched& touched,
                       ApplyDirectories& directories) {
  const std::string tmp = Applier::TmpName(item.token);
  switch (disk.applier.DropDisplaced(tmp, ToFileStat(item.displaced), &directories)) {
    case DisplacedState::kUnchanged:
    case DisplacedState::kGone:
      return {Outcome::kDone, Reason::kNone};
    // Whoever writes to it goes on doing so; it is looked at again later.
    case DisplacedState::kBeingWritten:
      return {Outcome::kFailed, Reason::kUnstable};
    case DisplacedState::kUnknown:
      return {Outcome::kFailed, Reason::kIo};
    case DisplacedState::kChanged:
      break;
  }
  if (!PutAside(disk, item.path, tmp, &touched)) return {Outcome::kFailed, Reason::kIo};
  return {Outcome::kRefused, Reason::kNone};
}

SimpleResult RemoveOneCopy(DiskSide& disk, const RemoveCopyItem& item, Touched& touched) {
  const std::string tmp = Applier::TmpName(item.number | kTakenOutBit);
  FileStat expected = ToFileStat(item.expected);
  if (item.release) {
    const DiskLook look = LookAt(disk.root, item.copy);
    if (look.presence == DiskPresence::kUnknown)
      return {Outcome::kFailed, DiskReasonOfErrno(look.error)};
    if (look.presence == DiskPresence::kGone) return {Outcome::kDone, Reason::kNone};
    expected = look.stat;
  }
  const ApplyResult applied = disk.applier.Remove(item.copy, expected, tmp);
  Append(touched, applied.touched);
  if (applied.outcome == ApplyOutcome::kBlocked)
    return {Outcome::kFailed, BlockedBy(applied).reason};
  if (applied.outcome == ApplyOutcome::kRefused)
    return {applied.found ? Outcome::kRefused : Outcome::kDone, Reason::kNone};
  const bool as_expected = applied.outcome == ApplyOutcome::kDone && !item.release && applied.found;
  if (as_expected) {
    const DisplacedState state = disk.applier.DropDisplaced(tmp, *applied.found);
    if (state == DisplacedState::kUnchanged || state == DisplacedState::kGone)
      return {Outcome::kDone, Reason::kNone};
  }
  // Somebody's own bytes: beside the copy's name, as an ordinary file.
  if (!PutAside(disk, item.copy, tmp, &touched)) return {Outcome::kFailed, Reason::kIo};
  return {Outcome::kRefused, Reason::kNone};
}

AsideResult MoveOneAside(DiskSide& disk, const AsideItem& item, Touched& touched) {
  const FileStat expected = ToFileStat(item.expected);
  AsideResult result;
  result.to = item.path;
  for (int attempt = 1; attempt <= kMostAsideNames; ++attempt) {
    result.to.back() = AsideName(item.path.back(), "~file", attempt);
    const ApplyResult applied = disk.applier.Rename(item.path, expected, result.to.back());
    Append(touched, applied.touched);
    if (applied.outcome == ApplyOutcome::kDone) {
      result.outcome = Outcome::kDone;
      return result;
    }
    if (applied.outcome != ApplyOutcome::kRefused) {
      result.reason = BlockedBy(applied).reason;
      return result;
    }
    if (!applied.found || !SameUntouched(expected, *applied.found)) {
      result.outcome = Outcome::kRefused;
      return result;
    }
  }
  result.reason = Reason::kName;
  return result;
}

// The state of the path for an answer after a replacement that did take place: as it is if it is
// still what was put there, else as it was put there, so that the next look sees the edit.
Stat PlacedStat(const DiskLook& look, const Stat& staged) {
  if (look.presence == DiskPresence::kThere && SameButRenamed(look.stat, ToFileStat(staged)))
    return ToStat(look.stat);
  return staged;
}

}  // namespace

bool PutAside(DiskSide& disk, const DiskPath& path, const std::string& tmp_name,
              std::vector<DiskPath>* touched) {
  DiskPath name = path;
  for (int attempt = 1; attempt <= kMostAsideNames; ++attempt) {
    name.back() = AsideName(path.back(), ".edited-" + ParticipantForFileName(disk.self), attempt);
    const ApplyResult applied = disk.applier.Replace(name, std::nullopt, tmp_name);
    if (applied.outcome == ApplyOutcome::kDone) {
      Append(*touched, applied.touched);
      return true;
    }
    if (applied.outcome != ApplyOutcome::kRefused) return false;
  }
  return false;
}

std::vector<ReplaceResult> ReplaceMany(DiskSide& disk, const std::vector<ReplaceItem>& items) {
  std::vector<ReplaceResult> results;
  ApplyDirectories directories;
  Touched touched;
  for (const ReplaceItem& item : items)
    results.push_back(ReplaceOne(disk, item, touched, directories));
  SyncTouched(disk, touched, results);
  return results;
}

ReplaceResult RecoverOne(DiskSide& disk, const ReplaceItem& item, const Stat& staged) {
  const std::string tmp = Applier::TmpName(item.token);
  const DiskLook at_path = LookAt(disk.root, item.path);
  const DiskLook in_tmp = LookAt(disk.root, Applier::TmpPath(tmp));
  ReplaceResult result;
  if (at_path.presence == DiskPresence::kUnknown || in_tmp.presence == DiskPresence::kUnknown) {
    result.reason = DiskReasonOfErrno(at_path.presence == DiskPresence::kUnknown ? at_path.error
                                                                                 : in_tmp.error);
    return result;
  }
  const bool tmp_there = in_tmp.presence == DiskPresence::kThere;
  const bool path_there = at_path.presence == DiskPresence::kThere;
  Touched touched = {DiskPath(item.path.begin(), item.path.end() - 1)};
  const bool placed = !item.remove && path_there && at_path.stat.inode == staged.inode;
  const bool not_placed = !item.remove && tmp_there && in_tmp.stat.inode == staged.inode;
  // A file system that is not atomic across a power cut can leave both names to one file.
  const bool both_names = tmp_there && path_there && in_tmp.stat.inode == at_path.stat.inode;
  // All is as it was before, and what was staged is gone: a power cut has undone it.
  const bool undone = !item.remove && !tmp_there && path_there && item.expected &&
                      at_path.stat.inode == item.expected->inode;
  const bool lost = !item.remove && !tmp_there && !path_there && item.gone_is_undone;
  // A directory leaves nothing in tmp.
  const bool took_place = placed || (!both_names && !undone && !lost &&
                                     (item.remove ? tmp_there || !path_there : !not_placed));
  // What waits to be placed stays until the core has taken down that it was not: until then its
  // absence says that it was. If this fails, the next start sweeps it.
  if (both_names) (void)disk.applier.Discard(tmp);
  std::vector<ReplaceResult> one(1);
  if (!took_place) {
    one[0].outcome = Outcome::kRefused;
    if (path_there && at_path.stat.kind != FileKind::kOther) one[0].stat = ToStat(at_path.stat);
    return one[0];
  }
  one[0].outcome = Outcome::kDone;
  if (!item.remove) one[0].stat = PlacedStat(at_path, staged);
  one[0].displaced = tmp_there && !both_names;
  // Settling compares with what was expected: another file that came out is then put aside.
  if (one[0].displaced) {
    const bool same = item.expected && SameButRenamed(ToFileStat(*item.expected), in_tmp.stat);
    one[0].displaced_stat = same ? ToStat(in_tmp.stat) : item.expected.value_or(Stat{});
  }
  SyncTouched(disk, touched, one);
  return one[0];
}

std::vector<SimpleResult> SettleMany(DiskSide& disk, const std::vector<SettleItem>& items) {
  std::vector<SimpleResult> results;
  ApplyDirectories directories;
  Touched touched;
  for (const SettleItem& item : items)
    results.push_back(SettleOne(disk, item, touched, directories));
  SyncTouched(disk, touched, results);
  return results;
}

std::vector<ReplaceResult> PlaceMany(DiskSide& disk, const std::vector<PlaceItem>& items) {
  std::vector<ReplaceResult> results;
  Touched touched;
  for (const PlaceItem& item : items) {
    const ApplyResult applied =
        disk.applier.Replace(item.copy, std::nullopt, Applier::TmpName(item.token));
    Append(touched, applied.touched);
    ReplaceResult result;
    switch (applied.outcome) {
      case ApplyOutcome::kDone:
        result.outcome = Outcome::kDone;
        result.stat = ToStat(*applied.placed);
        break;
      case ApplyOutcome::kBlocked:
        result = BlockedBy(applied);
        break;
      case ApplyOutcome::kRefused:
      case ApplyOutcome::kCameOutOther:
        result.outcome = Outcome::kRefused;
        break;
    }
    results.push_back(result);
  }
  SyncTouched(disk, touched, results);
  return results;
}

std::vector<AsideResult> MoveAsideMany(DiskSide& disk, const std::vector<AsideItem>& items) {
  std::vector<AsideResult> results;
  Touched touched;
  for (const AsideItem& item : items) results.push_back(MoveOneAside(disk, item, touched));
  SyncTouched(disk, touched, results);
  for (AsideResult& result : results)
    if (result.outcome == Outcome::kDone) result.look = LookAtMany(disk, {result.to}).front();
  return results;
}

std::vector<SimpleResult> RemoveCopies(DiskSide& disk, const std::vector<RemoveCopyItem>& items) {
  std::vector<SimpleResult> results;
  Touched touched;
  for (const RemoveCopyItem& item : items) results.push_back(RemoveOneCopy(disk, item, touched));
  SyncTouched(disk, touched, results);
  return results;
}

void DropStagedMany(DiskSide& disk, const std::vector<std::uint64_t>& tokens) {
  // What stays behind after an error is swept at the next start.
  ApplyDirectories directories;
  for (const std::uint64_t token : tokens)
    (void)disk.applier.Discard(Applier::TmpName(token), &directories);
}

void SweepTmp(DiskSide& disk, const std::vector<std::uint64_t>& kept) {
  const Result<std::vector<TmpEntry>> entries = disk.applier.RecoverListing();
  if (!entries.ok()) return;
  std::vector<std::string> kept_names;
  for (const std::uint64_t token : kept) kept_names.push_back(Applier::TmpName(token));
  std::sort(kept_names.begin(), kept_names.end());
  Touched touched;
  for (const TmpEntry& entry : entries.value()) {
    if (std::binary_search(kept_names.begin(), kept_names.end(), entry.name)) continue;
    const bool aside = entry.name.ends_with(kAsideSuffix);
    const bool taken_out = !entry.name.empty() && entry.name[0] >= '8';
    if (aside || taken_out) {
      PutAside(disk, DiskPath{"recovered"}, entry.name, &touched);
    } else {
      (void)disk.applier.Discard(entry.name);
    }
  }
  std::vector<SimpleResult> none;
  SyncTouched(disk, touched, none);
}

}  // namespace kinfolder
