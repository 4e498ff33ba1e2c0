// What others publish: taken, merged, shown as conflicts, resolved; and what joining adopts.
#include "core/agent/testing/bench.h"
#include "gtest/gtest.h"

namespace kinfolder {
namespace {

constexpr PathId kPath{1};
constexpr PathId kOther{2};

Bench::File Old(std::uint32_t content) {
  return {Content(content), {Kind::kFile, 1, content, content, content, false}};
}

// Ours is 1, Bea's is 2, and neither stands on the other.
struct Conflict : testing::Test {
  Bench b;
  PathId copy = Bench::CopyPath(kPath, kBea);
  SnapshotId mine, theirs;

  void SetUp() override {
    b.disk[kPath] = Old(1);
    b.others[kBea];
    b.others[kCem];
    b.Run();
    mine = b.Record(kPath).current;
    theirs = b.Publish(kBea, kPath, 2);
    b.Hear(kBea);
    ASSERT_EQ(b.OnDisk(kPath), 1U);
    ASSERT_EQ(b.OnDisk(copy), 2U);
  }
  void TearDown() override { EXPECT_EQ(b.broken, ""); }

  void ExpectSettled(std::uint32_t content) {
    EXPECT_EQ(b.OnDisk(kPath), content);
    EXPECT_EQ(b.OnDisk(copy), 0U);
    EXPECT_TRUE(b.Record(kPath).conflicts.empty());
    EXPECT_TRUE(b.Record(kPath).copies.empty());
    const Node& node = b.NodeOf(b.own.at(kPath));
    EXPECT_EQ(node.version, Content(content));
    EXPECT_EQ(node.parents, (std::vector{theirs, mine})) << "it names both sides";
    EXPECT_TRUE(b.Quiet());
  }
  void Choose(VersionChosen::Choice choice) {
    VersionChosen chosen;
    chosen.command = 5;
    chosen.path = kPath;
    chosen.choice = choice;
    b.Feed(chosen);
  }
};

TEST_F(Conflict, IsShown) {
  const FolderView view = View(b.state());
  ASSERT_EQ(view.conflicts.size(), 1U);
  EXPECT_EQ(view.conflicts[0].path, kPath);
  ASSERT_EQ(view.conflicts[0].theirs.size(), 1U);
  EXPECT_EQ(view.conflicts[0].theirs[0].owner, kBea);
  EXPECT_EQ(view.conflicts[0].theirs[0].copy, copy);
  EXPECT_EQ(b.uploads(), 1U) << "nothing is made of it";
}

TEST_F(Conflict, ResolvedAsMine) {
  Choose(VersionChosen::Choice::kMine);
  b.Rest();
  ExpectSettled(1);
}

TEST_F(Conflict, ResolvedAsTheirs) {
  Choose(VersionChosen::Choice::kTheirs);
  b.Rest();
  ExpectSettled(2);
}

TEST_F(Conflict, TheCommandIsAnsweredWhenItIsDone) {
  Choose(VersionChosen::Choice::kTheirs);
  const auto replace = b.Until<Replace>();
  ASSERT_TRUE(replace);
  EXPECT_FALSE(b.Has<AnswerCommand>());
  b.Answer(*replace);
  const auto answer = b.Take<AnswerCommand>();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->command, 5U);
  EXPECT_EQ(answer->outcome, Outcome::kDone);
}

TEST_F(Conflict, RemovingTheCopyKeepsMine) {
  b.Remove(copy);
  b.Rest();
  ExpectSettled(1);
}

TEST_F(Conflict, MovingTheCopyOverTheFileTakesTheirs) {
  b.disk[kPath] = b.disk[copy];
  b.disk.erase(copy);
  b.Feed(Observed{{b.See(kPath), b.See(copy)}});
  b.Rest();
  EXPECT_EQ(b.OnDisk(kPath), 2U);
  EXPECT_TRUE(b.Record(kPath).conflicts.empty());
  EXPECT_EQ(b.NodeOf(b.own.at(kPath)).version, Content(2));
  EXPECT_EQ(b.disk.size(), 1U);
}

TEST_F(Conflict, RemovingTheFileKeepsTheirs) {
  b.Remove(kPath);
  b.Rest();
  ExpectSettled(2);
}

TEST_F(Conflict, RemovingBothDeletes) {
  b.disk.clear();
  b.Feed(Observed{{b.See(kPath), b.See(copy)}});
  b.Rest();
  EXPECT_TRUE(b.disk.empty());
  EXPECT_EQ(b.NodeOf(b.own.at(kPath)).version, kDeletedVersion);
  EXPECT_EQ(b.NodeOf(b.own.at(kPath)).parents, (std::vector{theirs, mine}));
}

TEST_F(Conflict, AnEditMeanwhileStandsOnMineAlone) {
  b.Write(kPath, 3);
  b.Rest();
  EXPECT_EQ(b.NodeOf(b.own.at(kPath)).parents, std::vector{mine});
  EXPECT_EQ(b.OnDisk(copy), 2U);
  EXPECT_EQ(b.Record(kPath).conflicts.size(), 1U);
}

TEST_F(Conflict, AnEditedCopyBecomesAnOrdinaryFileAndTheCopyComesBack) {
  b.Write(copy, 9);
  b.Rest();
  const auto released = b.Take<RemoveCopy>();
  EXPECT_FALSE(released) << "answered by the bench";
  EXPECT_EQ(b.OnDisk(kPath), 1U);
  EXPECT_EQ(b.Record(kPath).conflicts.size(), 1U);
  bool shown = false;
  for (const CopyRecord& record : b.Record(kPath).copies)
    shown |= b.disk.contains(record.copy) && b.disk[record.copy].version == Content(2);
  EXPECT_TRUE(shown);
  EXPECT_EQ(b.OnDisk(copy), 9U) << "nobody's bytes are touched";
}

TEST_F(Conflict, ItsOwnerResolvingItTakesTheCopyAway) {
  b.Publish(kBea, kPath, 1, {theirs, mine});
  b.Hear(kBea);
  EXPECT_EQ(b.disk.size(), 1U);
  EXPECT_EQ(b.Record(kPath).current, b.others[kBea][kPath]);
  EXPECT_EQ(b.uploads(), 1U);
}

TEST_F(Conflict, AFileOfThatNameByAnotherWaitsAndIsNotLookedAtForEver) {
  b.Publish(kCem, copy, 7);
  b.Hear(kCem);
  EXPECT_EQ(b.OnDisk(copy), 2U);
  ASSERT_EQ(View(b.state()).blocked.size(), 1U);
  EXPECT_EQ(View(b.state()).blocked[0].reason, Reason::kNameClash);
  Choose(VersionChosen::Choice::kMine);
  b.Rest();
  EXPECT_EQ(b.OnDisk(copy), 7U) << "the name is free now";
}

TEST(AgentHeads, ACopySeenBeforeItsAnswerIsNotPublished) {
  Bench b;
  b.disk[kPath] = Old(1);
  b.others[kBea];
  b.Run();
  b.Publish(kBea, kPath, 2);
  b.Feed(StoreChanged{kBea});
  const auto place = b.Until<PlaceCopy>();
  ASSERT_TRUE(place);
  const auto placed = b.Carry(*place);
  Observation seen = b.See(Bench::CopyPath(kPath, kBea));
  seen.copy_of = {};  // the name of a participant that is not known yet
  b.Feed(Observed{{seen}});
  b.Answer(*b.Take<Capture>());
  b.Feed(*placed);
  b.Rest();
  EXPECT_EQ(b.disk.size(), 2U);
  EXPECT_EQ(b.own.size(), 1U);
  EXPECT_EQ(b.Record(kPath).copies.size(), 1U);
}

TEST(AgentHeads, OneCopyPerVersion) {
  Bench b;
  b.disk[kPath] = Old(1);
  b.Publish(kBea, kPath, 2);
  b.Publish(kCem, kPath, 2);
  b.Run();
  EXPECT_EQ(b.disk.size(), 2U);
  EXPECT_EQ(b.broken, "");
}

TEST(AgentHeads, TheSameContentOnBothSidesIsNoted) {
  Bench b;
  b.others[kBea];
  b.disk[kPath] = Old(1);
  b.Run();
  const SnapshotId theirs = b.Publish(kBea, kPath, 1);
  b.Hear(kBea);
  EXPECT_EQ(b.uploads(), 1U) << "no merge";
  ASSERT_EQ(b.Record(kPath).equal.size(), 1U);
  const SnapshotId mine = b.Record(kPath).current;
  b.Write(kPath, 2);
  b.Rest();
  EXPECT_EQ(b.NodeOf(b.own.at(kPath)).parents, (std::vector{theirs, mine}));
}

TEST(AgentHeads, AnUnpublishedSnapshotThatAddsNothingIsDropped) {
  Bench b;
  b.others[kBea];
  b.Run();
  b.Write(kPath, 1);
  const auto upload = b.Until<Upload>();
  ASSERT_TRUE(upload);
  const SnapshotId theirs = b.Publish(kBea, kPath, 1);
  b.Feed(StoreChanged{kBea});
  b.Drain();
  EXPECT_EQ(b.Record(kPath).current, theirs);
  EXPECT_TRUE(b.Record(kPath).chain.empty());
  b.Answer(*upload);  // late: nothing refers to it
  b.Rest();
  EXPECT_EQ(b.own.at(kPath), theirs);
  EXPECT_EQ(b.broken, "");
}

TEST(AgentHeads, AHeadBelowMineChangesNothing) {
  Bench b;
  const SnapshotId first = b.Publish(kBea, kPath, 1);
  b.Publish(kCem, kPath, 2, {first});
  b.Run();
  EXPECT_EQ(b.OnDisk(kPath), 2U);
  EXPECT_EQ(b.Record(kPath).current, b.others[kCem][kPath]);
  EXPECT_TRUE(b.Record(kPath).conflicts.empty());
  EXPECT_EQ(b.uploads(), 0U);
}

TEST(AgentHeads, AnEntryThatIsGoneIsNoDelete) {
  Bench b;
  b.Publish(kBea, kPath, 1);
  b.Run();
  b.others[kBea].clear();
  b.Hear(kBea);
  EXPECT_EQ(b.OnDisk(kPath), 1U);
  EXPECT_NE(b.NodeOf(b.own.at(kPath)).version, kDeletedVersion);
}

TEST(AgentHeads, AnotherPathsSnapshotIsNeverApplied) {
  Bench b;
  const SnapshotId snapshot = b.Publish(kBea, kPath, 1);
  b.others[kCem][kOther] = snapshot;
  b.disk[kOther] = Old(1);  // of the very same content
  b.Run();
  EXPECT_EQ(b.OnDisk(kPath), 1U);
  EXPECT_EQ(b.OnDisk(kOther), 1U);
  EXPECT_NE(b.own.at(kOther), snapshot);
  ASSERT_EQ(View(b.state()).blocked.size(), 1U);
  EXPECT_EQ(View(b.state()).blocked[0].reason, Reason::kWrongPath);
  EXPECT_EQ(b.broken, "");
}

TEST(AgentHeads, AHeadThatCannotBeReadIsLeftOut) {
  Bench b;
  b.disk[kPath] = Old(1);
  b.others[kBea][kPath] = SnapshotId{77};
  b.Run();
  EXPECT_EQ(b.OnDisk(kPath), 1U);
  EXPECT_FALSE(b.own.contains(kPath)) << "it may be that one read has failed";
  b.Advance(30'000);
  b.Rest();
  EXPECT_TRUE(b.own.contains(kPath)) << "the file goes on without it";
  EXPECT_TRUE(b.Record(kPath).conflicts.empty());
}

// --- joining ---
TEST(AgentJoins, AFileEqualToTheHeadIsThatSnapshot) {
  Bench b;
  b.disk[kPath] = Old(1);
  const SnapshotId head = b.Publish(kBea, kPath, 1);
  b.Run();
  EXPECT_EQ(b.own.at(kPath), head);
  EXPECT_EQ(b.uploads(), 0U);
}

TEST(AgentJoins, AFileEqualToAnAncestorIsBroughtForward) {
  Bench b;
  b.disk[kPath] = Old(1);
  const SnapshotId first = b.Publish(kBea, kPath, 1);
  const SnapshotId head = b.Publish(kBea, kPath, 2, {b.Publish(kBea, kPath, 3, {first})});
  b.Run();
  EXPECT_EQ(b.OnDisk(kPath), 2U);
  EXPECT_EQ(b.own.at(kPath), head);
  EXPECT_EQ(b.uploads(), 0U);
}

TEST(AgentJoins, AFileOnceDeletedThereStays) {
  Bench b;
  b.disk[kPath] = Old(4);
  const SnapshotId gone = b.Publish(kBea, kPath, 0, {b.Publish(kBea, kPath, 1)});
  b.Run();
  EXPECT_EQ(b.OnDisk(kPath), 4U);
  EXPECT_EQ(b.NodeOf(b.own.at(kPath)).parents, std::vector{gone});
}

TEST(AgentJoins, AnotherContentIsARootOfItsOwnAndAConflict) {
  Bench b;
  b.disk[kPath] = Old(4);
  b.Publish(kBea, kPath, 1);
  b.Run();
  EXPECT_EQ(b.OnDisk(kPath), 4U);
  EXPECT_TRUE(b.NodeOf(b.own.at(kPath)).parents.empty());
  EXPECT_EQ(b.OnDisk(Bench::CopyPath(kPath, kBea)), 1U);
}

TEST(AgentJoins, NothingIsPublishedBeforeEverybodyWasRead) {
  Bench b;
  b.disk[kPath] = Old(1);
  b.Publish(kBea, kPath, 1);
  b.Start();
  std::optional<ReadHeads> read = b.Until<ReadHeads>();
  ASSERT_TRUE(read);
  b.Drain();
  EXPECT_FALSE(b.state().folder.joined);
  EXPECT_TRUE(b.Record(kPath).chain.empty());
  b.Answer(*read);
  b.Rest();
  EXPECT_TRUE(b.state().folder.joined);
  EXPECT_EQ(b.uploads(), 0U);
}

}  // namespace
}  // namespace kinfolder
