// What a simulated disk has shown to programs and not yet written down.
//
// Beside what programs see, a disk keeps the former values of every directory entry, of every entry
// of the staging area and of every file that changed lately; nothing is kept of what did not. A
// change is written down by a sync of its directory or file, or by itself 30 s later. Until then
// a power cut may bring back any of the former values (power.h). Entries are kept by the inode of
// their directory, so a directory that moves takes what is in it along. A plain value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/model/version.h"
#include "sim/world/blobs.h"

namespace kinfolder::sim {

struct Inode {
  Kind kind = Kind::kFile;
  BlobId blob = 0;            // content, or a link's target
  std::uint32_t mode = 0644;  // permission bits
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  BlobId staged_blob = 0;  // what the agent wrote there; 0: a user made it
  int writers = 0;         // programs that have it open for writing
};

// A value that something had until the change `op` at `until_ms`.
template <class T>
struct Former {
  T value;
  std::uint64_t op = 0;
  std::int64_t until_ms = 0;
  bool by_user = false;  // who made the change
};
// Oldest first; what there is now is not in it.
template <class T>
using Trail = std::vector<Former<T>>;

using Entry = std::optional<std::uint64_t>;              // an inode, or nothing
using EntryKey = std::pair<std::uint64_t, std::string>;  // directory's inode (0: root), name

struct Unsynced {
  std::map<EntryKey, Trail<Entry>> entries;
  std::map<std::uint64_t, Trail<Entry>> tmp;    // by token
  std::map<std::uint64_t, Trail<Inode>> files;  // content, size, mode and times
  std::map<std::uint64_t, Inode> removed;       // inodes that a former entry names
  std::map<BlobId, std::int64_t> staged;        // copied to the state directory, and when
  std::uint64_t next_op = 1;
  std::int64_t now_ms = 0;  // of the last change; who lets changes happen sets this and the next
  bool by_user = false;     // a user makes them, not the agent
  std::int64_t pruned_ms = 0;
};

inline constexpr std::int64_t kWriteBackMs = 30'000;

// Each takes down the value that is about to be replaced. Changes of one `op` are one for a file
// system with a journal: a rename's two names.
void NoteEntry(Unsynced& unsynced, std::uint64_t op, const EntryKey& key, Entry former);
void NoteTmp(Unsynced& unsynced, std::uint64_t op, std::uint64_t token, Entry former);
void NoteFile(Unsynced& unsynced, std::uint64_t number, const Inode& former);

// What one call for durability covers.
struct SyncPoint {
  std::set<std::uint64_t> directories;  // all entries of these
  std::set<std::uint64_t> files;
  std::set<BlobId> staged;
  bool tmp = false;  // the staging area's entries
};
// The directories of which an entry changed by operation `op` or later.
std::set<std::uint64_t> DirectoriesSince(const Unsynced& unsynced, std::uint64_t op);
// From now on a power cut can't undo it.
void Sync(Unsynced& unsynced, const SyncPoint& point);
// Forgets what has been written down by itself meanwhile.
void WriteBack(Unsynced& unsynced, std::int64_t now_ms);
// Nothing is pending at that moment.
bool IsEmpty(const Unsynced& unsynced, std::int64_t now_ms);

}  // namespace kinfolder::sim
