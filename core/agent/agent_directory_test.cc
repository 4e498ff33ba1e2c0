// Our personal DMD: last_written, about_to_write, and what is found there.
#include "core/agent/testing/bench.h"
#include "gtest/gtest.h"

namespace kinfolder {
namespace {

constexpr PathId kPath{1};

// A write of the second snapshot is unclear; the first is what was there.
struct UnclearWrite : testing::Test {
  Bench b;
  SnapshotId first, second;
  std::optional<WriteDirectory> write;

  void SetUp() override {
    b.others[kBea];
    b.Run();
    b.Write(kPath, 1);
    b.Rest();
    first = b.own.at(kPath);
    b.Write(kPath, 2);
    write = b.Until<WriteDirectory>();
    ASSERT_TRUE(write);
    second = b.Record(kPath).about_to_write;
    ASSERT_NE(second, first);
    EXPECT_EQ(b.Record(kPath).last_written, first);
  }
  void TearDown() override { EXPECT_EQ(b.broken, ""); }
  void BeUnclear() {
    b.Feed(DirectoryWritten{write->id, Outcome::kUnclear, Reason::kStore});
    EXPECT_FALSE(b.Has<WriteDirectory>()) << "read back before the next write";
    b.Advance(2'000);
    EXPECT_TRUE(b.Has<ReadOwn>());
  }
};

TEST_F(UnclearWrite, ReadsBackTheOldAndWritesAgain) {
  BeUnclear();
  b.Answer(*b.Take<ReadOwn>());
  const auto again = b.Take<WriteDirectory>();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->entries, (std::vector<DirectoryEntry>{{kPath, second}}));
  b.Answer(*again);
  EXPECT_EQ(b.Record(kPath).last_written, second);
}

TEST_F(UnclearWrite, ReadsBackTheNewAndRecordsIt) {
  b.Carry(*write);
  BeUnclear();
  b.Answer(*b.Take<ReadOwn>());
  EXPECT_FALSE(b.Has<WriteDirectory>());
  EXPECT_EQ(b.Record(kPath).last_written, second);
}

TEST_F(UnclearWrite, ReadsBackNothingAndWritesAgain) {
  b.own.clear();
  BeUnclear();
  b.Rest();
  EXPECT_EQ(b.own.at(kPath), second);
}

TEST_F(UnclearWrite, ReadsBackAnothersAndStops) {
  BeUnclear();
  const SnapshotId foreign = b.Publish(kBea, kPath, 9);
  b.others[kBea].clear();
  b.own[kPath] = foreign;
  b.Rest();
  EXPECT_TRUE(b.state().folder.foreign_write);
  EXPECT_EQ(b.own.at(kPath), foreign) << "never written again";
  EXPECT_EQ(View(b.state()).folder_reason, Reason::kForeignWrite);
  EXPECT_EQ(View(b.state()).mood, FolderMood::kBlocked);
  EXPECT_EQ(b.OnDisk(kPath), 2U);
  EXPECT_EQ(b.OnDisk(PathId{Bench::CopyPath(kPath, kForeign).value}), 9U)
      << "it counts as one more participant's head";
  b.Feed(SyncAsked{1});
  EXPECT_TRUE(b.Until<AnswerCommand>()) << "nothing is left to do";
  b.Crash();
  b.Start();
  b.Rest();
  b.Write(PathId{2}, 5);
  b.Rest();
  EXPECT_TRUE(b.state().folder.foreign_write) << "durably";
  EXPECT_FALSE(b.own.contains(PathId{2}));
  b.Publish(kBea, PathId{3}, 6);
  b.Hear(kBea);
  EXPECT_EQ(b.OnDisk(PathId{3}), 6U) << "it goes on taking in";
}

// The write comes through after it was read back and found missing: still ours.
TEST_F(UnclearWrite, ADelayedWriteIsNotTakenForAnothers) {
  b.Feed(PauseAsked{1, true});  // nothing is written meanwhile
  BeUnclear();
  b.Answer(*b.Take<ReadOwn>());
  EXPECT_EQ(b.Record(kPath).about_to_write, second);
  b.Carry(*write);
  b.Crash();
  b.Start();
  b.Rest();
  EXPECT_FALSE(b.state().folder.foreign_write);
  EXPECT_EQ(b.Record(kPath).last_written, second);
}

TEST_F(UnclearWrite, AfterACrashItIsReadFirst) {
  b.Carry(*write);
  b.Crash();
  b.Start();
  ASSERT_TRUE(b.Has<ReadOwn>());
  EXPECT_FALSE(b.Has<WriteDirectory>());
  b.Rest();
  EXPECT_EQ(b.Record(kPath).last_written, second);
}

TEST_F(UnclearWrite, AnAncestorThatCameBackIsWrittenOver) {
  b.Answer(*write);
  b.Rest();
  b.own[kPath] = first;
  b.Advance(11 * 60 * 1000);  // it is read again by itself
  b.Rest();
  EXPECT_EQ(b.own.at(kPath), second);
  EXPECT_FALSE(b.state().folder.foreign_write);
}

TEST(AgentDirectory, EntriesThatAreDueTogetherGoInOneWrite) {
  Bench b;
  b.others[kBea];
  b.Run();
  b.Write(PathId{1}, 1);
  const auto write = b.Until<WriteDirectory>();
  ASSERT_TRUE(write);
  for (std::uint32_t i = 2; i <= 5; ++i) b.Write(PathId{i}, i);
  b.Drain();
  EXPECT_TRUE(b.pending.empty());
  EXPECT_EQ(b.state().dmd.due.size(), 4U);
  b.Answer(*write);
  const auto next = b.Take<WriteDirectory>();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->entries.size(), 4U);
}

TEST(AgentDirectory, AStateThatWasCopiedWritesNothing) {
  Bench b;
  Started started;
  started.copied = true;
  b.disk[kPath] = {Content(1), {Kind::kFile, 1, 1, 1, 1, false}};
  b.Feed(started);
  b.Rest();
  EXPECT_TRUE(b.own.empty());
  EXPECT_EQ(View(b.state()).folder_reason, Reason::kCopied);
  EXPECT_EQ(View(b.state()).mood, FolderMood::kBlocked);
}

}  // namespace
}  // namespace kinfolder
