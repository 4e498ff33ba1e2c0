// The top of a directory store: its marker, and whether it is there right now.
//
// A store may be on a disk that is unplugged or a share that is unmounted. So each use asks for the
// root anew; a root without the marker, or with another store's, is unavailable and is never
// repaired or made again on the way. When it is back, it works again.
//
//   kinfolder-store   the marker: format version and the store's own id
//   packs/            immutable objects
//   dirs/             mutable directories
//   tmp/              what is being written, one directory for each writer, locked by it
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/result.h"
#include "shells/store/file_io.h"

namespace kinfolder {

// The root as it was found. Uses keep it alive while they run.
struct RootHandle {
  OwnedFd fd;
  std::uint64_t epoch = 0;  // Another number means: it was away, or is another directory.
  unsigned mode = 0;        // Of the top directory.
};

class StoreRoot {
 public:
  // Makes a store in a directory that is empty or not there yet (its parent must be), for the
  // owner only; widen the top directory's mode to share it. kExists when something is there.
  static Status Create(const std::string& path);

  // kNotFound when there is no store, kVersion for a newer format, kInvalid for a damaged marker.
  static Result<std::unique_ptr<StoreRoot>> Open(const std::string& path);

  // kUnavailable when the store is not there now.
  Result<std::shared_ptr<const RootHandle>> Acquire();

  // `error`, or kUnavailable when its cause is that the store went away meanwhile.
  Error Explain(const Error& error);

  // After a write: kUnclear when the store went away meanwhile.
  Status CheckStillThere(const RootHandle& handle);

  const std::string& path() const { return path_; }

 private:
  explicit StoreRoot(std::string path) : path_(std::move(path)) {}
  Status Reopen();

  const std::string path_;
  std::mutex mutex_;
  std::string id_;  // Empty until first opened.
  std::shared_ptr<const RootHandle> handle_;
  dev_t marker_device_ = 0;
  ino_t marker_inode_ = 0;
  std::uint64_t epoch_ = 0;
};

// A directory of its own below tmp/, gone with its contents when this is.
class Scratch {
 public:
  // An error if it can't be made.
  static Result<std::unique_ptr<Scratch>> Make(std::shared_ptr<const RootHandle> root);
  ~Scratch();

  // Relative to the root.
  std::string PathOf(const std::string& name) const { return path_ + "/" + name; }

 private:
  Scratch() = default;

  std::shared_ptr<const RootHandle> root_;
  std::string path_;
  OwnedFd lock_;
};

// Removes what killed writers left in tmp/ and nobody touched for `min_age_s` seconds. What a
// living writer has locked stays, however old; the age is for the moment before it is locked.
void RemoveStaleScratch(const RootHandle& root, std::int64_t min_age_s);

}  // namespace kinfolder
