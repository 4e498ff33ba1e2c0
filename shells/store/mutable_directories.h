// Mutable directories of the directory store, each a log file (directory_log.h).
//
//   kf1-rw:<32 random bytes in base32>                write capability, secret
//   kf1-ro:<SHA-256 of a label and the former>        read capability
//   dirs/<xx>/<SHA-256 of a label and the latter>     the file
//
// The capabilities keep honest programs apart; whoever can write to the store's files can write
// every directory. Writers of all processes take turns by a lock on the file. Readers take none: a
// record is there or not. Safe from several threads.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "shells/store/directory_log.h"
#include "shells/store/object_store.h"
#include "shells/store/store_root.h"

namespace kinfolder {

// kInvalid for what is neither a write nor a read capability.
Result<Cap> MutableReadCap(const Cap& cap);

// The file's path below the root. `read_cap` comes from MutableReadCap.
std::string MutableDirectoryPath(const Cap& read_cap);

class MutableDirectories {
 public:
  Result<NewDirectory> Create(std::shared_ptr<const RootHandle> root);
  Result<std::string> Check(const RootHandle& root, const Cap& read_cap);
  Result<DirectoryChanges> Changes(const RootHandle& root, const Cap& read_cap,
                                   const std::string& known_version);
  // kInvalid unless it is a write capability.
  Result<std::string> Link(std::shared_ptr<const RootHandle> root, const Cap& write_cap,
                           const std::vector<DirectoryChange>& entries);

 private:
  // What is known of a file, so that only what is new has to be read. Always checked against the
  // file before it is used.
  struct Known {
    dev_t device = 0;
    ino_t inode = 0;
    LogPosition position;          // The end of the last good record.
    bool clean = false;            // Nothing came behind it.
    bool name_is_durable = false;  // As far as this process has seen to it.
    // Size at which to look again whether compacting pays.
    std::uint64_t compaction_check = 0;
  };

  std::optional<Known> Recall(const std::string& path);
  void Remember(const std::string& path, const Known& known);
  Result<Known> ReadToEnd(int fd, const std::string& path);
  Result<LogPosition> Append(const RootHandle& root, int fd, const std::string& path,
                             const std::vector<DirectoryChange>& entries);
  std::optional<LogPosition> MaybeCompact(std::shared_ptr<const RootHandle> root, int fd,
                                          const std::string& path);

  std::mutex mutex_;
  std::map<std::string, Known> known_;  // By path; bounded.
};

}  // namespace kinfolder
