// Disk jobs: what the host does to a folder's files, many at a time, on worker threads.
//
// Plain values in and out; no ids, no tables, no decisions. Each function makes what it did durable
// once for all of its items and answers them in their order. A user's bytes that come out where
// they were not expected are put back, or beside the file under a free name; never dropped.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/facts.h"
#include "core/base/ids.h"
#include "shells/grid/hash.h"
#include "shells/names/disk_path.h"
#include "shells/posix/apply.h"
#include "shells/posix/capture.h"
#include "shells/posix/look.h"
#include "shells/posix/root.h"
#include "shells/posix/staging.h"

namespace kinfolder {

// A folder's root as long as it is the one that was opened. Shared by jobs and loop; thread-safe.
struct DiskSide {
  DiskSide(Root opened, std::string participant, ApplyOptions options = {})
      : root(std::move(opened)), applier(root, std::move(options)), self(std::move(participant)) {}

  Root root;
  Applier applier;
  std::string self;  // our participant's name, for the names of files put aside
};

// --- looking ---
enum class Emptiness : unsigned char { kEmpty = 1, kNotEmpty = 2, kUnknown = 3 };
// Of a directory; `.kinfolder` in the root does not count.
Emptiness DirectoryEmptiness(const Root& root, const DiskPath& path);

struct LookResult {
  DiskLook look;
  Emptiness emptiness = Emptiness::kUnknown;  // of a directory
};
std::vector<LookResult> LookAtMany(const DiskSide& disk, const std::vector<DiskPath>& paths);

// --- capturing ---
struct CaptureItem {
  DiskPath path;
  std::uint64_t size_hint = 0;
};
struct CaptureResult {
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
  FileStat stat;
  Digest sha256 = {};
  std::uint64_t size = 0;
  std::optional<StagedRef> staged;           // none for a directory
  std::shared_ptr<const std::string> bytes;  // of a small content
};
std::vector<CaptureResult> CaptureMany(const DiskSide& disk, StagingArea& staging,
                                       const std::vector<CaptureItem>& items);
// The same for one file from outside the folder, already open.
CaptureResult CaptureOpenFile(int fd, StagingArea& staging);

// --- replacing ---
struct ReplaceItem {
  DiskPath path;
  std::optional<Stat> expected;
  bool remove = false;
  std::uint64_t token = 0;
  std::size_t removable_parents = 0;  // the nearest so many go too if a removal empties them
  bool gone_is_undone = false;        // for RecoverOne: see RecoverReplace
};
struct ReplaceResult {
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
  Stat stat;
  bool displaced = false;
  Stat displaced_stat;
};
std::vector<ReplaceResult> ReplaceMany(DiskSide& disk, const std::vector<ReplaceItem>& items);

// `staged` is what had been staged under the token.
ReplaceResult RecoverOne(DiskSide& disk, const ReplaceItem& item, const Stat& staged);

// --- settling ---
struct SettleItem {
  DiskPath path;
  std::uint64_t token = 0;
  Stat displaced;
};
struct SimpleResult {
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
};
std::vector<SimpleResult> SettleMany(DiskSide& disk, const std::vector<SettleItem>& items);

// --- giving way to a directory ---
struct AsideItem {
  DiskPath path;
  Stat expected;
};
struct AsideResult {
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kNone;
  DiskPath to;  // the first free one of `path~file`, `path~file-2`, ...
  LookResult look;
};
std::vector<AsideResult> MoveAsideMany(DiskSide& disk, const std::vector<AsideItem>& items);

// --- conflict copies ---
struct PlaceItem {
  DiskPath copy;
  std::uint64_t token = 0;
};
std::vector<ReplaceResult> PlaceMany(DiskSide& disk, const std::vector<PlaceItem>& items);

struct RemoveCopyItem {
  DiskPath copy;
  Stat expected;
  bool release = false;
  std::uint64_t number = 0;  // for a name in tmp
};
std::vector<SimpleResult> RemoveCopies(DiskSide& disk, const std::vector<RemoveCopyItem>& items);

// Deletes staged files that were never placed.
void DropStagedMany(DiskSide& disk, const std::vector<std::uint64_t>& tokens);

// After a start: what lies in tmp and is nobody's. Staged files are deleted; a user's bytes are put
// into the root under a name that says so. `kept` are the tokens that the core still knows.
void SweepTmp(DiskSide& disk, const std::vector<std::uint64_t>& kept);

// Puts the file `tmp_name` beside `path`, under a free name `<file>.edited-<self>`. False: it lies
// where it was.
bool PutAside(DiskSide& disk, const DiskPath& path, const std::string& tmp_name,
              std::vector<DiskPath>* touched);

}  // namespace kinfolder
