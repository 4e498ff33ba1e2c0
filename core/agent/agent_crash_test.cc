// A crash after every step of what an agent does, and before every answer: the outcome is the same.
#include <functional>

#include "core/agent/testing/bench.h"
#include "gtest/gtest.h"

namespace kinfolder {
namespace {

constexpr PathId kPath{1};

struct Story {
  std::function<void(Bench&)> before;  // brought to rest
  std::function<void(Bench&)> act;     // then every answer is a place to crash at
  std::function<void(Bench&)> after;   // what must be so in the end
};

enum class CrashAt { kBeforeTheEffect, kAfterTheEffect, kAfterTheAnswer };

// False if the story was over before its `step`th answer.
bool Tell(const Story& story, int step, CrashAt where) {
  Bench b;
  b.others[kBea];
  story.before(b);
  b.Run();
  EXPECT_EQ(b.broken, "");
  story.act(b);
  bool crashed = false;
  for (int i = 0; !crashed; ++i) {
    if (b.pending.empty()) b.Advance(400);
    if (b.pending.empty()) break;
    const Effect effect = b.pending.front();
    b.pending.pop_front();
    crashed = i == step;
    if (crashed && where == CrashAt::kBeforeTheEffect) break;
    if (crashed && where == CrashAt::kAfterTheEffect)
      b.Carry(effect);
    else
      b.Answer(effect);
  }
  b.Crash();
  b.Start();
  b.Rest();
  EXPECT_EQ(b.broken, "");
  EXPECT_TRUE(b.Quiet());
  EXPECT_TRUE(b.staged.empty());
  EXPECT_EQ(b.own.count(kPath) != 0 ? b.own.at(kPath) : SnapshotId{}, b.Record(kPath).current);
  story.after(b);
  return crashed;
}

void CrashEverywhere(const Story& story) {
  for (const CrashAt where :
       {CrashAt::kBeforeTheEffect, CrashAt::kAfterTheEffect, CrashAt::kAfterTheAnswer}) {
    for (int step = 0; step < 200; ++step) {
      SCOPED_TRACE(testing::Message() << "answer " << step << ", " << static_cast<int>(where));
      if (!Tell(story, step, where)) break;
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(AgentCrash, PublishingANewFile) {
  CrashEverywhere({[](Bench&) {}, [](Bench& b) { b.Write(kPath, 1); },
                   [](Bench& b) {
                     ASSERT_TRUE(b.own.contains(kPath));
                     EXPECT_EQ(b.NodeOf(b.own[kPath]).version, Content(1));
                     EXPECT_TRUE(b.NodeOf(b.own[kPath]).parents.empty());
                     EXPECT_EQ(b.OnDisk(kPath), 1U);
                   }});
}

TEST(AgentCrash, PublishingAnEdit) {
  CrashEverywhere({[](Bench& b) {
                     b.disk[kPath] = {Content(1), {Kind::kFile, 1, 1, 1, 1, false}};
                   },
                   [](Bench& b) { b.Write(kPath, 2); },
                   [](Bench& b) {
                     EXPECT_EQ(b.NodeOf(b.own[kPath]).version, Content(2));
                     EXPECT_EQ(b.NodeOf(b.own[kPath]).parents.size(), 1U);
                     EXPECT_EQ(b.OnDisk(kPath), 2U);
                   }});
}

TEST(AgentCrash, ADeleteOfOurs) {
  CrashEverywhere({[](Bench& b) {
                     b.disk[kPath] = {Content(1), {Kind::kFile, 1, 1, 1, 1, false}};
                   },
                   [](Bench& b) { b.Remove(kPath); },
                   [](Bench& b) {
                     EXPECT_EQ(b.NodeOf(b.own[kPath]).version, kDeletedVersion);
                     EXPECT_EQ(b.OnDisk(kPath), 0U);
                   }});
}

TEST(AgentCrash, TakingANewFile) {
  CrashEverywhere({[](Bench&) {},
                   [](Bench& b) {
                     b.Publish(kBea, kPath, 3);
                     b.Feed(StoreChanged{kBea});
                   },
                   [](Bench& b) {
                     EXPECT_EQ(b.OnDisk(kPath), 3U);
                     EXPECT_EQ(b.own[kPath], b.others[kBea][kPath]);
                     EXPECT_EQ(b.uploads(), 0U) << "that same capability is linked";
                   }});
}

TEST(AgentCrash, TakingANewerVersion) {
  CrashEverywhere({[](Bench& b) { b.Publish(kBea, kPath, 1); },
                   [](Bench& b) {
                     b.Publish(kBea, kPath, 2, {b.others[kBea][kPath]});
                     b.Feed(StoreChanged{kBea});
                   },
                   [](Bench& b) {
                     EXPECT_EQ(b.OnDisk(kPath), 2U);
                     EXPECT_EQ(b.own[kPath], b.others[kBea][kPath]);
                     EXPECT_EQ(b.uploads(), 0U);
                   }});
}

TEST(AgentCrash, TakingADelete) {
  CrashEverywhere({[](Bench& b) { b.Publish(kBea, kPath, 1); },
                   [](Bench& b) {
                     b.Publish(kBea, kPath, 0, {b.others[kBea][kPath]});
                     b.Feed(StoreChanged{kBea});
                   },
                   [](Bench& b) {
                     EXPECT_EQ(b.OnDisk(kPath), 0U);
                     EXPECT_EQ(b.own[kPath], b.others[kBea][kPath]);
                     EXPECT_EQ(b.uploads(), 0U);
                   }});
}

TEST(AgentCrash, PlacingAConflictCopy) {
  CrashEverywhere({[](Bench& b) {
                     b.disk[kPath] = {Content(1), {Kind::kFile, 1, 1, 1, 1, false}};
                   },
                   [](Bench& b) {
                     b.Publish(kBea, kPath, 2);
                     b.Feed(StoreChanged{kBea});
                   },
                   [](Bench& b) {
                     const PathId copy = Bench::CopyPath(kPath, kBea);
                     EXPECT_EQ(b.OnDisk(kPath), 1U);
                     EXPECT_EQ(b.OnDisk(copy), 2U);
                     EXPECT_EQ(b.disk.size(), 2U) << "one copy";
                     EXPECT_FALSE(b.own.contains(copy)) << "a copy is not published";
                   }});
}

TEST(AgentCrash, RemovingACopyThatIsNotNeededAnyMore) {
  CrashEverywhere({[](Bench& b) {
                     b.disk[kPath] = {Content(1), {Kind::kFile, 1, 1, 1, 1, false}};
                     b.Run();
                     b.Publish(kBea, kPath, 2);
                     b.Hear(kBea);
                     EXPECT_EQ(b.OnDisk(Bench::CopyPath(kPath, kBea)), 2U);
                     b.Crash();
                   },
                   [](Bench& b) {  // Bea resolves, keeping hers
                     b.Publish(kBea, kPath, 2, {b.others[kBea][kPath], b.own[kPath]});
                     b.Feed(StoreChanged{kBea});
                   },
                   [](Bench& b) {
                     EXPECT_EQ(b.OnDisk(kPath), 2U);
                     EXPECT_EQ(b.disk.size(), 1U);
                   }});
}

// Recovery by which inode is where.
struct Recovery : testing::Test {
  Bench b;
  SnapshotId base, target;

  void SetUp() override {
    base = b.Publish(kBea, kPath, 1);
    b.Run();
    target = b.Publish(kBea, kPath, 2, {base});
    b.Feed(StoreChanged{kBea});
  }
  void Restart() {
    b.Crash();
    b.Start();
    b.Rest();
    EXPECT_EQ(b.broken, "");
    EXPECT_FALSE(b.Record(kPath).intent);
    EXPECT_FALSE(b.Record(kPath).unsettled);
  }
};

TEST_F(Recovery, NotExchangedIsForgottenAndDoneAgain) {
  ASSERT_TRUE(b.Until<Replace>());
  EXPECT_TRUE(b.Record(kPath).intent);
  Restart();
  EXPECT_EQ(b.OnDisk(kPath), 2U);
  EXPECT_EQ(b.Record(kPath).current, target);
}

TEST_F(Recovery, ExchangedIsFinished) {
  b.Carry(*b.Until<Replace>());
  Restart();
  EXPECT_EQ(b.OnDisk(kPath), 2U);
  EXPECT_EQ(b.Record(kPath).current, target);
  EXPECT_EQ(b.uploads(), 0U);
}

TEST_F(Recovery, EditedAfterTheExchangeTheEditStandsOnTheTarget) {
  b.Carry(*b.Until<Replace>());
  b.WriteUnseen(kPath, 9);
  Restart();
  EXPECT_EQ(b.OnDisk(kPath), 9U);
  EXPECT_EQ(b.NodeOf(b.Record(kPath).current).parents, std::vector{target});
}

TEST_F(Recovery, EditedInsteadOfTheExchangeTheEditStandsOnTheOld) {
  ASSERT_TRUE(b.Until<Replace>());
  b.WriteUnseen(kPath, 9);
  Restart();
  EXPECT_EQ(b.OnDisk(kPath), 9U);
  EXPECT_EQ(b.OnDisk(Bench::CopyPath(kPath, kBea)), 2U) << "two changes: a conflict";
  EXPECT_EQ(b.NodeOf(b.Record(kPath).current).parents, std::vector{base});
}

TEST_F(Recovery, DeletedAfterTheExchangeTheDeleteStandsOnTheTarget) {
  b.Carry(*b.Until<Replace>());
  b.disk.erase(kPath);
  Restart();
  EXPECT_EQ(b.OnDisk(kPath), 0U);
  EXPECT_EQ(b.NodeOf(b.Record(kPath).current).version, kDeletedVersion);
  EXPECT_EQ(b.NodeOf(b.Record(kPath).current).parents, std::vector{target});
}

TEST_F(Recovery, AnUnclearReplacementIsFoundOutInTheSameRun) {
  const auto replace = b.Until<Replace>();
  b.Carry(*replace);
  b.Feed(Replaced{replace->id, Outcome::kUnclear, {}, false, {}, Reason::kIo});
  ASSERT_TRUE(b.Has<RecoverReplace>());
  b.Rest();
  EXPECT_EQ(b.OnDisk(kPath), 2U);
  EXPECT_EQ(b.Record(kPath).current, target);
}

// An absence seen while it is not known how a replacement ended is no delete yet.
TEST_F(Recovery, AnAbsenceMeanwhileWaitsForIt) {
  const auto replace = b.Until<Replace>();
  b.Carry(*replace);
  b.Feed(Observed{{{kPath, Presence::kGone, {}, Reason::kNone, {}, {}}}});
  b.Feed(Replaced{replace->id, Outcome::kUnclear, {}, false, {}, Reason::kIo});
  const auto recover = b.Take<RecoverReplace>();
  ASSERT_TRUE(recover);
  b.Feed(Replaced{recover->id, Outcome::kFailed, {}, false, {}, Reason::kIo});
  b.Advance(700);
  b.Rest();
  EXPECT_EQ(b.OnDisk(kPath), 2U);
  EXPECT_EQ(b.Record(kPath).tip(), target) << "nobody deleted it";
  EXPECT_EQ(b.broken, "");
}

TEST_F(Recovery, OurOwnRemovalSeenByTheWatchIsNoDeleteOfAPerson) {
  b.Rest();
  const SnapshotId gone = b.Publish(kBea, kPath, 0, {target});
  b.Feed(StoreChanged{kBea});
  std::optional<Replace> remove;
  for (int i = 0; i < 20 && !remove; ++i) {
    remove = b.Until<Replace>();
    if (!remove) b.Advance(100);
  }
  ASSERT_TRUE(remove);
  const auto answer = b.Carry(*remove);
  b.Feed(Observed{{b.See(kPath)}});  // faster than the answer
  b.Feed(*answer);
  b.Rest();
  EXPECT_EQ(b.Record(kPath).tip(), gone);
  EXPECT_EQ(b.uploads(), 0U);
}

// What is at neither name: only after a reboot may a power cut have taken it.
TEST(AgentCrash, RecoverySaysWhetherTheMachineWasRebooted) {
  for (const bool rebooted : {false, true}) {
    Bench b;
    b.Run();
    b.others[kBea];
    b.Crash();
    b.Start();
    b.Publish(kBea, PathId{1}, 7);
    b.Hear(kBea);
    b.Publish(kBea, PathId{1}, 8, {b.Record(PathId{1}).current});
    b.Feed(StoreChanged{kBea});
    ASSERT_TRUE(b.Until<Replace>());
    b.Crash();
    b.rebooted = rebooted;
    b.Start();
    const auto recover = b.Until<RecoverReplace>();
    ASSERT_TRUE(recover);
    EXPECT_EQ(recover->gone_is_undone, rebooted);
  }
}

}  // namespace
}  // namespace kinfolder
