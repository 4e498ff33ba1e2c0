// Scanner: one pass over the folder's tree, or over one directory's.
//
// One stat per entry, no content read, no link followed, no other file system entered. Runs in
// slices on the thread that owns the NameTable. What it can't read is a problem and "unknown",
// never an absence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shells/names/name_table.h"
#include "shells/posix/file_stat.h"
#include "shells/posix/look.h"
#include "shells/posix/root.h"

namespace kinfolder {

struct ScanEntry {
  PathId id;
  FileStat stat;
};

enum class ScanProblemKind : unsigned char {
  kUnreadable = 1,  // the directory `dir` (or its entry `name`, if not empty) gave `error`
  kBadName = 2,     // `name` in `dir` is not UTF-8
  kClash = 3,       // `name` in `dir` has the same wire name as `id`, which is there too
  kMountPoint = 4,  // `id` is on another file system and was not entered
};

struct ScanProblem {
  ScanProblemKind kind = ScanProblemKind::kUnreadable;
  PathId dir;
  PathId id;         // where there is one
  std::string name;  // disk bytes
  int error = 0;     // errno
};

struct ScanOptions {
  // True: the entry is neither listed nor entered, and its absence is "unknown".
  std::function<bool(PathId dir, std::string_view disk_component)> ignored;
  // Called with each directory after it is opened and before it is listed (for a watcher: what
  // happens after the call is seen by the watch, what happened before by the listing).
  std::function<void(PathId dir, int fd)> on_directory;
};

class Scanner {
 public:
  // `top` is the directory to scan with all below it; PathId{0} the whole folder. `root` and
  // `names` must outlive the scanner.
  Scanner(const Root& root, NameTable* names, ScanOptions options, PathId top = PathId{});
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  // Goes on for about `max_entries` entries, which are appended to `*out` (directories before what
  // is in them; `top` itself is not listed). True while there is more to do.
  bool Step(std::size_t max_entries, std::vector<ScanEntry>* out);

  // Below: after Step returned false.
  const std::vector<ScanProblem>& problems() const;
  // kOk if the root was ours at the end; if not, PresenceOf says kUnknown for all not seen.
  RootStatus root_status() const;
  // For any path of the table: kThere if seen; kGone if the nearest ancestor that is there was
  // listed completely (or is no directory); else, or outside of `top`, kUnknown.
  DiskPresence PresenceOf(PathId id) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kinfolder
