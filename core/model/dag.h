// The snapshots of a folder as the core knows them: a DAG per path, and the questions asked of it.
//
// Nodes are immutable once known. A node that was named (as a head or a parent) but not read yet is
// simply absent here; every question that would need it answers kUnknown and says what to fetch.
// Generation numbers (1 + the largest of the parents') are a hint for pruning only: where a node's
// parents are known and its number does not fit them, it is not used. A lie costs work, or makes a
// conflict copy; it never makes a version disappear.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/ids.h"
#include "core/model/version.h"

namespace kinfolder {

struct Node {
  PathId path{};
  Version version{};
  std::uint64_t size = 0;             // bytes of the content
  std::uint64_t generation = 0;       // hint: 1 for a root, else 1 + max of the parents'; 0 unknown
  std::uint64_t rank = 0;             // an order all machines share (from the cap's hash)
  std::int64_t created_ms = 0;        // wall clock of the author; for display and history order
  std::int64_t mtime_ns = 0;          // travels with the version; decides nothing
  ParticipantId author{};             // who signed it; 0 if it is nobody we know
  bool approved = false;              // a delete that a person approved (see held deletes)
  std::vector<SnapshotId> parents{};  // same path; sorted, no duplicates

  friend bool operator==(const Node&, const Node&) = default;
};

// Snapshots made here carry this bit; ids of snapshots read from the store do not (the shell hands
// those out). A local snapshot keeps its id when it is uploaded.
inline constexpr std::uint32_t kLocalSnapshotBit = 0x8000'0000u;
constexpr bool IsLocalId(SnapshotId id) { return (id.value & kLocalSnapshotBit) != 0; }

// All known nodes. Copyable value. Lookup O(log n) or better; ids below and above kLocalSnapshotBit
// are kept apart so that both stay dense.
class Dag {
 public:
  // Adds a node. Adding a known id again changes nothing. REQUIRES: id is not none.
  void Add(SnapshotId id, Node node);
  // Gives a known node another value: its rank, when it was published.
  void Replace(SnapshotId id, Node node);
  // Null if unknown. The pointer is valid until the next Add.
  const Node* Find(SnapshotId id) const;
  std::size_t size() const { return count_; }

  // Calls f(id, node) for all, ascending by id.
  template <class F>
  void ForEach(F f) const {
    for (const auto* table : {&remote_, &local_})
      for (std::size_t i = 0; i < table->size(); ++i)
        if ((*table)[i])
          f(SnapshotId{static_cast<std::uint32_t>(i) | (table == &local_ ? kLocalSnapshotBit : 0u)},
            *(*table)[i]);
  }

  friend bool operator==(const Dag&, const Dag&) = default;

 private:
  std::vector<std::optional<Node>> remote_;
  std::vector<std::optional<Node>> local_;
  std::size_t count_ = 0;
};

// A Dag and a few nodes that are only being considered (merges not yet made). With a path, nodes of
// other paths count as not read: a history must not lead out of its path.
class DagView {
 public:
  explicit DagView(const Dag& dag, PathId only = {}) : dag_(&dag), only_(only) {}

  // Gives a known node another value: its rank, when it was published.
  void Replace(SnapshotId id, Node node);
  // Null if unknown. The pointer is valid until the next Consider or Dag::Add.
  const Node* Find(SnapshotId id) const;
  // REQUIRES: id is not known to the Dag.
  void Consider(SnapshotId id, Node node);

 private:
  const Dag* dag_;
  PathId only_;
  std::vector<std::pair<SnapshotId, Node>> extra_;
};

enum class Answer : std::uint8_t { kNo = 0, kYes = 1, kUnknown = 2 };

// The questions below walk without recursion, end on every input (also on cycles, which only a
// forger can make), and look at no more of a history than they need where generations are usable.
// What they could not read is appended to *missing (not null), only if the answer hangs on it.

// The generation of a node of the view if it fits what is known of its parents, else 0: not usable.
std::uint64_t UsableGeneration(const DagView& dag, const Node& node);

// "a <= b": a is b or an ancestor of b. kUnknown if that hangs on snapshots not read yet. One
// lookup if a is a parent of b.
Answer IsAncestor(const DagView& dag, SnapshotId a, SnapshotId b, std::vector<SnapshotId>* missing);

// The elements of `of` that are below no other element, ascending by id, without duplicates.
// Elements whose relation is unknown stay. Of a cycle the smallest id stays.
std::vector<SnapshotId> Maximal(const DagView& dag, std::vector<SnapshotId> of,
                                std::vector<SnapshotId>* missing);

// The nearest common ancestors of a and b (the maximal elements of the snapshots that are <= both),
// ascending by id; empty if there are none. nullopt if that hangs on snapshots not read yet.
std::optional<std::vector<SnapshotId>> NearestCommonAncestors(const DagView& dag, SnapshotId a,
                                                              SnapshotId b,
                                                              std::vector<SnapshotId>* missing);

}  // namespace kinfolder
