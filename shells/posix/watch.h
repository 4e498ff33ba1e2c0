// Watcher: inotify over a folder's tree, told in PathIds.
//
// A hint, never the truth: each event only says "look there". Give directory_hook() to every
// Scanner as on_directory, from the first scan on: each directory is watched before it is listed,
// so nothing falls between. New directories are watched and listed inside Read(). What can't be
// watched is a problem and must be polled. One thread only, the NameTable's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "shells/names/name_table.h"
#include "shells/posix/root.h"
#include "shells/posix/scan.h"

namespace kinfolder {

enum class WatchEventKind : unsigned char {
  kSettled = 1,   // written and closed, moved here, made (directory, link), metadata changed
  kModified = 2,  // being written, or just made
  kRemoved = 3,   // deleted or moved away; of a directory: all below it too
  kOverflow = 4,  // events were lost: scan everything
  kDied = 5,      // the root or its marker was removed, moved or unmounted: Check() it
};

struct WatchEvent {
  WatchEventKind kind = WatchEventKind::kSettled;
  PathId dir;
  PathId id;  // PathId{0} for kOverflow and kDied
  bool is_directory = false;
};

struct WatchProblem {
  PathId dir;
  int error = 0;  // ENOSPC: the limit fs.inotify.max_user_watches is reached
};

class Watcher {
 public:
  // kUnavailable: no inotify instance to be had. `root` and `names` must outlive the watcher;
  // `ignored` as in ScanOptions: such directories are not watched, such names not reported.
  static Result<std::unique_ptr<Watcher>> Create(
      const Root& root, NameTable* names,
      std::function<bool(PathId dir, std::string_view disk_component)> ignored);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // For ScanOptions::on_directory. Valid as long as the watcher.
  std::function<void(PathId dir, int fd)> directory_hook();

  int fd() const;  // readable when there is something to Read()
  // All that is waiting, without blocking. Entries of new directories come as kSettled.
  std::vector<WatchEvent> Read();

  // Directories that could not be watched, since the last call.
  std::vector<WatchProblem> TakeProblems();
  std::size_t watched_directories() const;

 private:
  struct Impl;
  explicit Watcher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kinfolder
