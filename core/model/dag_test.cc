#include "core/model/dag.h"

#include <chrono>

#include "gtest/gtest.h"

namespace kinfolder {
namespace {

constexpr PathId kPath{1};
using Ids = std::vector<SnapshotId>;

SnapshotId S(std::uint32_t n) { return SnapshotId{n}; }

class DagTest : public ::testing::Test {
 protected:
  void Add(std::uint32_t id, std::vector<std::uint32_t> parents, std::uint64_t generation = 0,
           PathId path = kPath) {
    Node node{.path = path, .generation = generation};
    for (std::uint32_t parent : parents) node.parents.push_back(S(parent));
    dag_.Add(S(id), std::move(node));
  }

  // 1 - 2 - 4 - 6     with right generations if asked for
  //  \- 3 -/- 5 -/
  void AddDiamonds(bool generations) {
    const auto g = [&](std::uint64_t n) { return generations ? n : 0; };
    Add(1, {}, g(1));
    Add(2, {1}, g(2));
    Add(3, {1}, g(2));
    Add(4, {2, 3}, g(3));
    Add(5, {3}, g(3));
    Add(6, {4, 5}, g(4));
  }

  Answer Below(std::uint32_t a, std::uint32_t b) {
    missing_.clear();
    return IsAncestor(view_, S(a), S(b), &missing_);
  }

  std::optional<Ids> Nearest(std::uint32_t a, std::uint32_t b) {
    missing_.clear();
    return NearestCommonAncestors(view_, S(a), S(b), &missing_);
  }

