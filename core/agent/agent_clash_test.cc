// A file here, a directory of that name there.
#include "core/agent/testing/bench.h"
#include "gtest/gtest.h"

namespace kinfolder {
namespace {

constexpr PathId kD{1}, kX{2}, kBeside{3}, kY{4};  // d, d/x, d~file, d/y

struct Clash : testing::Test {
  Bench b;

  void SetUp() override {
    b.others[kBea];
    b.aside[kD] = kBeside;
  }
  void TearDown() override { EXPECT_EQ(b.broken, ""); }
  void Run() {
    b.Feed(PathsNamed{{PathId{}, kD, PathId{}, kD}});
    b.Run();
  }
  std::uint32_t ContentAt(PathId path) {
    const auto file = b.disk.find(path);
    return file == b.disk.end() ? 0 : file->second.version.content.value;
  }
  Kind Linked(PathId path) {
    const auto entry = b.own.find(path);
    return entry == b.own.end() ? Kind::kDeleted : b.store.at(entry->second).version.kind;
  }
  bool SaysClash(PathId path) {
    for (const BlockedPath& blocked : View(b.state()).blocked)
      if (blocked.path == path && blocked.reason == Reason::kNameClash) return true;
    return false;
  }
};

TEST_F(Clash, TheFileGivesWay) {
  Run();
  b.Write(kD, 1);
  b.Rest();
  b.Publish(kBea, kX, 5);
  b.Hear(kBea);
  b.Rest();
  EXPECT_EQ(ContentAt(kD), 0u);
  EXPECT_EQ(ContentAt(kBeside), 1u);
  EXPECT_EQ(ContentAt(kX), 5u);
  EXPECT_EQ(Linked(kD), Kind::kDeleted);
  EXPECT_EQ(Linked(kBeside), Kind::kFile);
  EXPECT_EQ(Linked(kX), Kind::kFile);
  EXPECT_TRUE(View(b.state()).blocked.empty());
}

TEST_F(Clash, NeitherIsLinkedBesideTheOther) {
  Run();
  b.Write(kD, 1);
  b.Rest();
  b.Publish(kBea, kX, 5);
  b.Publish(kBea, kY, 6);
  b.Hear(kBea);
  while (const auto write = b.Until<WriteDirectory>()) {
    b.Answer(*write);
    EXPECT_FALSE(Linked(kD) == Kind::kFile &&
                 (Linked(kX) == Kind::kFile || Linked(kY) == Kind::kFile));
  }
  b.Rest();
  EXPECT_EQ(Linked(kX), Kind::kFile);
  EXPECT_EQ(Linked(kY), Kind::kFile);
}

TEST_F(Clash, AFileThatCannotGiveWayStaysAndTriesAgain) {
  Run();
  b.Write(kD, 1);
  b.Rest();
  b.Publish(kBea, kX, 5);
  b.Feed(StoreChanged{kBea});
  const auto aside = b.Until<MoveAside>();
  ASSERT_TRUE(aside);
  b.Feed(MovedAside{aside->id, Outcome::kFailed, {}, Reason::kIo});
  EXPECT_EQ(ContentAt(kD), 1u);
  ASSERT_FALSE(View(b.state()).blocked.empty());
  EXPECT_EQ(View(b.state()).blocked[0].reason, Reason::kIo);
  b.Drain();
  b.Advance(60'000);
  b.Rest();
  EXPECT_EQ(ContentAt(kBeside), 1u);
  EXPECT_EQ(ContentAt(kX), 5u);
  EXPECT_TRUE(View(b.state()).blocked.empty());
}

TEST_F(Clash, ACrashAfterTheRenameLeavesAMove) {
  Run();
  b.Write(kD, 1);
  b.Rest();
  b.Publish(kBea, kX, 5);
  b.Feed(StoreChanged{kBea});
  const auto aside = b.Until<MoveAside>();
  ASSERT_TRUE(aside);
  b.Carry(*aside);
  b.Crash();
  Run();
  b.Rest();
  EXPECT_EQ(ContentAt(kBeside), 1u);
  EXPECT_EQ(ContentAt(kX), 5u);
  EXPECT_EQ(Linked(kD), Kind::kDeleted);
}

TEST_F(Clash, AnEditAtTheLastMomentIsLookedAtFirst) {
  Run();
  b.Write(kD, 1);
  b.Rest();
  b.Publish(kBea, kX, 5);
  b.Feed(StoreChanged{kBea});
  const auto aside = b.Until<MoveAside>();
  ASSERT_TRUE(aside);
  b.WriteUnseen(kD, 2);
  b.Answer(*aside);
  b.Rest();
  EXPECT_EQ(ContentAt(kBeside), 2u);
  EXPECT_EQ(ContentAt(kX), 5u);
}

TEST_F(Clash, WhoHasTheDirectoryWaits) {
  Run();
  b.Write(kX, 5);
  b.Rest();
  const SnapshotId file = b.Publish(kBea, kD, 1);
  b.Hear(kBea);
  b.Rest();
  EXPECT_EQ(ContentAt(kD), 0u);
  EXPECT_EQ(ContentAt(kX), 5u);
  EXPECT_TRUE(SaysClash(kD));
  EXPECT_TRUE(View(b.state()).conflicts.empty());
  b.Publish(kBea, kD, 0, {file});
  b.Publish(kBea, kBeside, 1);
  b.Hear(kBea);
  b.Rest();
  EXPECT_FALSE(SaysClash(kD));
  EXPECT_EQ(ContentAt(kBeside), 1u);
}

TEST_F(Clash, APeersFileIsShownBesideUntilTheDirectoryGoes) {
  b.peers.insert(kBea);
  Run();
  b.Write(kX, 5);
  b.Rest();
  b.Publish(kBea, kD, 1);
  b.Hear(kBea);
  b.Rest();
  ASSERT_EQ(View(b.state()).conflicts.size(), 1u);
  EXPECT_EQ(View(b.state()).conflicts[0].path, kD);
  EXPECT_FALSE(SaysClash(kD));
  b.Remove(kX);
  b.Rest();
  EXPECT_EQ(ContentAt(kD), 1u);
  EXPECT_TRUE(View(b.state()).conflicts.empty());
}

TEST_F(Clash, ADirectoryInPlaceOfAFileInConflictIsADelete) {
  Run();
  b.Write(kD, 1);
  b.Rest();
  b.Publish(kBea, kD, 2);
  b.Hear(kBea);
  b.Rest();
  ASSERT_EQ(View(b.state()).conflicts.size(), 1u);
  b.Remove(kD);
  b.Write(kX, 5);
  b.Rest();
  EXPECT_EQ(ContentAt(kD), 0u) << "the copy that is left does not become the file";
  EXPECT_EQ(Linked(kD), Kind::kDeleted);
  EXPECT_EQ(Linked(kX), Kind::kFile);
  EXPECT_TRUE(SaysClash(kD)) << "Bea gives way";
}

TEST_F(Clash, ADeleteInsideComesBeforeTheFile) {
  Run();
  b.Write(kX, 5);
  b.Rest();
  const SnapshotId inside = b.own.at(kX);
  b.Publish(kBea, kD, 1);
  b.Publish(kBea, kX, 0, {inside});
  b.Hear(kBea);
  b.Rest();
  EXPECT_EQ(ContentAt(kX), 0u);
  EXPECT_EQ(ContentAt(kD), 1u);
  EXPECT_EQ(ContentAt(kBeside), 0u) << "nobody's file was in the way";
}

}  // namespace
}  // namespace kinfolder
