// Rules 1 to 8 of docs/domain.md ("Taking in heads"), one by one. What they promise together is in
// take_in_prop_test.cc, and model_test.cc holds them against the model.
#include "core/merge/take_in.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace kinfolder {
namespace {

constexpr PathId kPath{1};
constexpr SnapshotId kMerge{kLocalSnapshotBit | 1};
using Ids = std::vector<SnapshotId>;
using Notes = std::vector<EqualNote>;

SnapshotId S(std::uint32_t n) { return SnapshotId{n}; }
Version File(std::uint32_t content, bool exec = false) {
  return {Kind::kFile, ContentId{content}, exec};
}

class TakeInTest : public ::testing::Test {
 protected:
  void Add(std::uint32_t id, Version version, std::vector<std::uint32_t> parents,
           std::uint64_t rank = 0) {
    Node node{.path = kPath, .version = version, .size = id, .rank = rank, .mtime_ns = 10 * id};
    for (std::uint32_t parent : parents) {
      node.parents.push_back(S(parent));
      if (const Node* known = dag_.Find(S(parent)))
        node.generation = std::max(node.generation, known->generation);
    }
    ++node.generation;
    dag_.Add(S(id), std::move(node));
  }

  TakeInOutput Take(std::uint32_t mine, Ids heads) {
    input_.mine = S(mine);
    input_.heads = std::move(heads);
    return TakeIn(dag_, kPath, input_);
  }

  Dag dag_;
  TakeInInput input_;
};

TEST_F(TakeInTest, NothingThereIsNothing) { EXPECT_EQ(Take(0, {}), TakeInOutput{}); }

// 1. theirs <= mine: nothing.
TEST_F(TakeInTest, Rule1OlderAndSameHeadsChangeNothing) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  EXPECT_EQ(Take(2, {S(1), S(2), S(2)}), TakeInOutput{.mine = S(2)});
}

// 2. mine <= theirs: fast-forward.
TEST_F(TakeInTest, Rule2NewerHeadIsTaken) {
  Add(1, File(1), {});
  Add(2, kDeletedVersion, {1});
  EXPECT_EQ(Take(1, {S(2)}), TakeInOutput{.mine = S(2)});
  EXPECT_EQ(Take(0, {S(2), S(1)}), TakeInOutput{.mine = S(2)});
}

// Several concurrent ones: first content before deletes, then the smallest hash of the cap; judge
// the rest against it.
TEST_F(TakeInTest, Rule2ContentBeforeDeletesThenRankThenId) {
  Add(1, File(1), {});
  Add(2, kDeletedVersion, {1}, 1);
  Add(3, File(3), {1}, 7);
  Add(4, File(4), {1}, 5);
  Add(5, File(5), {1}, 5);
  const TakeInOutput out = Take(1, {S(5), S(2), S(3), S(4)});
  EXPECT_EQ(out.mine, S(4));
  EXPECT_EQ(out.equal, (Notes{{S(2), false}}));
  EXPECT_EQ(out.conflicts, (Ids{S(3), S(5)}));
}

// 3. concurrent, same version: nothing to show and no merge; note theirs in `equal`.
TEST_F(TakeInTest, Rule3SameVersionIsNoted) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, File(2), {1});
  input_.equal = {{S(3), true}};  // a poll count says nothing where there is nothing to absorb
  EXPECT_EQ(Take(2, {S(3)}), (TakeInOutput{.mine = S(2), .equal = {{S(3), true}}}));
}

// 4. at least one nearest common ancestor, and all of them have theirs' version: only we changed
// it.
TEST_F(TakeInTest, Rule4OnlyWeChangedIt) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, File(3), {1});
  Add(4, File(1), {3});  // changed and changed back
  EXPECT_EQ(Take(2, {S(4)}), (TakeInOutput{.mine = S(2), .equal = {{S(4), false}}}));
}

// Mine: only they changed it: take theirs with a merge snapshot {mine, theirs, equal...}.
TEST_F(TakeInTest, Rule4OnlyTheyChangedIt) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, File(1), {2});
  Add(4, File(4), {1});
  Add(5, File(1), {1});
  const TakeInOutput out = Take(3, {S(4), S(5)});
  EXPECT_EQ(out.mine, kMerge);
  EXPECT_EQ(out.merges, (std::vector<MergeToMake>{{.id = kMerge,
                                                   .version = File(4),
                                                   .size = 4,
                                                   .mtime_ns = 40,
                                                   .generation = 4,
                                                   .parents = {S(3), S(4), S(5)}}}));
  EXPECT_TRUE(out.equal.empty() && out.conflicts.empty());
}