  Dag dag_;
  DagView view_{dag_, kPath};
  Ids missing_;
};

TEST_F(DagTest, KeepsNodesOfBothTables) {
  const SnapshotId local{kLocalSnapshotBit | 5};
  dag_.Add(local, {.path = kPath, .size = 1});
  dag_.Add(S(5), {.path = kPath, .size = 2});
  dag_.Add(S(5), {.path = kPath, .size = 3});  // known: changes nothing
  EXPECT_EQ(dag_.size(), 2u);
  EXPECT_EQ(dag_.Find(local)->size, 1u);
  EXPECT_EQ(dag_.Find(S(5))->size, 2u);
  EXPECT_EQ(dag_.Find(S(4)), nullptr);
  EXPECT_EQ(dag_.Find(S(1000)), nullptr);
  Ids seen;
  dag_.ForEach([&](SnapshotId id, const Node&) { seen.push_back(id); });
  EXPECT_EQ(seen, (Ids{S(5), local}));
}

TEST_F(DagTest, AViewHasConsideredNodesAndNoOtherPaths) {
  Add(1, {});
  Add(2, {}, 0, PathId{9});
  const SnapshotId merge{kLocalSnapshotBit | 1};
  view_.Consider(merge, {.path = kPath, .parents = {S(1)}});
  EXPECT_NE(view_.Find(S(1)), nullptr);
  EXPECT_EQ(view_.Find(S(2)), nullptr);
  EXPECT_NE(view_.Find(merge), nullptr);
  EXPECT_EQ(dag_.Find(merge), nullptr);
  EXPECT_EQ(IsAncestor(view_, S(1), merge, &missing_), Answer::kYes);
}

TEST_F(DagTest, AncestorsWithAndWithoutGenerations) {
  for (const bool generations : {true, false}) {
    dag_ = Dag();
    AddDiamonds(generations);
    EXPECT_EQ(Below(1, 6), Answer::kYes);
    EXPECT_EQ(Below(6, 6), Answer::kYes);
    EXPECT_EQ(Below(6, 1), Answer::kNo);
    EXPECT_EQ(Below(2, 5), Answer::kNo);
    EXPECT_EQ(Below(5, 2), Answer::kNo);
    EXPECT_TRUE(missing_.empty());
  }
}

TEST_F(DagTest, SaysWhatIsMissingOnlyIfTheAnswerHangsOnIt) {
  Add(3, {1, 2}, 3);
  Add(5, {4}, 3);
  EXPECT_EQ(Below(2, 3), Answer::kYes);  // named as a parent, though not read
  EXPECT_EQ(Below(3, 5), Answer::kNo);   // 4 is too old to be above 3
  EXPECT_TRUE(missing_.empty());
  EXPECT_EQ(Below(4, 3), Answer::kUnknown);
  EXPECT_EQ(missing_, (Ids{S(1), S(2)}));
  EXPECT_EQ(Below(3, 9), Answer::kUnknown);
  EXPECT_EQ(missing_, (Ids{S(9)}));
}

TEST_F(DagTest, GenerationsThatDoNotFitAreNotUsed) {
  Add(1, {}, 1);
  Add(2, {1}, 9);  // too large
  Add(3, {2}, 3);  // fits nothing that is known: its parent says 9
  Add(4, {1}, 0);
  Add(5, {4}, 7);      // its parent's is not known
  Add(6, {1, 77}, 1);  // not even larger than the parent that is known
  for (const std::uint32_t id : {2u, 3u, 4u, 5u, 6u})
    EXPECT_EQ(UsableGeneration(view_, *view_.Find(S(id))), 0u) << id;
  EXPECT_EQ(Below(2, 3), Answer::kYes);
  EXPECT_EQ(Below(1, 5), Answer::kYes);
  Add(8, {1, 78}, 5);  // larger than what is known of its parents: taken at its word
  EXPECT_EQ(UsableGeneration(view_, *view_.Find(S(8))), 5u);
}

TEST_F(DagTest, MaximalKeepsWhatIsBelowNothing) {
  AddDiamonds(true);
  Add(7, {70});
  EXPECT_EQ(Maximal(view_, {S(5), S(1), S(4), S(5)}, &missing_), (Ids{S(4), S(5)}));
  EXPECT_EQ(Maximal(view_, {S(6), S(4), S(5)}, &missing_), (Ids{S(6)}));
  EXPECT_TRUE(missing_.empty());
  // Whether 1 is below 7 is not known: both stay.
  EXPECT_EQ(Maximal(view_, {S(7), S(1)}, &missing_), (Ids{S(1), S(7)}));
  EXPECT_EQ(missing_, (Ids{S(70)}));
}

TEST_F(DagTest, NearestCommonAncestors) {
  for (const bool generations : {true, false}) {
    dag_ = Dag();
    AddDiamonds(generations);
    EXPECT_EQ(Nearest(4, 5), (Ids{S(3)}));
    EXPECT_EQ(Nearest(2, 5), (Ids{S(1)}));
    EXPECT_EQ(Nearest(2, 6), (Ids{S(2)}));
    EXPECT_EQ(Nearest(6, 6), (Ids{S(6)}));
    Add(20, {2, 3}, generations ? 3 : 0);
    EXPECT_EQ(Nearest(4, 20), (Ids{S(2), S(3)}));  // criss-cross: two of them
    Add(30, {}, generations ? 1 : 0);
    EXPECT_EQ(Nearest(4, 30), Ids{});
  }
}

TEST_F(DagTest, NearestCommonAncestorsOfAHistoryReadInPart) {
  Add(3, {2}, 3);  // 2 and what is below it were not read
  Add(4, {3}, 4);
  Add(5, {3}, 4);
  EXPECT_EQ(Nearest(4, 5), (Ids{S(3)}));
  EXPECT_TRUE(missing_.empty());
  Add(6, {1}, 4);
  EXPECT_EQ(Nearest(4, 6), std::nullopt);
  EXPECT_EQ(missing_, (Ids{S(1), S(2)}));
  EXPECT_EQ(Nearest(4, 99), std::nullopt);
}

TEST_F(DagTest, WithoutUsableGenerationsAllIsLookedAt) {
  // 1 is a parent of both 4 and 5, but below their other common ancestor 3 by a long way.
  Add(1, {});
  Add(2, {1});
  Add(3, {2});
  Add(4, {1, 3});
  Add(5, {1, 3});
  EXPECT_EQ(Nearest(4, 5), (Ids{S(3)}));
}

TEST_F(DagTest, CyclesEnd) {
  Add(1, {1}, 1);
  Add(2, {3}, 5);
  Add(3, {2}, 6);
  Add(4, {2}, 7);
  EXPECT_EQ(Below(1, 1), Answer::kYes);
  EXPECT_EQ(Below(9, 1), Answer::kNo);
  EXPECT_EQ(Below(2, 3), Answer::kYes);
  EXPECT_EQ(Below(3, 2), Answer::kYes);
  EXPECT_EQ(Maximal(view_, {S(3), S(2)}, &missing_), (Ids{S(2)}));
  EXPECT_EQ(Nearest(1, 1), Ids{});  // below itself: nothing to go by
  EXPECT_EQ(Nearest(3, 4), Ids{});
}

TEST_F(DagTest, ForeignPathsAreNotRead) {
  Add(1, {}, 1, PathId{2});
  Add(2, {1}, 2);
  Add(3, {}, 1);
  EXPECT_EQ(Below(3, 2), Answer::kUnknown);
  EXPECT_EQ(missing_, (Ids{S(1)}));
}

TEST_F(DagTest, LongHistories) {
  constexpr std::uint32_t kLength = 100'000;
  for (const bool generations : {true, false}) {
    dag_ = Dag();
    for (std::uint32_t n = 1; n <= kLength; ++n)
      Add(n, n == 1 ? std::vector<std::uint32_t>{} : std::vector{n - 1}, generations ? n : 0);
    Add(kLength + 1, {kLength}, generations ? kLength + 1 : 0);
    EXPECT_EQ(Below(1, kLength), Answer::kYes);
    EXPECT_EQ(Below(kLength, 1), Answer::kNo);
    EXPECT_EQ(Nearest(kLength, kLength + 1), (Ids{S(kLength)}));
    EXPECT_EQ(Nearest(2, kLength), (Ids{S(2)}));
  }
}

// A question about the tips of a long history must not look at all of it: ten thousand of them take
// well under the time that one walk over a hundred thousand snapshots would, times ten thousand.
TEST_F(DagTest, OrdinaryQuestionsAreCheap) {
  constexpr std::uint32_t kLength = 100'000;
  for (std::uint32_t n = 1; n <= kLength; ++n)
    Add(n, n == 1 ? std::vector<std::uint32_t>{} : std::vector{n - 1}, n);
  Add(kLength + 1, {kLength}, kLength + 1);
  Add(kLength + 2, {kLength}, kLength + 1);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(Below(kLength, kLength + 1), Answer::kYes);
    ASSERT_EQ(Below(kLength + 1, kLength), Answer::kNo);
    ASSERT_EQ(Below(kLength + 1, kLength + 2), Answer::kNo);
    ASSERT_EQ(Nearest(kLength + 1, kLength + 2), (Ids{S(kLength)}));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace kinfolder
