// From a file on disk to an entry in our personal DMD, in the order that survives a crash.
#include <algorithm>

#include "core/agent/testing/bench.h"
#include "gtest/gtest.h"

namespace kinfolder {
namespace {

constexpr PathId kPath{1};

bool OneIsPending(const Bench& b, const char* what) {
  EXPECT_EQ(b.pending.size(), 1U) << what;
  return b.pending.size() == 1;
}

TEST(AgentPublish, ANewFileGoesOutStepByStep) {
  Bench b;
  b.Run();
  ASSERT_TRUE(b.Quiet());
  b.Write(kPath, 7);
  ASSERT_TRUE(OneIsPending(b, "capture"));
  b.Answer(*b.Take<Capture>());
  // No heads, so it is no news of another's: looked at once more, then it is a snapshot of ours.
  b.Answer(*b.Take<Look>());
  ASSERT_EQ(b.Record(kPath).chain.size(), 1U);
  const SnapshotId mine = b.Record(kPath).tip();
  EXPECT_EQ(b.NodeOf(mine).version, Content(7));
  EXPECT_TRUE(b.durable().contains({RecordKey::Table::kNode, mine.value}));
  EXPECT_TRUE(b.durable().contains({RecordKey::Table::kPath, kPath.value}));

  const auto upload = b.Take<Upload>();
  ASSERT_TRUE(upload);
  EXPECT_EQ(upload->snapshot, mine);
  EXPECT_FALSE(b.Has<WriteDirectory>()) << "nothing is linked before it is in the store";
  b.Answer(*upload);
  EXPECT_EQ(b.Record(kPath).current, mine);
  EXPECT_TRUE(b.Record(kPath).chain.empty());

  const auto write = b.Take<WriteDirectory>();
  ASSERT_TRUE(write);
  EXPECT_EQ(b.Record(kPath).about_to_write, mine);
  EXPECT_EQ(b.Record(kPath).last_written, SnapshotId{});
  b.Answer(*write);
  EXPECT_EQ(b.Record(kPath).last_written, mine);
  b.Drain();
  EXPECT_TRUE(b.Quiet());
  EXPECT_EQ(b.own.at(kPath), mine);
  EXPECT_EQ(b.broken, "");
}

TEST(AgentPublish, WorkThatIsDoneTakesNoRoom) {
  Bench b;
  b.Run();
  for (std::uint32_t i = 1; i <= 20; ++i) b.Write(PathId{i}, i);
  EXPECT_GT(b.state().work.size(), 20U);
  b.Rest();
  ASSERT_TRUE(b.Quiet());
  EXPECT_EQ(b.state().work.size(), 0U);
  EXPECT_EQ(b.state().free_work.size(), 0U);
  b.Write(kPath, 30);  // and there may be work again
  b.Rest();
  EXPECT_TRUE(b.Quiet());
  EXPECT_EQ(b.NodeOf(b.own.at(kPath)).version, Content(30));
  EXPECT_EQ(b.broken, "");
}

TEST(AgentPublish, EffectsComeAfterTheirCommit) {
  Bench b;
  b.Run();
  b.Write(kPath, 1);
  b.Answer(*b.Take<Capture>());
  const std::uint32_t before = b.commits();
  b.Answer(*b.Take<Look>());
  EXPECT_EQ(b.commits(), before + 1);
  EXPECT_TRUE(b.Has<Upload>());
}

TEST(AgentPublish, AnEditDuringAnUploadIsAnotherSnapshotAndCancelsNothing) {
  Bench b;
  b.Run();
  b.Write(kPath, 1);
  const auto first = b.Until<Upload>();
  ASSERT_TRUE(first);
  b.Write(kPath, 2);
  b.Answer(*b.Take<Capture>());
  EXPECT_EQ(b.Record(kPath).chain.size(), 2U);
  EXPECT_FALSE(b.Has<Upload>()) << "oldest first, one at a time";
  b.Answer(*first);
  const auto second = b.Until<Upload>();
  ASSERT_TRUE(second);
  EXPECT_EQ(b.NodeOf(second->snapshot).parents, std::vector{first->snapshot});
  b.Answer(*second);
  b.Rest();
  EXPECT_EQ(b.own.at(kPath), second->snapshot);
  EXPECT_EQ(b.uploads(), 2U);
  EXPECT_EQ(b.broken, "");
}

TEST(AgentPublish, HistoryLatestPublishesOnlyTheNewest) {
  Bench b;
  b.config.history_all = false;
  b.Run();
  b.Write(kPath, 1);
  const auto first = b.Until<Upload>();
  b.Write(kPath, 2);
  b.Answer(*b.Take<Capture>());
  b.Write(kPath, 3);
  b.Answer(*b.Take<Capture>());
  b.Answer(*first);
  b.Rest();
  EXPECT_EQ(b.uploads(), 2U);
  EXPECT_EQ(b.NodeOf(b.own.at(kPath)).version, Content(3));
  EXPECT_EQ(b.NodeOf(b.own.at(kPath)).parents, std::vector{first->snapshot});
}

TEST(AgentPublish, HistoryLatestLeavesAChainAloneThatADecisionStandsOn) {
  Bench b;
  b.config.history_all = false;
  b.others[kBea];
  b.Run();
  b.Write(kPath, 1);
  b.Rest();
  const SnapshotId base = b.own.at(kPath);
  b.Write(kPath, 2);
  b.Feed(Uploaded{b.Until<Upload>()->id, Outcome::kFailed, 0, Reason::kStore});
  b.Remove(kPath);
  b.Advance(500);
  b.Drain();
  b.Publish(kBea, kPath, 3, {base});  // mine is a delete: theirs is taken, with a merge
  b.Feed(StoreChanged{kBea});
  const auto stage = b.Until<StageTarget>();
  ASSERT_TRUE(stage);
  b.Advance(5'000);  // the upload is tried again meanwhile
  EXPECT_TRUE(b.Has<Upload>());
  b.Answer(*stage);
  b.Rest();
  EXPECT_EQ(b.OnDisk(kPath), 3U);
  EXPECT_TRUE(b.Record(kPath).chain.empty());
  EXPECT_EQ(b.broken, "");
}

TEST(AgentPublish, AFailedUploadIsTriedAgain) {
  Bench b;
  b.Run();
  b.Write(kPath, 1);
  b.Feed(Uploaded{b.Until<Upload>()->id, Outcome::kFailed, 0, Reason::kStore});
  EXPECT_FALSE(b.Has<Upload>());
  EXPECT_EQ(View(b.state()).blocked.size(), 1U);
  b.Advance(2'000);
  EXPECT_TRUE(b.Has<Upload>());
  b.Rest();
  EXPECT_EQ(b.NodeOf(b.own.at(kPath)).version, Content(1));
  EXPECT_TRUE(View(b.state()).blocked.empty());
}

TEST(AgentPublish, AFileThatKeepsChangingIsNotGivenUp) {
  Bench b;
  b.Run();
  b.Write(kPath, 1);
  for (int i = 0; i < 5; ++i) {
    const auto capture = b.Until<Capture>();
    ASSERT_TRUE(capture);
    b.Feed(Captured{capture->id, Outcome::kRefused, {}, {}, Reason::kUnstable});
    b.Advance(300);
  }
  b.Rest();
  EXPECT_EQ(b.NodeOf(b.own.at(kPath)).version, Content(1));
}

TEST(AgentPublish, TheSameBytesAgainAreNoNews) {
  Bench b;
  b.Run();
  b.Write(kPath, 1);
  b.Rest();
  b.Write(kPath, 1);  // touched, rewritten
  b.Rest();
  EXPECT_EQ(b.uploads(), 1U);
  EXPECT_EQ(b.Record(kPath).disk.stat, b.disk[kPath].stat);
}

TEST(AgentPublish, WhatIsMadeDuringAPauseGoesOutAfterIt) {
  Bench b;
  b.Run();
  b.Write(kPath, 1);
  const auto capture = b.Until<Capture>();
  b.Feed(PauseAsked{1, true});
  b.Answer(*capture);
  b.Rest();
  EXPECT_EQ(b.uploads(), 0U);
  EXPECT_EQ(View(b.state()).mood, FolderMood::kPaused);
  b.Feed(PauseAsked{2, false});
  b.Rest();
  EXPECT_EQ(b.uploads(), 1U);
  EXPECT_EQ(View(b.state()).mood, FolderMood::kInSync);
}

TEST(AgentPublish, AReadOnlyParticipantNeverUploadsAndNeverOverwritesAnEdit) {
  Bench b;
  b.read_only = true;
  const SnapshotId head = b.Publish(kBea, kPath, 1);
  b.Run();
  ASSERT_EQ(b.OnDisk(kPath), 1U);
  b.Write(kPath, 2);
  b.Write(PathId{2}, 3);
  b.Rest();
  b.Publish(kBea, kPath, 4, {head});
  b.Publish(kBea, PathId{2}, 5);
  b.Hear(kBea);
  EXPECT_EQ(b.OnDisk(kPath), 2U);
  EXPECT_EQ(b.OnDisk(PathId{2}), 3U);
  EXPECT_EQ(b.uploads(), 0U);
  EXPECT_TRUE(b.own.empty());
  EXPECT_TRUE(b.Record(kPath).chain.empty());
  EXPECT_EQ(View(b.state()).blocked.size(), 2U) << "its edits are listed";
  b.Feed(WatchLost{});
  b.Rest();
  EXPECT_EQ(View(b.state()).blocked.size(), 2U) << "also after a scan";
  EXPECT_EQ(b.broken, "");
}

TEST(AgentPublish, AReadOnlyParticipantSeesADeleteOfItsOwnAsAnEdit) {
  Bench b;
  b.read_only = true;
  b.config.max_deletes_files = 0;
  b.Publish(kBea, kPath, 1);
  b.Run();
  b.Remove(kPath);
  b.Rest();
  b.Feed(DeletesDecided{1, true});
  b.Rest();
  EXPECT_EQ(b.OnDisk(kPath), 0U);
  EXPECT_TRUE(b.Record(kPath).chain.empty());
  EXPECT_EQ(b.uploads(), 0U);
}

}  // namespace
}  // namespace kinfolder
