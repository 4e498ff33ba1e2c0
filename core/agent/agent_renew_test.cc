// Becoming a new participant, after somebody else wrote our personal DMD.
#include "core/agent/testing/bench.h"
#include "gtest/gtest.h"

namespace kinfolder {
namespace {

TEST(Renew, WhatIsPublishedStartsFromNothingAndAllElseStays) {
  Bench b;
  b.others[kBea];
  b.Run();
  b.Write(PathId{1}, 1);
  b.Rest();
  b.own[PathId{1}] = b.Publish(kBea, PathId{1}, 9);  // by somebody with our write capability
  b.others[kBea].clear();
  b.Advance(11 * 60 * 1000);
  b.Rest();
  ASSERT_TRUE(b.state().folder.foreign_write);
  ASSERT_EQ(b.Record(PathId{1}).conflicts.size(), 1U);

  AgentState renewed = b.state();
  const std::vector<RecordKey> changed = BecomeNewParticipant(renewed, kCem);
  EXPECT_EQ(changed,
            (std::vector<RecordKey>{{RecordKey::Table::kFolder, 0}, {RecordKey::Table::kPath, 1}}));
  EXPECT_FALSE(renewed.folder.foreign_write);
  const PathRecord& before = b.Record(PathId{1});
  PathRecord expected = before;
  expected.last_written = expected.about_to_write = {};
  expected.conflicts[0].owner = kCem;
  for (CopyRecord& copy : expected.copies) copy.owner = kCem;
  EXPECT_EQ(renewed.paths[1].record, expected);
  EXPECT_EQ(I1Violation(renewed), "");
}

}  // namespace
}  // namespace kinfolder
