// Commits that fail, at each place of a small story: the agent goes on from what is durable.
#include "sim/world/commit.h"

#include <gtest/gtest.h>

#include "sim/scenario/play.h"

namespace kinfolder::sim {
namespace {

void Edit(Play& play, int machine, UserAct act, const std::string& path,
          const std::string& content) {
  EXPECT_EQ(DoUserOp(play.world, machine, UserOp{act, path, "", content, 0, 0}), "");
}

Play TwoMachines(std::uint64_t seed) {
  Play play;
  play.world.seed = seed;
  play.world.machines.resize(2);
  play.Begin({"a", "b"}, {}, {});
  return play;
}

// New files, an edit from the other side, a delete and a conflict.
void TellStory(Play& play) {
  const auto pass = [&](std::int64_t ms) { play.RunUntil(play.world.now_ms + ms, {}); };
  Edit(play, 0, UserAct::kWrite, "d/one", "1");
  Edit(play, 0, UserAct::kWrite, "two", "2");
  pass(90'000);
  Edit(play, 1, UserAct::kWrite, "d/one", "1 edited");
  Edit(play, 1, UserAct::kDelete, "two", "");
  pass(90'000);
  Edit(play, 0, UserAct::kWrite, "both", "of a");
  Edit(play, 1, UserAct::kWrite, "both", "of b");
  pass(90'000);
}

struct Told {
  bool failed = false;  // a commit did
  std::uint64_t chain = 0;
};

Told TellWithFailure(std::uint64_t seed, int machine, std::uint64_t fail_commit_in) {
  Play play = TwoMachines(seed);
  At(play.world, machine).fail_commit_in = fail_commit_in;
  const std::uint32_t before = At(play.world, machine).incarnation;
  TellStory(play);
  const bool failed = At(play.world, machine).fail_commit_in == 0;
  EXPECT_EQ(At(play.world, machine).incarnation, before + (failed ? 1 : 0));
  EXPECT_EQ(play.Settle({}), "");
  EXPECT_FALSE(play.world.violation) << play.world.violation->text;
  for (int i = 0; i < 2; ++i) {
    const Machine& m = At(play.world, i);
    EXPECT_TRUE(m.disk.names.contains("d/one"));
    EXPECT_TRUE(m.disk.names.contains("both"));
  }
  return {failed, play.world.rolling.value().low};
}

TEST(FailingCommit, AtEachPlaceTheAgentGoesOnFromWhatIsDurable) {
  for (int machine = 0; machine < 2; ++machine) {
    std::uint64_t at = 1;
    for (bool failed = true; failed; ++at) {
      SCOPED_TRACE(std::to_string(machine) + " at " + std::to_string(at));
      failed = TellWithFailure(at, machine, at).failed;
      if (HasFailure()) return;
    }
    EXPECT_GT(at, 20u);
  }
}

TEST(FailingCommit, IsTheSameAgain) {
  EXPECT_EQ(TellWithFailure(3, 0, 9).chain, TellWithFailure(3, 0, 9).chain);
}

TEST(FailingCommit, TablesGoWithTheRecords) {
  bool kept = false, lost = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Play play = TwoMachines(seed);
    World& world = play.world;
    const StateDir before = At(world, 0).state;
    const PathId path = PathIdOf(At(world, 0).agent->tables, "new");
    EXPECT_FALSE(At(world, 0).state.tables.path_ids.contains("new"));
    At(world, 0).fail_commit_in = 1;
    const RecordKey key{RecordKey::Table::kPath, path.value};
    const CommitEnd end = CommitState(world, 0, {{key, "bytes"}});
    const StateDir& after = At(world, 0).state;
    if (end == CommitEnd::kFailedLost) {
      lost = true;
      EXPECT_EQ(after.records, before.records);
      EXPECT_EQ(after.tables.paths, before.tables.paths);
    } else {
      kept = true;
      EXPECT_EQ(end, CommitEnd::kFailedKept);
      EXPECT_EQ(after.records.at(key), "bytes");
      EXPECT_EQ(after.tables.paths.at(path.value), "new");
    }
  }
  EXPECT_TRUE(kept);
  EXPECT_TRUE(lost);
}

}  // namespace
}  // namespace kinfolder::sim
