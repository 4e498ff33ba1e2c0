// An older entry of our personal DMD comes back: by a delayed write, or because the store was
// rolled back. What was lost there is published again, upon what can still be read.
#include "core/agent/testing/bench.h"
#include "gtest/gtest.h"

namespace kinfolder {
namespace {

constexpr PathId kPath{1};
constexpr std::int64_t kReread = 11 * 60 * 1000;

// Three versions were published.
struct Rollback : testing::Test {
  Bench b;
  SnapshotId first, second, third;

  void SetUp() override {
    b.others[kBea];
    b.Run();
    first = Publish(1);
    second = Publish(2);
    third = Publish(3);
  }
  void TearDown() override {
    EXPECT_EQ(b.broken, "");
    EXPECT_FALSE(b.state().folder.foreign_write);
  }
  SnapshotId Publish(std::uint32_t content) {
    b.Write(kPath, content);
    b.Rest();
    return b.own.at(kPath);
  }
  void Reread() {
    b.Advance(kReread);
    b.Rest();
  }
  const SnapshotFacts& Linked() { return b.store.at(b.own.at(kPath)); }
};

TEST_F(Rollback, WhatIsStillThereIsLinkedAgain) {
  b.own[kPath] = first;
  Reread();
  EXPECT_EQ(b.own.at(kPath), third);
  EXPECT_EQ(View(b.state()).rolled_back_wall_ms, 0) << "nothing was lost";
}

TEST_F(Rollback, WhatIsGoneIsPublishedUponTheNearestReadableAncestor) {
  b.own[kPath] = first;
  b.store.erase(third);
  Reread();
  EXPECT_NE(b.own.at(kPath), third);
  EXPECT_EQ(Linked().version, Content(3));
  EXPECT_EQ(Linked().parents, std::vector<SnapshotId>{second});
  EXPECT_NE(View(b.state()).rolled_back_wall_ms, 0);
  EXPECT_EQ(b.OnDisk(kPath), 3U);
}

TEST_F(Rollback, AllThatWasPublishedIsGone) {
  b.own.clear();
  b.store.clear();
  Reread();
  EXPECT_EQ(Linked().version, Content(3));
  EXPECT_TRUE(Linked().parents.empty());
}

TEST_F(Rollback, TheEntryThatCameBackIsAParent) {
  b.own[kPath] = first;
  b.store.erase(second);
  b.store.erase(third);
  Reread();
  EXPECT_EQ(Linked().version, Content(3));
  EXPECT_EQ(Linked().parents, std::vector<SnapshotId>{first});
}

TEST_F(Rollback, ADeleteThatIsGoneIsMadeAgain) {
  b.Remove(kPath);
  b.Rest();
  const SnapshotId deleted = b.own.at(kPath);
  b.store.erase(deleted);
  b.own[kPath] = second;
  Reread();
  EXPECT_NE(b.own.at(kPath), deleted);
  EXPECT_EQ(Linked().version, kDeletedVersion);
  EXPECT_EQ(Linked().parents, std::vector<SnapshotId>{third});
  EXPECT_EQ(b.OnDisk(kPath), 0U);
}

// A crash at every point of it forgets nothing.
TEST_F(Rollback, ACrashOnTheWayForgetsNothing) {
  for (int answers = 0; answers < 12; ++answers) {
    Bench at = b;
    at.own[kPath] = first;
    at.store.erase(third);
    at.Advance(kReread);
    for (int i = 0; i < answers && !at.pending.empty(); ++i) {
      const Effect effect = at.pending.front();
      at.pending.pop_front();
      at.Answer(effect);
    }
    at.Crash();
    at.Start();
    at.Rest();
    at.Advance(kReread);
    at.Rest();
    EXPECT_EQ(at.broken, "") << answers;
    EXPECT_TRUE(at.store.contains(at.own.at(kPath))) << answers;
    EXPECT_EQ(at.store.at(at.own.at(kPath)).version, Content(3)) << answers;
    EXPECT_EQ(at.OnDisk(kPath), 3U) << answers;
  }
}

TEST_F(Rollback, AnEditMeanwhileIsKeptToo) {
  b.own[kPath] = first;
  b.store.erase(third);
  b.Advance(kReread);
  ASSERT_TRUE(b.Until<CheckStored>());
  b.Write(kPath, 4);
  b.Rest();
  Reread();
  EXPECT_EQ(Linked().version, Content(4));
  for (const SnapshotId parent : Linked().parents) EXPECT_TRUE(b.store.contains(parent));
  EXPECT_EQ(b.OnDisk(kPath), 4U);
}

TEST_F(Rollback, NothingIsLinkedWhileItIsNotKnown) {
  b.own[kPath] = first;
  b.store.erase(third);
  b.Advance(kReread);
  auto check = b.Until<CheckStored>();
  ASSERT_TRUE(check);
  b.Feed(StoredChecked{check->id, Outcome::kFailed, Reason::kStore});
  b.Drain();
  EXPECT_EQ(b.own.at(kPath), first);
  b.Advance(10'000);
  b.Rest();
  EXPECT_EQ(Linked().version, Content(3));
}

}  // namespace
}  // namespace kinfolder
