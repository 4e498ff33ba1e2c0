// The port to a store: immutable objects written in batches, immutable directories, and small
// mutable directories that say what changed.
//
// Everything is named by capabilities, which only the store can read. Implementations may be used
// from several threads at once and work on the calling thread, so calls may block; each has its own
// limits of time. One contract suite runs against all of them (tests/contract).
//
// Errors: kUnavailable: the store can't be reached now, nothing was changed, try again later (no
// reopening needed). kUnclear: a write may or may not have happened, read back. kNotFound:
// certainly not there. kCorrupt: stored bytes are not what the capability says. kNoSpace: full or
// over quota. kPermission: the store refuses. kInvalid: a malformed capability or argument.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "shells/grid/directory.h"
#include "shells/grid/hash.h"

namespace kinfolder {

// Objects that become durable together. For one thread at a time. Destroyed without a successful
// Commit, it leaves nothing behind that can be found.
//
// Capabilities are known when something is added and may be used in later Adds of the same batch,
// but must not be linked or stored before Commit returned ok. A failed Add fails the batch: later
// Adds do nothing and Commit returns the first error.
class Batch {
 public:
  virtual ~Batch() = default;

  // Stores a copy of `bytes`.
  virtual Cap AddBytes(std::string_view bytes) = 0;

  // Stores `size` bytes from `offset` of an open file, without moving its position. kChanged when
  // the file ends before that.
  virtual Result<Cap> AddFile(int fd, std::uint64_t offset, std::uint64_t size) = 0;

  // Stores the whole file `name` in the directory `dirfd`. The store may keep a hard link to it
  // instead of a copy. REQUIRES: the file is this machine's own staged copy, `sha256` is of its
  // bytes, and nobody writes to it ever after (removing it is fine). kChanged when the size
  // differs.
  virtual Result<Cap> AddStagedFile(int dirfd, const std::string& name, std::uint64_t size,
                                    const Digest& sha256) = 0;

  // An immutable directory. REQUIRES: as EncodeImmutableDirectory.
  virtual Cap AddDirectory(const std::vector<DirectoryChild>& children) = 0;

  // Returns when all is durable. Once only; after an error the batch is spent, and adding the same
  // things to a new one is safe.
  virtual Status Commit() = 0;
};

// A change of one name in a mutable directory; a null capability removes it.
struct DirectoryChange {
  std::string name;
  std::optional<Cap> cap;

  friend bool operator==(const DirectoryChange&, const DirectoryChange&) = default;
};

struct DirectoryChanges {
  std::string version;  // The directory's version that `entries` lead to. Opaque.
  bool whole = false;   // True: `entries` is the whole directory; names not in it are not there.
  std::vector<DirectoryChange> entries;  // One per name.
};

struct NewDirectory {
  Cap write_cap;
  Cap read_cap;
};

// Called with each piece in order; a failure ends the reading and is passed on.
using ContentSink = std::function<Status(std::string_view piece)>;

// Reads immutable objects.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;

  // The verified bytes of an object. kTooLarge, without reading it, when it is above `max_bytes`.
  virtual Result<std::string> Get(const Cap& cap, std::uint64_t max_bytes) = 0;

  // Hands the bytes to `sink` in pieces of at most 1 MiB. Pieces come before the whole could be
  // verified: unless this returns ok, what the sink received must not be used.
  virtual Status GetTo(const Cap& cap, const ContentSink& sink) = 0;

  // The verified children of an immutable directory.
  virtual Result<std::vector<DirectoryChild>> ReadDirectory(const Cap& cap) = 0;
};

class ObjectStore : public ObjectReader {
 public:
  virtual std::unique_ptr<Batch> NewBatch() = 0;

  // For many reads in a row: as the store's own, but whether the store is still there need be
  // looked at only once and after an error. For one thread, and for a short time; the store must
  // outlive it.
  virtual std::unique_ptr<ObjectReader> NewReader() = 0;

  // An empty mutable directory, durable on return.
  virtual Result<NewDirectory> CreateDirectory() = 0;

  // The right to read what `write_cap` is the right to write; a read capability is returned as it
  // is. Works while the store is unavailable, where the store allows that.
  virtual Result<Cap> ReadCapOf(const Cap& write_cap) = 0;

  // The present version of a mutable directory, cheaply. Either capability will do here and below.
  virtual Result<std::string> CheckDirectory(const Cap& cap) = 0;

  // What changed since `known_version`, or the whole directory when that is empty or the store
  // can't tell any more.
  virtual Result<DirectoryChanges> ReadDirectoryChanges(const Cap& cap,
                                                        const std::string& known_version) = 0;

  // Makes all of `entries` true at once, durably; of several for one name the last counts. Returns
  // the new version, which may include changes by others that the caller has not read. Concurrent
  // calls, also of other processes, lose nothing.
  virtual Result<std::string> Link(const Cap& write_cap,
                                   const std::vector<DirectoryChange>& entries) = 0;

  // The SHA-256 of the bytes behind a capability if every whole read of them is checked against it;
  // nullopt if the capability does not say.
  virtual std::optional<Digest> DigestOf(const Cap&) const { return std::nullopt; }

  // Whether reading and writing can be expected to work now; the text is for people.
  virtual Status Health() = 0;

  // Where and what the store is, for people. Holds no secret.
  virtual std::string Describe() const = 0;

  // Replaces the set of mutable directories to be told about. Telling is best effort: poll, too.
  virtual Status Watch(const std::vector<Cap>& caps) = 0;

  // Readable when Drain() has something; -1 when this store can only be polled. Valid as long as
  // the store object.
  virtual int NotifyFd() const = 0;

  // The watched capabilities, as they were given, whose directories may have changed.
  virtual std::vector<Cap> Drain() = 0;
};

}  // namespace kinfolder