// All of them: one that differs is enough for a conflict. At least one: no common past is a
// conflict.
TEST_F(TakeInTest, Rule4NeedsAllNearestCommonAncestors) {
  Add(1, File(1), {});
  Add(2, File(2), {});
  Add(3, File(1), {1, 2});
  Add(4, File(4), {1, 2});
  EXPECT_EQ(Take(3, {S(4)}).conflicts, (Ids{S(4)}));
  EXPECT_EQ(Take(1, {S(2)}).conflicts, (Ids{S(2)}));
}

// The same "take" if theirs descends from a head noted in `equal` whose version is mine's.
TEST_F(TakeInTest, Rule4TheyChangedWhatWasNotedToBeMine) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, File(2), {1});
  Add(4, File(4), {3});
  EXPECT_EQ(Take(2, {S(4)}).conflicts, (Ids{S(4)}));  // if it was never noted
  input_.equal = {{S(3), false}};
  const TakeInOutput out = Take(2, {S(4)});
  ASSERT_EQ(out.merges.size(), 1u);
  EXPECT_EQ(out.merges[0].version, File(4));
  EXPECT_EQ(out.merges[0].parents, (Ids{S(2), S(4)}));
  input_.may_merge = false;
  EXPECT_EQ(Take(2, {S(4)}).conflicts, (Ids{S(4)}));
}

// The executable bit is merged on its own.
TEST_F(TakeInTest, Rule4ContentHereAndModeThere) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, File(1, true), {1});
  const TakeInOutput ours = Take(2, {S(3)});
  ASSERT_EQ(ours.merges.size(), 1u);
  EXPECT_EQ(ours.merges[0].version, File(2, true));
  EXPECT_EQ(ours.merges[0].mtime_ns, 20);
  const TakeInOutput theirs = Take(3, {S(2)});
  ASSERT_EQ(theirs.merges.size(), 1u);
  EXPECT_EQ(theirs.merges[0].version, File(2, true));
  EXPECT_EQ(theirs.merges[0].mtime_ns, 20);
}

TEST_F(TakeInTest, Rule4SameContentAndModeThere) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, File(2, true), {1});
  EXPECT_EQ(Take(2, {S(3)}).merges.at(0).version, File(2, true));
  EXPECT_EQ(Take(3, {S(2)}).equal, (Notes{{S(2), false}}));
}

// 5. concurrent, one side a delete: the change outlives it.
TEST_F(TakeInTest, Rule5ChangeOutlivesDelete) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, kDeletedVersion, {1});
  EXPECT_EQ(Take(2, {S(3)}), (TakeInOutput{.mine = S(2), .equal = {{S(3), false}}}));
  const TakeInOutput out = Take(3, {S(2)});
  ASSERT_EQ(out.merges.size(), 1u);
  EXPECT_EQ(out.merges[0].version, File(2));
  EXPECT_EQ(out.merges[0].parents, (Ids{S(2), S(3)}));
}

// But a delete of what only the other side left alone is a change like any other, and keeps what a
// person approved.
TEST_F(TakeInTest, Rule4ComesBeforeRule5) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, File(1), {2});
  Node gone{.path = kPath, .generation = 2, .approved = true, .parents = {S(1)}};
  dag_.Add(S(4), gone);
  const TakeInOutput out = Take(3, {S(4)});
  ASSERT_EQ(out.merges.size(), 1u);
  EXPECT_EQ(out.merges[0].version, kDeletedVersion);
  EXPECT_TRUE(out.merges[0].approved);
}

// 6. otherwise a conflict.
TEST_F(TakeInTest, Rule6Conflict) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, File(3), {1});
  EXPECT_EQ(Take(2, {S(3)}), (TakeInOutput{.mine = S(2), .conflicts = {S(3)}}));
  Add(4, File(4), {2, 3});  // resolved elsewhere
  input_.conflicts = {S(3)};
  EXPECT_EQ(Take(2, {S(4)}), TakeInOutput{.mine = S(4)});
}

