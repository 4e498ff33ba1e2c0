// A simulated store: immutable snapshots and contents, one mutable directory per participant, the
// collective, and its faults.
//
// A plain value. A capability is a number here, "S:<n>" for people. Directories are written whole,
// at one instant; a write that was delayed brings back what it was made from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/facts.h"
#include "sim/world/blobs.h"

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
  std::vector<Cap> parents;
  Forgery forgery = Forgery::kNone;
  TruthId truth = 0;
};

using Directory = std::map<std::string, Cap>;  // path -> snapshot

struct DirectoryWrite {
  std::int64_t at_ms = 0;
  int machine = 0;
  std::string path;
  Cap before = 0, after = 0;
};

struct StoredDirectory {
  Directory now;
  Directory stale;                      // what reads see while `store stale` lasts
  std::vector<DirectoryWrite> history;  // every change of every entry
};

struct Listed {
  std::string name;
  std::uint32_t directory = 0;
  bool retired = false;
  bool read_only = false;
};

// What the next requests meet; each is counted per machine, -1 for anyone.
struct StoreFaults {
  std::map<int, int> fail;         // the next N requests fail
  std::map<int, int> lose_answer;  // the next N requests work, their answers are lost
  std::map<int, int> delay_write;  // the next N directory writes time out and work later
  std::map<int, std::int64_t> delay_ms;
  std::map<int, std::int64_t> stall_until_ms;
  std::int64_t stale_until_ms = 0;
  std::int64_t latency_ms = 0;  // 0: drawn
};

struct Store {
  std::vector<StoredSnapshot> snapshots;     // by Cap - 1
  std::vector<BlobId> contents;              // by Cap - 1
  std::vector<StoredDirectory> directories;  // by number - 1
  std::vector<Listed> collective;
  StoreFaults faults;
};

Cap AddSnapshot(Store& store, StoredSnapshot snapshot);
Cap AddContent(Store& store, BlobId blob);
std::uint32_t AddDirectory(Store& store);
const StoredSnapshot& SnapshotOf(const Store& store, Cap cap);
// The name a directory has in the collective; empty if it is not listed.
std::string NameOf(const Store& store, std::uint32_t directory);
// The order of snapshots that all machines share.
std::uint64_t RankOf(Cap cap);
// Replaces the directory's value and writes down what changed.
void PutDirectory(Store& store, std::uint32_t directory, Directory value, int machine,
                  std::int64_t now_ms);

}  // namespace kinfolder::sim
