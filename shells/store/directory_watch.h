// Tells when files of mutable directories change, by inotify.
//
// Sees writers on this machine only; writes through a network file system are not seen. Best
// effort: it may tell too much, and after the store was away it tells of everything watched. Safe
// from several threads.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "shells/store/file_io.h"
#include "shells/store/object_store.h"

namespace kinfolder {

class DirectoryWatch {
 public:
  explicit DirectoryWatch(std::string root_path);

  // -1 when the system has no inotify to give.
  int fd() const { return inotify_.get(); }

  // `files` is from a file's path below the root to the capability to tell. `epoch` is the root's.
  Status Watch(std::map<std::string, Cap> files, std::uint64_t epoch);

  // What may have changed. An `epoch` other than when watching began renews all and tells all.
  std::vector<Cap> Drain(std::uint64_t epoch);

 private:
  Status Arm(std::uint64_t epoch);
  void Disarm();
  bool ReadEvents(std::vector<Cap>& changed);
  std::vector<Cap> All() const;

  const std::string root_path_;
  const OwnedFd inotify_;
  std::mutex mutex_;
  std::map<std::string, Cap> files_;
  std::map<int, std::string> directories_;  // By watch descriptor: "dirs/xx".
  std::uint64_t epoch_ = 0;                 // 0: not armed.
};

}  // namespace kinfolder
