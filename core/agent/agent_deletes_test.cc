// Absences that are believed, held, approved and undone; and roots that are not there.
#include "core/agent/testing/bench.h"
#include "gtest/gtest.h"

namespace kinfolder {
namespace {

constexpr std::uint32_t kFiles = 4;

struct Deletes : testing::Test {
  Bench b;

  void SetUp() override {
    b.config.max_deletes_files = 1;
    b.config.max_deletes_percent = 50;
    for (std::uint32_t i = 1; i <= kFiles; ++i) b.Publish(kBea, PathId{i}, i);
    b.Run();
    ASSERT_EQ(b.disk.size(), kFiles);
  }
  void TearDown() override {
    EXPECT_EQ(b.broken, "");
    EXPECT_TRUE(b.Quiet());
  }

  void RemoveAll() {
    b.disk.clear();
    Observed gone;
    for (std::uint32_t i = 1; i <= kFiles; ++i) gone.observations.push_back(b.See(PathId{i}));
    b.Feed(gone);
    b.Rest();
  }
  void BeaDeletesAll(bool approved = false) {
    for (std::uint32_t i = 1; i <= kFiles; ++i)
      b.Publish(kBea, PathId{i}, 0, {b.others[kBea][PathId{i}]}, approved);
    b.Hear(kBea);
  }
  std::size_t Held() const { return View(b.state()).held_deletes.size(); }
};

TEST_F(Deletes, AFewArePublished) {
  b.Remove(PathId{1});
  b.Rest();
  EXPECT_EQ(b.NodeOf(b.own.at(PathId{1})).version, kDeletedVersion);
  EXPECT_EQ(Held(), 0U);
}

TEST_F(Deletes, TooManyOfOursAreHeld) {
  RemoveAll();
  EXPECT_EQ(Held(), kFiles);
  EXPECT_EQ(b.uploads(), 0U);
  b.Feed(WatchLost{});
  b.Rest();
  EXPECT_EQ(Held(), kFiles) << "a scan does not change that";
  b.Crash();
  b.Start();
  b.Rest();
  EXPECT_EQ(Held(), kFiles) << "nor a restart";
  EXPECT_EQ(b.uploads(), 0U);
}

TEST_F(Deletes, OursApproved) {
  RemoveAll();
  b.Feed(DeletesDecided{1, true});
  b.Rest();
  EXPECT_EQ(Held(), 0U);
  for (std::uint32_t i = 1; i <= kFiles; ++i) {
    EXPECT_EQ(b.NodeOf(b.own.at(PathId{i})).version, kDeletedVersion);
    EXPECT_TRUE(b.NodeOf(b.own.at(PathId{i})).approved);
  }
}

TEST_F(Deletes, OursUndone) {
  RemoveAll();
  b.Feed(DeletesDecided{1, false});
  b.Rest();
  EXPECT_EQ(Held(), 0U);
  EXPECT_EQ(b.uploads(), 0U);
  for (std::uint32_t i = 1; i <= kFiles; ++i) EXPECT_EQ(b.OnDisk(PathId{i}), i);
}

TEST_F(Deletes, AFileThatComesBackIsNotHeldAnyMore) {
  RemoveAll();
  b.Write(PathId{2}, 9);
  b.Rest();
  EXPECT_EQ(Held(), kFiles - 1);
  EXPECT_EQ(b.NodeOf(b.own.at(PathId{2})).version, Content(9));
}

TEST_F(Deletes, ANewerVersionWinsOverOurHeldDelete) {
  RemoveAll();
  b.Publish(kBea, PathId{1}, 9, {b.others[kBea][PathId{1}]});
  b.Hear(kBea);
  EXPECT_EQ(b.OnDisk(PathId{1}), 9U);
  EXPECT_EQ(Held(), kFiles - 1);
}

TEST_F(Deletes, ADecisionWhileANewerVersionIsPutThereLeavesThatAlone) {
  RemoveAll();
  b.Publish(kBea, PathId{1}, 9, {b.others[kBea][PathId{1}]});
  b.Feed(StoreChanged{kBea});
  const auto stage = b.Until<StageTarget>();
  ASSERT_TRUE(stage);
  b.Feed(DeletesDecided{1, true});
  b.Drain();
  b.Answer(*stage);
  b.Rest();
  EXPECT_EQ(b.OnDisk(PathId{1}), 9U);
  EXPECT_EQ(b.own.at(PathId{1}), b.others[kBea][PathId{1}]);
  EXPECT_EQ(Held(), 0U);
}

TEST_F(Deletes, TooManyOfTheirsAreHeld) {
  BeaDeletesAll();
  EXPECT_EQ(Held(), kFiles);
  EXPECT_EQ(b.disk.size(), kFiles);
  b.Hear(kBea);
  b.Crash();
  b.Start();
  b.Rest();
  EXPECT_EQ(Held(), kFiles);
  EXPECT_EQ(b.disk.size(), kFiles);
}

TEST_F(Deletes, TheirsApproved) {
  BeaDeletesAll();
  b.Feed(DeletesDecided{1, true});
  b.Rest();
  EXPECT_EQ(Held(), 0U);
  EXPECT_TRUE(b.disk.empty());
  EXPECT_EQ(b.uploads(), 0U);
  EXPECT_EQ(b.own, b.others[kBea]);
}

TEST_F(Deletes, TheirsUndone) {
  const SnapshotId mine = b.own[PathId{1}];
  BeaDeletesAll();
  b.Feed(DeletesDecided{1, false});
  b.Rest();
  EXPECT_EQ(Held(), 0U);
  EXPECT_EQ(b.disk.size(), kFiles);
  EXPECT_EQ(b.uploads(), kFiles);
  EXPECT_EQ(b.NodeOf(b.own.at(PathId{1})).parents, (std::vector{mine, b.others[kBea][PathId{1}]}));
}

TEST_F(Deletes, TheirsApprovedByTheSenderAreNotHeld) {
  BeaDeletesAll(true);
  EXPECT_EQ(Held(), 0U);
  EXPECT_TRUE(b.disk.empty());
}

TEST_F(Deletes, AHoldOfTheirsEndsWithANewerVersion) {
  BeaDeletesAll();
  b.Publish(kBea, PathId{1}, 9, {b.others[kBea][PathId{1}]});
  b.Hear(kBea);
  EXPECT_EQ(b.OnDisk(PathId{1}), 9U);
  EXPECT_EQ(Held(), kFiles - 1);
}

TEST_F(Deletes, AReadOnlyParticipantMakesNoSnapshotOfAnUndo) {
  b.Crash();
  b.read_only = true;
  b.Start();
  b.Rest();
  BeaDeletesAll();
  b.Feed(DeletesDecided{1, false});
  b.Rest();
  EXPECT_EQ(Held(), kFiles);
  EXPECT_EQ(b.disk.size(), kFiles);
  for (std::uint32_t i = 1; i <= kFiles; ++i) EXPECT_TRUE(b.Record(PathId{i}).chain.empty());
}

TEST_F(Deletes, AMoveDoesNotCount) {
  // All four are moved to new names in one go.
  Observed seen;
  for (std::uint32_t i = 1; i <= kFiles; ++i) {
    b.disk[PathId{10 + i}] = b.disk[PathId{i}];
    b.disk.erase(PathId{i});
    seen.observations.push_back(b.See(PathId{10 + i}));
  }
  for (std::uint32_t i = 1; i <= kFiles; ++i) seen.observations.push_back(b.See(PathId{i}));
  b.Feed(seen);
  b.Rest();
  EXPECT_EQ(Held(), 0U);
  EXPECT_EQ(b.NodeOf(b.own.at(PathId{1})).version, kDeletedVersion);
  EXPECT_EQ(b.NodeOf(b.own.at(PathId{11})).version, Content(1));
}

TEST_F(Deletes, ARootThatIsLostWhileAbsencesWaitDeletesNothing) {
  const auto files = b.disk;
  Observed gone;
  b.disk.clear();
  for (std::uint32_t i = 1; i <= kFiles; ++i) gone.observations.push_back(b.See(PathId{i}));
  b.Feed(gone);
  b.root = Reason::kRootMissing;  // that is why
  b.Rest();
  EXPECT_EQ(b.uploads(), 0U);
  EXPECT_EQ(Held(), 0U);
  EXPECT_EQ(View(b.state()).mood, FolderMood::kBlocked);
  EXPECT_EQ(View(b.state()).folder_reason, Reason::kRootMissing);
  b.root = Reason::kNone;
  b.disk = files;
  b.Advance(3'000);
  b.Rest();
  EXPECT_EQ(b.uploads(), 0U);
  EXPECT_EQ(View(b.state()).mood, FolderMood::kInSync);
}

TEST_F(Deletes, NothingIsPutInPlaceWhileTheRootIsLost) {
  b.Publish(kBea, PathId{1}, 9, {b.others[kBea][PathId{1}]});
  b.Feed(StoreChanged{kBea});
  const auto stage = b.Until<StageTarget>();
  ASSERT_TRUE(stage);
  b.root = Reason::kRootMissing;
  b.Feed(WatchLost{});
  b.Drain();
  b.Answer(*stage);
  EXPECT_FALSE(b.Has<Replace>());
  b.Drain();
  EXPECT_TRUE(b.staged.empty());
  b.root = Reason::kNone;
  b.Advance(5'000);
  b.Rest();
  EXPECT_EQ(b.OnDisk(PathId{1}), 9U);
}

TEST_F(Deletes, AFileThatComesBackInTimeWasNeverGone) {
  const Bench::File file = b.disk[PathId{1}];
  b.Remove(PathId{1});
  b.disk[PathId{1}] = file;
  b.Feed(Observed{{b.See(PathId{1})}});
  b.Rest();
  EXPECT_EQ(b.uploads(), 0U);
}

}  // namespace
}  // namespace kinfolder
