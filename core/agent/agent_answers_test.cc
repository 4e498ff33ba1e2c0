// Answers that come late, twice, or to nobody's question change nothing.
#include <set>
#include <vector>

#include "core/agent/testing/bench.h"
#include "core/agent/testing/random_acts.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace kinfolder {
namespace {

constexpr PathId kPath{1};

// All that a state is but the time of the last event.
std::string WithoutTime(AgentState state) {
  state.now = {};
  return EncodeState(state);
}

// Feeds an answer again and expects nothing of it.
void ExpectIgnored(Bench& b, const EventBody& answer) {
  const std::string before = WithoutTime(b.state());
  const std::size_t pending = b.pending.size();
  const std::uint32_t commits = b.commits();
  b.Feed(answer);
  EXPECT_EQ(WithoutTime(b.state()), before) << "answer " << answer.index();
  EXPECT_EQ(b.pending.size(), pending) << "answer " << answer.index();
  EXPECT_EQ(b.commits(), commits) << "answer " << answer.index();
}

// A history in which every kind of effect is asked for; each answer is fed twice.
TEST(AgentAnswers, ASecondAnswerChangesNothing) {
  Bench b;
  b.others[kBea];
  b.Publish(kBea, PathId{2}, 4);
  std::set<std::size_t> kinds;
  const auto drain = [&] {
    for (int i = 0; i < 40; ++i) {
      while (!b.pending.empty()) {
        const Effect effect = b.pending.front();
        b.pending.pop_front();
        const auto answer = b.Answer(effect);
        if (!answer) continue;
        kinds.insert(answer->index());
        ExpectIgnored(b, *answer);
      }
      b.Advance(100);
    }
  };
  b.Start();
  drain();
  b.Write(kPath, 1);
  drain();
  const SnapshotId mine = b.own.at(kPath);
  b.Publish(kBea, PathId{2}, 5, {b.others[kBea][PathId{2}]});
  const SnapshotId theirs = b.Publish(kBea, kPath, 2);
  b.Feed(StoreChanged{kBea});
  drain();
  b.Publish(kBea, kPath, 3, {theirs, mine});
  b.Feed(StoreChanged{kBea});
  drain();
  EXPECT_EQ(b.OnDisk(kPath), 3U);
  EXPECT_EQ(b.disk.size(), 2U);
  // RootLooked, ScanFinished, Looked, Captured, Staged, Replaced, Settled, CopyPlaced, CopyRemoved,
  // Uploaded, DirectoryWritten, OwnRead, HeadsRead, CollectiveRead, SnapshotFetched.
  EXPECT_EQ(kinds.size(), 15U);
  EXPECT_EQ(b.broken, "");
}

TEST(AgentAnswers, ASecondAnswerThatSaysSomethingElseChangesNothing) {
  Bench b;
  b.others[kBea];
  b.Start();
  const auto look = b.Take<LookAtRoot>();
  b.Answer(*look);
  ExpectIgnored(b, RootLooked{look->id, Reason::kRootMissing});
  EXPECT_EQ(b.state().phase, FolderPhase::kScanning);
  b.Rest();
  b.Publish(kBea, kPath, 1);
  b.Feed(StoreChanged{kBea});
  const auto stage = b.Until<StageTarget>();
  const auto staged = b.Answer(*stage);
  // Its token names the displaced file by now: nothing may be dropped.
  ExpectIgnored(b, *staged);
  EXPECT_FALSE(b.Has<DropStaged>());
}

TEST(AgentAnswers, AnEarlierRunsAnswersFitNothing) {
  Bench b;
  b.Run();
  b.Write(kPath, 1);
  const auto upload = b.Until<Upload>();
  b.Crash();
  b.Start();
  b.Rest();
  ExpectIgnored(b, Uploaded{upload->id, Outcome::kDone, 1, Reason::kNone});
}

TEST(AgentAnswers, ADroppedUploadsAnswerChangesNothing) {
  Bench b;
  b.others[kBea];
  b.Run();
  b.Write(kPath, 1);
  const auto upload = b.Until<Upload>();
  const SnapshotId theirs = b.Publish(kBea, kPath, 1);
  b.Feed(StoreChanged{kBea});
  b.Rest();
  EXPECT_EQ(b.Record(kPath).current, theirs);
  b.Answer(*upload);
  EXPECT_EQ(b.Record(kPath).current, theirs);
  EXPECT_EQ(b.state().uploads_under_way, 0U);
  EXPECT_TRUE(b.pending.empty());
}

// Ids that no effect ever had.
RC_GTEST_PROP(AgentAnswers, AnswersToNobodyChangeNothing, ()) {
  Bench b;
  MakeSmall(b, *rc::gen::arbitrary<std::uint32_t>());
  b.Start();
  for (const auto act :
       *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::arbitrary<std::uint32_t>()))
    Act(b, act);
  const EffectId id = *rc::gen::element<EffectId>(0, 1, 77, 1ull << 60);
  const SnapshotId snapshot{1};
  const std::string before = WithoutTime(b.state());
  const std::uint32_t commits = b.commits();
  for (const EventBody& body : std::vector<EventBody>{
           RootLooked{id, Reason::kRootMissing}, ScanFinished{id, true}, Looked{id, b.See(kPath)},
           Captured{id, Outcome::kDone, Content(1), {}, Reason::kNone},
           Staged{id, Outcome::kDone, 1, {}, Reason::kNone},
           Replaced{id, Outcome::kDone, {}, true, {}, Reason::kNone},
           Settled{id, Outcome::kDone, Reason::kNone},
           CopyPlaced{id, Outcome::kDone, PathId{2}, {}, Reason::kNone},
           CopyRemoved{id, Outcome::kDone, Reason::kNone},
           Uploaded{id, Outcome::kDone, 1, Reason::kNone},
           DirectoryWritten{id, Outcome::kDone, Reason::kNone},
           OwnRead{id, Outcome::kDone, {{kPath, snapshot}}, Reason::kNone},
           HeadsRead{id, kBea, Outcome::kDone, true, {{kPath, snapshot}}, Reason::kNone},
           CollectiveRead{id, Outcome::kDone, {{ParticipantId{4}, false, false}}, Reason::kNone},
           SnapshotFetched{id, snapshot, Outcome::kDone, {}, Reason::kNone}}) {
    b.Feed(body);
    RC_ASSERT(WithoutTime(b.state()) == before);
    RC_ASSERT(b.commits() == commits);
  }
}

}  // namespace
}  // namespace kinfolder