TEST_F(TakeInTest, Rule6ALinkAndAFileAreAConflict) {
  Add(1, File(1), {});
  Add(2, {Kind::kLink, ContentId{2}}, {1});
  Add(3, File(1, true), {1});
  EXPECT_EQ(Take(2, {S(3)}).conflicts, (Ids{S(3)}));
}

// 7. absorb: a head of another version noted in `equal`, whose owner has not taken in ours after
// two polls, gets a merge snapshot with our version and parents {mine, equal...}.
TEST_F(TakeInTest, Rule7AbsorbWhenDue) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, kDeletedVersion, {1});
  Add(4, File(2), {1});
  input_.equal = {{S(3), false}, {S(4), false}};
  EXPECT_TRUE(Take(2, {S(3), S(4)}).merges.empty());
  input_.equal = {{S(3), true}, {S(4), false}};
  const TakeInOutput out = Take(2, {S(3), S(4)});
  ASSERT_EQ(out.merges.size(), 1u);
  EXPECT_EQ(out.merges[0].version, File(2));
  EXPECT_EQ(out.merges[0].parents, (Ids{S(2), S(3), S(4)}));
  EXPECT_TRUE(out.equal.empty());
}

// 8. discard: an unpublished snapshot of ours whose version is a head's and whose parents are all
// <= that head is dropped and the head taken.
TEST_F(TakeInTest, Rule8Discard) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, File(2), {1});
  EXPECT_FALSE(Take(2, {S(3)}).discarded);  // published already
  input_.unpublished = {S(2)};
  EXPECT_EQ(Take(2, {S(3)}), (TakeInOutput{.mine = S(3), .discarded = true}));
}

TEST_F(TakeInTest, Rule8KeepsWhatIsNotContained) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(3, File(3), {1});
  Add(4, File(3), {2, 3});  // resolved a conflict by taking 3
  input_.unpublished = {S(4)};
  EXPECT_FALSE(Take(4, {S(3)}).discarded);
  Add(5, File(5), {1});
  Add(6, File(3), {5});  // 5 is a version that only we have
  input_.unpublished = {S(5), S(6)};
  EXPECT_EQ(Take(6, {S(3)}), (TakeInOutput{.mine = S(6), .equal = {{S(3), false}}}));
}

// One merge a round: what is left is judged again against it.
TEST_F(TakeInTest, SeveralMergesAreAChain) {
  Add(1, File(1), {});
  Add(2, kDeletedVersion, {1});
  Add(3, File(3), {1});
  Add(4, File(1, true), {1});
  const TakeInOutput out = Take(2, {S(3), S(4)});
  ASSERT_EQ(out.merges.size(), 2u);
  EXPECT_EQ(out.merges[0].parents, (Ids{S(2), S(3)}));
  EXPECT_EQ(out.merges[1].parents, (Ids{S(4), out.merges[0].id}));
  EXPECT_EQ(out.merges[1].version, File(3, true));
  EXPECT_EQ(out.mine, out.merges[1].id);
}

// Heads that can't be read or whose ancestry isn't known yet are left out and retried.
TEST_F(TakeInTest, UnknownHeadsAreLeftOut) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  Add(4, File(4), {40});
  const TakeInOutput out = Take(1, {S(2), S(4), S(9)});
  EXPECT_EQ(out.mine, S(2));
  EXPECT_EQ(out.left_out, (Ids{S(4), S(9)}));
  EXPECT_EQ(out.missing, (Ids{S(9), S(40)}));
  EXPECT_TRUE(out.conflicts.empty());
  EXPECT_EQ(Take(0, {S(9)}).left_out, (Ids{S(9)}));
}

TEST_F(TakeInTest, WhatWasNotedOrShownStaysWhileItCantBeRead) {
  Add(1, File(1), {});
  Add(2, File(2), {1});
  input_.equal = {{S(8), true}};
  input_.conflicts = {S(9)};
  const TakeInOutput out = Take(1, {});
  EXPECT_EQ(out.equal, (Notes{{S(8), true}}));
  EXPECT_EQ(out.conflicts, (Ids{S(9)}));
  // A note was made for mine as it was: it says nothing about a newer one.
  EXPECT_TRUE(Take(1, {S(2)}).equal.empty());
  EXPECT_EQ(Take(1, {S(2)}).conflicts, (Ids{S(9)}));
}

