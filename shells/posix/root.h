// Root: a folder's root directory, held open, and the marker that says whose it is.
//
// The marker, `.kinfolder/root.json`, names the folder and the one state directory used on this
// root. Nothing seen under a root whose Check() is not kOk says anything about deletes: a missing,
// unmounted, emptied or exchanged root is "unknown". Everything else in shells/posix works relative
// to fd(), so a root that was moved is never mixed up with what stands in its place.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "shells/posix/fd.h"

namespace kinfolder {

struct RootMarker {
  std::string folder;  // folder id
  std::string state;   // state directory id

  friend bool operator==(const RootMarker&, const RootMarker&) = default;
};

struct RootIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const RootIdentity&, const RootIdentity&) = default;
};

enum class RootStatus : unsigned char {
  kOk = 1,
  kMissing = 2,        // nothing at the path, or it can't be reached
  kNoMarker = 3,       // a directory without our marker: emptied, or a disk not mounted
  kForeignMarker = 4,  // the marker names another folder or state directory, or can't be read
  kExchanged = 5,      // another directory stands at the path than the one held open
};

class Root {
 public:
  // Opens the directory (links in `path` itself are followed: the user chose it). Does not ask for
  // the marker; Check() does. kNotFound, kInvalid (no directory), kPermission.
  static Result<Root> Open(std::string path, RootMarker expected);

  // Makes the marker, `.kinfolder/` and `.kinfolder/tmp/`, durably. Done already by us: ok.
  // kExists: there is another marker; only `take_over` replaces it.
  Status CreateMarker(bool take_over = false);
  // The marker that is there. kNotFound, kCorrupt, or as ErrnoError.
  Result<RootMarker> ReadMarker() const;

  // Whether the path still leads to the directory held open, and the marker is ours.
  RootStatus Check() const;

  int fd() const { return fd_.get(); }  // O_PATH
  const std::string& path() const { return path_; }
  RootIdentity identity() const { return identity_; }

 private:
  Root(std::string path, RootMarker expected, Fd fd, RootIdentity identity);

  std::string path_;
  RootMarker expected_;
  Fd fd_;
  RootIdentity identity_;
};

}  // namespace kinfolder
