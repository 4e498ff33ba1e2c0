// Taking in heads: the rule that decides what becomes of one path when the heads of all
// participants are known. A pure function; it touches nothing and remembers nothing.
//
// Rules 1-8 of docs/domain.md ("Taking in heads"), whole: repeated in rounds until nothing changes,
// one merge a round. Heads that cannot be judged yet are left out and what is missing is said.
// If none is left out and no generation is a lie, feeding the output back in with the same heads
// changes nothing more (but for `absorb_due`, which the caller turns on).
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/ids.h"
#include "core/model/dag.h"
#include "core/model/version.h"

namespace kinfolder {

// A concurrent head that adds nothing to mine.
struct EqualNote {
  SnapshotId head{};
  // True when the owner of a head of another version has not taken in ours for two polls: rule 7.
  bool absorb_due = false;

  friend bool operator==(const EqualNote&, const EqualNote&) = default;
};

struct TakeInInput {
  SnapshotId mine{};  // the tip: newest local snapshot, else current; none if new here
  std::vector<SnapshotId> unpublished{};  // the local chain, oldest first; its last one is `mine`
  std::vector<EqualNote> equal{};         // what was noted before
  std::vector<SnapshotId> conflicts{};    // what is shown as conflicts now
  std::vector<SnapshotId> heads{};        // everybody else's of the path, but held and ignored ones
  bool may_merge = true;         // false for a read-only participant: it never makes snapshots
  std::uint32_t next_local = 1;  // merges get ids kLocalSnapshotBit | next_local, +1, ...
  // Heads that waited long enough (24 h with a healthy store, or on request): what is still unknown
  // of their ancestry counts as "not related". A head that can't be read itself stays left out.
  std::vector<SnapshotId> as_concurrent{};
};

// One merge snapshot to be made. `id` is the one its node is to get.
struct MergeToMake {
  SnapshotId id{};
  Version version{};
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;          // like size: of the side whose content it takes
  std::uint64_t generation = 0;       // 0 if a parent's is not known
  std::vector<SnapshotId> parents{};  // sorted, without duplicates
  bool approved = false;              // of the side whose version it takes (see held deletes)

  friend bool operator==(const MergeToMake&, const MergeToMake&) = default;
};

struct TakeInOutput {
  SnapshotId mine{};                  // the new tip; a head, a merge, or as it was; none if all
                                      // heads of a new path had to be left out
  std::vector<MergeToMake> merges{};  // oldest first; each is a parent of the next
  bool discarded = false;          // rule 8: the unpublished chain is dropped, `mine` replaces it
  std::vector<EqualNote> equal{};  // sorted by head; absorb_due kept for those noted before
  std::vector<SnapshotId> conflicts{};  // sorted; one per version is not guaranteed here
  std::vector<SnapshotId> missing{};  // to be read before the left-out heads can be judged; sorted
  // Heads that could not be judged; sorted. Those that were noted or shown before still are, so
  // that what can't be read for a while changes nothing.
  std::vector<SnapshotId> left_out{};

  friend bool operator==(const TakeInOutput&, const TakeInOutput&) = default;
};

// REQUIRES: `mine` and its chain are known to `dag`, and no id from next_local on; heads may be
// unknown.
// Terminates on every input, including hostile histories (cycles, self-parents, foreign paths:
// nodes of another path than `path` are treated as not readable and never applied).
TakeInOutput TakeIn(const Dag& dag, PathId path, const TakeInInput& input);

}  // namespace kinfolder