// After 24 h or on request, such a head counts as concurrent, never as newer or older.
TEST_F(TakeInTest, HeadsThatWaitedCountAsConcurrent) {
  Add(1, File(1), {});
  Add(4, File(4), {40});
  input_.as_concurrent = {S(4), S(9)};
  const TakeInOutput out = Take(1, {S(4), S(9)});
  EXPECT_EQ(out.mine, S(1));
  EXPECT_EQ(out.conflicts, (Ids{S(4)}));
  EXPECT_EQ(out.left_out, (Ids{S(9)}));  // not even its version is known
}

// Read-only participants never make snapshots for merges.
TEST_F(TakeInTest, AReaderStandsOnWhatAMergeWouldShow) {
  Add(1, File(1), {});
  Add(2, kDeletedVersion, {1});
  Add(3, File(3), {1});
  input_.may_merge = false;
  EXPECT_EQ(Take(2, {S(2), S(3)}), (TakeInOutput{.mine = S(3), .equal = {{S(2), false}}}));
}

TEST_F(TakeInTest, AReaderKeepsItsOwnEdit) {
  Add(1, File(1), {});
  Add(2, kDeletedVersion, {1});
  Add(3, File(3), {1});
  input_.may_merge = false;
  input_.unpublished = {S(2)};
  EXPECT_EQ(Take(2, {S(3)}), (TakeInOutput{.mine = S(2), .conflicts = {S(3)}}));
}

// It may stand on a head that waited; what is unknown of that one's ancestry still counts as
// nothing.
TEST_F(TakeInTest, AReaderStandsOnAHeadThatWaited) {
  Add(2, kDeletedVersion, {});
  Add(3, File(3), {30});
  input_.may_merge = false;
  input_.as_concurrent = {S(3)};
  EXPECT_EQ(Take(2, {S(3)}), (TakeInOutput{.mine = S(3), .equal = {{S(2), false}}}));
}

// Each of 4, 5, 6 left alone what the next one changed. A reader must not go round and round.
TEST_F(TakeInTest, AReaderComesToRestInACircle) {
  Add(1, File(1), {});
  Add(2, File(2), {});
  Add(3, File(3), {});
  Add(4, File(1), {1, 3}, 3);
  Add(5, File(2), {1, 2}, 2);
  Add(6, File(3), {2, 3}, 1);
  input_.may_merge = false;
  const Ids heads{S(4), S(5), S(6)};
  const TakeInOutput first = Take(4, heads);
  for (const std::uint32_t mine : {4u, 5u, 6u}) {
    input_.equal.clear();
    input_.conflicts.clear();
    EXPECT_EQ(Take(mine, heads).mine, first.mine);
  }
  input_.equal = first.equal;
  input_.conflicts = first.conflicts;
  EXPECT_EQ(Take(first.mine.value, heads), first);
  EXPECT_EQ(first.equal.size() + first.conflicts.size(), 2u);
}

TEST_F(TakeInTest, ForeignPathsAreNeverApplied) {
  Add(1, File(1), {});
  dag_.Add(S(2), {.path = PathId{9}, .version = File(2), .parents = {S(1)}});
  const TakeInOutput out = Take(1, {S(2)});
  EXPECT_EQ(out.mine, S(1));
  EXPECT_EQ(out.left_out, (Ids{S(2)}));
}

TEST_F(TakeInTest, ForgedCyclesEnd) {
  Add(1, File(1), {3});
  Add(2, File(2), {1});
  Add(3, File(3), {2});
  Add(4, File(4), {4});
  const Ids all{S(1), S(2), S(3), S(4)};
  for (const std::uint32_t mine : {0u, 1u, 2u, 3u, 4u}) {
    const TakeInOutput out = Take(mine, all);
    EXPECT_TRUE(out.merges.empty());
    EXPECT_TRUE(out.mine);
  }
}

TEST_F(TakeInTest, LongHistories) {
  constexpr std::uint32_t kLength = 100'000;
  Add(1, File(1), {});
  for (std::uint32_t n = 2; n <= kLength; ++n) Add(n, File(n), {n - 1});
  Add(kLength + 1, File(7), {kLength});
  Add(kLength + 2, File(8), {kLength});
  EXPECT_EQ(Take(1, {S(kLength)}).mine, S(kLength));
  EXPECT_EQ(Take(kLength, {S(1)}).mine, S(kLength));
  EXPECT_EQ(Take(kLength + 1, {S(kLength + 2)}).conflicts, (Ids{S(kLength + 2)}));
}

}  // namespace
}  // namespace kinfolder
