// What really happened: every snapshot ever made with its true parents, and what became of every
// content. The simulator's own knowledge; no machine sees it. The oracles judge by it.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sim/world/blobs.h"
#include "sim/world/store.h"

namespace kinfolder::sim {

struct TruthNode {
  std::string path;
  SharedVersion version;
  std::vector<TruthId> parents;
  int machine = 0;
  std::uint32_t depth = 1;  // 1 + the largest of the parents'
  std::int64_t created_ms = 0;
  bool forged = false;
};

struct Truth {
  std::vector<TruthNode> nodes;  // by TruthId - 1
  std::set<TruthId> excused;     // lost by the store, and not stored again since
};

TruthId AddTruth(Truth& truth, TruthNode node);
// REQUIRES: id is not 0.
const TruthNode& NodeOf(const Truth& truth, TruthId id);
// a is b or an ancestor of b; 0 (nothing) is below everything.
bool IsBelow(const Truth& truth, TruthId a, TruthId b);
// The store has lost a snapshot with these bytes, of this path or (none given) of any, and nobody
// has stored such a one again.
bool IsExcused(const Truth& truth, const SharedVersion& version, const std::string* path);
// `of` and all its ancestors, ascending by id (so parents before children).
std::vector<TruthId> Ancestry(const Truth& truth, TruthId of);

enum class Deed : std::uint8_t {
  kUserWrote,
  kUserRemoved,
  kCaptured,
  kSnapshotMade,
  kUploaded,
  kLinked,
  kDownloaded,
  kPlaced,
  kDisplaced,
  kDropped,
  kCopyPlaced,
  kCopyRemoved,
  kPutBeside,
  kStoreRolledBack,
  kStoreDropped,
  kStoreDamaged,
  kStoreRepaired,
  kCutOff,
};

struct LedgerEntry {
  std::int64_t at_ms = 0;
  int machine = 0;  // kAnyone: the store itself
  Deed deed = Deed::kUserWrote;
  std::string path;
  BlobId blob = 0;
};

struct Ledger {
  std::vector<LedgerEntry> entries;
};

// For people: `user wrote it to`, and the like.
const char* DeedText(Deed deed);
// For people: the lines of the ledger about these bytes, oldest first.
std::vector<std::string> Biography(const Ledger& ledger, const std::vector<std::string>& machines,
                                   BlobId blob);

}  // namespace kinfolder::sim
