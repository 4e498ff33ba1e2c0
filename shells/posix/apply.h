// Applier: puts versions on the user's disk, and never loses what was there.
//
// Targets are prepared and synced under `.kinfolder/tmp`, then exchanged with what stands at the
// path, atomically; what came out lies in tmp under the same name, is compared with what was
// expected, and is dropped only after one more look. The order of domain.md ("Applying a version
// to disk") is the caller's; the intent must be durable between SyncStaged and Replace. Safe from
// several threads for different paths. On file systems without an atomic exchange the old file is
// moved aside, compared, and the new one put without replacing: the path is absent for an instant,
// and a crash there is completed from the intent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "shells/names/disk_path.h"
#include "shells/posix/directory.h"
#include "shells/posix/file_stat.h"
#include "shells/posix/root.h"

namespace kinfolder {

// Where a target's bytes come from. Read returns 0 at the end.
struct ContentSource {
  virtual ~ContentSource() = default;
  virtual Result<std::size_t> Read(std::span<std::byte> out) = 0;
};

struct StageRequest {
  FileKind kind = FileKind::kFile;  // kFile, kLink or kDirectory (an empty one)
  bool exec = false;
  std::int64_t mtime_ns = 0;
  std::string link_target;
  // Permission bits of the file it will replace: kept but for the executable ones.
  std::optional<std::uint32_t> replaced_mode;
};

enum class ApplyOutcome : unsigned char {
  kDone = 1,          // as expected. The displaced file, if any, is at the tmp name
  kCameOutOther = 2,  // done, but what came out is not what was expected; it is at the tmp name
  kRefused = 3,       // the disk is not as expected; nothing was done
  kBlocked = 4,       // an error; nothing was done
};

struct ApplyResult {
  ApplyOutcome outcome = ApplyOutcome::kBlocked;
  // kDone, kCameOutOther: the displaced file as it is at the tmp name. kRefused: what stands at the
  // path. nullopt: nothing.
  std::optional<FileStat> found;
  std::optional<FileStat> placed;  // kDone, kCameOutOther of Replace: what stands at the path now
  std::vector<DiskPath> touched;   // directories to give to SyncDirectories
  // Only without an atomic exchange, and rarely: a displaced file lies at this tmp name. kRefused:
  // it could not be put back, because something else had come; capture it there.
  std::string aside;
  Error error;  // kBlocked
};

enum class DisplacedState : unsigned char {
  kUnchanged = 1,
  kChanged = 2,       // written to since it came out: capture it before dropping
  kBeingWritten = 3,  // unchanged so far, but a program has it open for writing: look again later
  kGone = 4,
  kUnknown = 5,  // an error
};

struct TmpEntry {
  std::string name;
  FileStat stat;
};

struct ApplyOptions {
  bool avoid_exchange = false;  // behave as on a file system whose renames know no flags
  // For tests: called between the last look and the exchange; and, where there is no exchange,
  // while nothing is at the path.
  std::function<void()> in_gap;
  std::function<void()> in_absence;
};

// What calls in a row need not open again. One thread, and for a short time: see ParentCache.
struct ApplyDirectories {
  ParentCache parents;
  OpenedDirectory tmp;
};

class Applier {
 public:
  // `root` must outlive the applier.
  explicit Applier(const Root& root, ApplyOptions options = {});

  // Wherever a function takes `shared`: null is as good, and slower for many calls.

  // The tmp name for a number of the caller's: 16 hex digits.
  static std::string TmpName(std::uint64_t number);
  // Where CaptureFile or LookAt finds it.
  static DiskPath TmpPath(const std::string& tmp_name);

  // Makes `tmp_name` in tmp, not yet synced. `source` is read for kFile only. kExists: the name is
  // taken. After any error nothing is left there.
  Result<FileStat> Stage(const std::string& tmp_name, const StageRequest& request,
                         ContentSource* source, ApplyDirectories* shared = nullptr);
  // Makes staged targets durable: fsync each if there are few, else one syncfs.
  Status SyncStaged(const std::vector<std::string>& tmp_names);

  // Puts what is staged at `tmp_name` at `path`; missing parents are made. `expected`: what stands
  // there (nullopt: nothing). An expected directory must be empty and is removed, not displaced.
  ApplyResult Replace(const DiskPath& path, const std::optional<FileStat>& expected,
                      const std::string& tmp_name, ApplyDirectories* shared = nullptr);
  // Moves what stands at `path` to `tmp_name`; a directory is removed if it is empty. Of the
  // parents the nearest `removable_parents` are removed if that left them empty.
  ApplyResult Remove(const DiskPath& path, const FileStat& expected, const std::string& tmp_name,
                     std::size_t removable_parents = 0, ApplyDirectories* shared = nullptr);
  // Undoes either: as Replace, but `expected` is compared without ctime (which our own rename
  // changed).
  ApplyResult PutBack(const DiskPath& path, const std::optional<FileStat>& expected,
                      const std::string& tmp_name);
  // Gives what stands at `path` the name `name` in the same directory, where nothing has that name.
  // kRefused: it is not as `expected`, or (`found` is as expected) the name is taken.
  ApplyResult Rename(const DiskPath& path, const FileStat& expected, const std::string& name);
  // Makes renames durable: the directories (of one that is gone, the nearest parent) and tmp.
  Status SyncDirectories(const std::vector<DiskPath>& directories);

  // `came_out` is ApplyResult::found.
  DisplacedState LookAtDisplaced(const std::string& tmp_name, const FileStat& came_out);
  // Deletes it if LookAtDisplaced says kUnchanged; the answer is what it said.
  DisplacedState DropDisplaced(const std::string& tmp_name, const FileStat& came_out,
                               ApplyDirectories* shared = nullptr);
  // Deletes whatever it is. Only for what was staged and never placed, or captured and synced.
  Status Discard(const std::string& tmp_name, ApplyDirectories* shared = nullptr);

  // All that lies in tmp, by name: recovery compares the inodes with the intents'.
  Result<std::vector<TmpEntry>> RecoverListing();

 private:
  const Root& root_;
  ApplyOptions options_;
};

}  // namespace kinfolder
