// A simulated store: immutable snapshots and contents, one mutable directory per participant, the
// collective, and its faults.
//
// A plain value. A capability is a number here, "S:<n>" for people. Directories are written whole,
// at one instant; a write that was delayed brings back what it was made from. Nothing is ever taken
// out of the lists: what the store has lost stays there, marked, so that it can be judged who lost
// what. What a directory held at an earlier time follows from its history.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/facts.h"
#include "sim/world/blobs.h"
#include "sim/world/store_faults.h"

namespace kinfolder::sim {

using Cap = std::uint32_t;      // of a snapshot or a content; 0: none
using TruthId = std::uint32_t;  // of the true history (truth.h); 0: none

// How a hostile head is wrong.
enum class Forgery : std::uint8_t {
  kNone = 0,
  kBadSignature = 1,
  kWrongPath = 2,
  kEscape = 3,
  kUnknownAuthor = 4,
  kWrongVersion = 5,
  kCycle = 6,     // it is an ancestor of its own parent
  kHuge = 7,      // so many parents that its metadata is larger than any may be
  kHugeSize = 8,  // it claims more bytes than there are
};

// What became of something that was stored.
enum class Health : std::uint8_t {
  kWhole = 0,
  kDamaged = 1,     // its bytes are wrong, and reading it says so
  kDropped = 2,     // gone
  kRolledBack = 3,  // gone: the store is what it was before this came
};

struct StoredContent {
  BlobId blob = 0;
  std::uint32_t owner = 0;  // directory number of who sent it
  std::int64_t stored_ms = 0;
  Health health = Health::kWhole;
};

struct StoredSnapshot {
  std::string path;       // as the metadata says
  SharedVersion version;  // as the metadata claims
  Cap content = 0;        // of a file's or link's bytes
  std::uint64_t size = 0;
  std::uint64_t generation = 0;
  std::int64_t created_ms = 0;
  std::int64_t mtime_ns = 0;
  std::uint32_t author = 0;  // directory number of the author
  bool approved = false;
  bool plain = false;  // a peer's: it does not say its version
  std::vector<Cap> parents;
  Forgery forgery = Forgery::kNone;
  TruthId truth = 0;
  std::int64_t stored_ms = 0;
  Health health = Health::kWhole;
};

using Directory = std::map<std::string, Cap>;  // path -> snapshot

struct DirectoryWrite {
  std::int64_t at_ms = 0;
  int machine = 0;  // kAnyone: the store itself
  std::string path;
  Cap before = 0, after = 0;
};

struct StoredDirectory {
  Directory now;
  std::vector<DirectoryWrite> history;  // every change of every entry
  std::int64_t created_ms = 0;
  bool gone = false;  // the store is what it was before this was made
};

struct Listed {
  std::string name;
  std::uint32_t directory = 0;
  bool retired = false;
  bool read_only = false;
  std::int64_t since_ms = 0;
  bool peer = false;
};

struct Store {
  std::vector<StoredSnapshot> snapshots;     // by Cap - 1
  std::vector<StoredContent> contents;       // by Cap - 1
  std::vector<StoredDirectory> directories;  // by number - 1
  std::vector<Listed> collective;
  bool has_losses = false;          // something is not whole, or was not once
  std::int64_t rolled_back_ms = 0;  // when that happened last
  StoreFaults faults;
};

// What was stored before and got lost gets its capability again: the same bytes from the same
// participant always have the same one.
Cap AddSnapshot(Store& store, StoredSnapshot snapshot);
Cap AddContent(Store& store, StoredContent content);
std::uint32_t AddDirectory(Store& store, std::int64_t now_ms);
const StoredSnapshot& SnapshotOf(const Store& store, Cap cap);
const StoredContent& ContentOf(const Store& store, Cap cap);
// The snapshot can be read, content and all.
bool IsStored(const Store& store, Cap cap);
// What reading it says: kNone, kNotFound or kCorrupt.
Reason TroubleOf(Health health);
// The name a directory has in the collective; empty if it is not listed.
std::string NameOf(const Store& store, std::uint32_t directory);
bool IsRetired(const Store& store, std::uint32_t directory);
// The order of snapshots that all machines share.
std::uint64_t RankOf(Cap cap);
// Replaces the directory's value and writes down what changed.
void PutDirectory(Store& store, std::uint32_t directory, Directory value, int machine,
                  std::int64_t now_ms);
// What the directory held at the end of that moment.
Directory ValueAt(const StoredDirectory& directory, std::int64_t at_ms);

}  // namespace kinfolder::sim
