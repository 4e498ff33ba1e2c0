// A simulated disk: one folder's tree, the agent's staging area beside it, and its moods.
//
// A plain value. Names are paths from the root, components joined by '/'. Inodes are never reused.
// Everything happens at one instant that the caller names; only what is said here is checked (the
// caller decides what an agent may do). A rename changes the ctime of what it moves, as on Linux.
// Every change goes through the functions below, which take down in `unsynced` what it replaces;
// who lets something happen says in `unsynced` when that is and whether a user does it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/agent/facts.h"
#include "sim/world/blobs.h"
#include "sim/world/unsynced.h"

namespace kinfolder::sim {

// Whether the composed and the decomposed spelling of a name are one name to a disk.
enum class Spelling : std::uint8_t {
  kApart = 1,       // no: names are bytes
  kKept = 2,        // they are one; a new name stays as it was given
  kDecomposed = 3,  // they are one, and every name is kept decomposed
};

enum class RootState : std::uint8_t { kOurs = 1, kMissing = 2, kEmptied = 3 };

struct Disk {
  std::map<std::string, std::uint64_t> names;  // directories too
  std::map<std::uint64_t, Inode> inodes;
  std::map<std::uint64_t, std::uint64_t> tmp;  // staging: token -> inode
  std::uint64_t next_inode = 1;
  std::uint64_t next_token = 1;
  RootState root = RootState::kOurs;
  bool full = false;
  std::set<std::string> io_errors;
  std::int64_t mtime_granularity_ns = 1;
  bool folds_case = false;               // disk_names.h
  bool windows_names = false;            // likewise
  Spelling spelling = Spelling::kApart;  // likewise
  bool has_wide = false;                 // a name beyond ASCII was here once
  Unsynced unsynced;
  std::set<BlobId> silent;  // bytes that a power cut left in a user's file, with an unchanged stat
};

// All names, by the directory that they are in.
std::map<EntryKey, std::uint64_t> EntriesOf(const Disk& disk);
// The directory a path is in; empty for the root.
std::string ParentOf(const std::string& path);
// Null if nothing is there.
const Inode* FindFile(const Disk& disk, const std::string& path);
bool HasChildren(const Disk& disk, const std::string& path);
// True if a proper ancestor of `path` is there and is no directory.
bool UnderFile(const Disk& disk, const std::string& path);
// True if a directory on the way to `path` can't be read.
bool Unreadable(const Disk& disk, const std::string& path);

Stat StatOf(const Disk& disk, const Blobs& blobs, std::uint64_t inode);
// nullopt: nothing is there.
std::optional<Stat> StatAt(const Disk& disk, const Blobs& blobs, const std::string& path);
// What is there as a version; kDeleted also for a directory that holds something.
SharedVersion VersionAt(const Disk& disk, const std::string& path);

// --- changes ---
// What a name stands for from now on; nothing: the name goes. The inode that it stood for stays.
void SetName(Disk& disk, const std::string& path, Entry entry);
void SetTmp(Disk& disk, std::uint64_t token, Entry entry);
// What the two stand for changes places, at once.
void Exchange(Disk& disk, const std::string& path, std::uint64_t token);
// The inode, to be changed. REQUIRES: it is there.
Inode& Change(Disk& disk, std::uint64_t inode);
// A new inode without a name; what it holds is not written down. Returns its number.
std::uint64_t AddInode(Disk& disk, const Inode& inode);
// Makes the directories above `path`.
void MakeParents(Disk& disk, const std::string& path, std::int64_t now_ns);
// A new inode of this kind under `path`, replacing the name if it was taken. Returns its number.
std::uint64_t Create(Disk& disk, const std::string& path, Kind kind, BlobId blob,
                     std::int64_t now_ns);
// What a user writes there: content and times change. No-op if the inode is gone.
void SetContent(Disk& disk, std::uint64_t inode, BlobId blob, std::int64_t now_ns);
// Removes the name, and the inode if nothing else holds it.
void Unlink(Disk& disk, const std::string& path);
// Removes an inode that no name and no token holds.
void Reap(Disk& disk, std::uint64_t inode);
// Moves a file, or a directory with all in it. What is at `to` is replaced.
void Rename(Disk& disk, const std::string& from, const std::string& to, std::int64_t now_ns);
// Removes directories above `path` that became empty, up to the first that `keeps`.
void PruneParents(Disk& disk, const std::string& path,
                  const std::function<bool(const std::string&)>& keeps);

// Why nothing can be said of the folder; kNone: it is there and ours.
Reason RootReason(const Disk& disk);

}  // namespace kinfolder::sim
