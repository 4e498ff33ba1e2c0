#include "sim/world/truth.h"

#include <algorithm>
#include <set>

#include "core/base/check.h"

namespace kinfolder::sim {

TruthId AddTruth(Truth& truth, TruthNode node) {
  for (TruthId parent : node.parents)
    node.depth = std::max(node.depth, NodeOf(truth, parent).depth + 1);
  truth.nodes.push_back(std::move(node));
  return static_cast<TruthId>(truth.nodes.size());
}

const TruthNode& NodeOf(const Truth& truth, TruthId id) {
  CHECK(id != 0 && id <= truth.nodes.size());
  return truth.nodes[id - 1];
}

bool IsBelow(const Truth& truth, TruthId a, TruthId b) {
  if (a == 0 || a == b) return true;
  if (b == 0) return false;
  std::set<TruthId> seen = {b};
  std::vector<TruthId> open = {b};
  while (!open.empty()) {
    const TruthNode& node = NodeOf(truth, open.back());
    open.pop_back();
    for (TruthId parent : node.parents) {
      if (parent == a) return true;
      if (parent < a || !seen.insert(parent).second) continue;
      open.push_back(parent);
    }
  }
  return false;
}

bool IsExcused(const Truth& truth, const SharedVersion& version, const std::string* path) {
  return std::any_of(truth.excused.begin(), truth.excused.end(), [&](TruthId id) {
    const TruthNode& node = NodeOf(truth, id);
    return node.version.kind == version.kind && node.version.blob == version.blob &&
           (path == nullptr || node.path == *path);
  });
}

std::vector<TruthId> Ancestry(const Truth& truth, TruthId of) {
  std::set<TruthId> seen;
  std::vector<TruthId> open;
  if (of != 0) open.push_back(of);
  while (!open.empty()) {
    const TruthId id = open.back();
    open.pop_back();
    if (!seen.insert(id).second) continue;
    for (TruthId parent : NodeOf(truth, id).parents) open.push_back(parent);
  }
  return {seen.begin(), seen.end()};
}

const char* DeedText(Deed deed) {
  switch (deed) {
    case Deed::kUserWrote:
      return "user wrote it to";
    case Deed::kUserRemoved:
      return "user removed or replaced it at";
    case Deed::kCaptured:
      return "agent captured it at";
    case Deed::kSnapshotMade:
      return "agent made a snapshot of it at";
    case Deed::kUploaded:
      return "agent uploaded it for";
    case Deed::kLinked:
      return "agent linked it in its directory at";
    case Deed::kDownloaded:
      return "agent downloaded it for";
    case Deed::kPlaced:
      return "agent put it at";
    case Deed::kDisplaced:
      return "agent took it away from";
    case Deed::kDropped:
      return "agent dropped the displaced file of";
    case Deed::kCopyPlaced:
      return "agent placed it as the copy";
    case Deed::kCopyRemoved:
      return "agent removed the copy";
    case Deed::kPutBeside:
      return "agent put it beside, at";
    case Deed::kStoreRolledBack:
      return "was rolled back and has lost it for";
    case Deed::kStoreDropped:
      return "has lost it for";
    case Deed::kStoreDamaged:
      return "has damaged it for";
    case Deed::kStoreRepaired:
      return "has it whole again for";
    case Deed::kCutOff:
      return "a power cut took it from";
  }
  return "?";
}

std::vector<std::string> Biography(const Ledger& ledger, const std::vector<std::string>& machines,
                                   BlobId blob) {
  std::vector<std::string> lines;
  for (const LedgerEntry& entry : ledger.entries)
    if (entry.blob == blob)
      lines.push_back(std::to_string(entry.at_ms) + " ms: " +
                      (entry.machine < 0 ? std::string("the store")
                                         : machines[static_cast<std::size_t>(entry.machine)]) +
                      ": " + DeedText(entry.deed) + " " + entry.path);
  return lines;
}

}  // namespace kinfolder::sim
