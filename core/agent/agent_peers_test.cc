// What is done for the sake of peers: an adopted delete is linked late, and a file that comes back
// before its delete was published never had one.
#include <algorithm>

#include "core/agent/testing/bench.h"
#include "gtest/gtest.h"

namespace kinfolder {
namespace {

constexpr PathId kPath{1};
constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kHour = 3'600'000;

// A file that all three have: this machine, Bea who made it, and Cem, who is a peer.
SnapshotId AllHaveIt(Bench& b) {
  b.others[kBea];
  b.others[kCem];
  b.peers.insert(kCem);
  b.Run();
  const SnapshotId file = b.Publish(kBea, kPath, 1);
  b.others[kCem][kPath] = file;
  b.Hear(kBea);
  b.Hear(kCem);
  b.Rest();
  EXPECT_EQ(b.own.at(kPath), file);
  return file;
}

SnapshotId BeaDeletes(Bench& b, SnapshotId file) {
  const SnapshotId gone = b.Publish(kBea, kPath, 0, {file});
  b.Hear(kBea);
  b.Rest();
  EXPECT_EQ(b.OnDisk(kPath), 0U);
  EXPECT_EQ(b.Record(kPath).current, gone);
  return gone;
}

TEST(AgentPeers, AnAdoptedDeleteIsLinkedWhenThePeerShowsIt) {
  Bench b;
  const SnapshotId file = AllHaveIt(b);
  const SnapshotId gone = BeaDeletes(b, file);
  EXPECT_EQ(b.own.at(kPath), file);
  EXPECT_TRUE(b.Quiet()) << "holding back is no work";
  b.others[kCem][kPath] = gone;
  b.Hear(kCem);
  b.Rest();
  EXPECT_EQ(b.own.at(kPath), gone);
  EXPECT_EQ(b.Record(kPath).link_held_since_wall_ms, 0);
  EXPECT_EQ(b.broken, "");
}

TEST(AgentPeers, WithoutPeersItIsLinkedAtOnce) {
  Bench b;
  b.others[kBea];
  b.Run();
  const SnapshotId file = b.Publish(kBea, kPath, 1);
  b.Hear(kBea);
  b.Rest();
  EXPECT_EQ(b.own.at(kPath), file);
  const SnapshotId gone = BeaDeletes(b, file);
  EXPECT_EQ(b.own.at(kPath), gone);
}

TEST(AgentPeers, OurOwnDeleteIsLinkedAtOnce) {
  Bench b;
  const SnapshotId file = AllHaveIt(b);
  b.Remove(kPath);
  b.Rest();
  EXPECT_NE(b.own.at(kPath), file);
  EXPECT_EQ(b.own.at(kPath), b.Record(kPath).current);
}

TEST(AgentPeers, AfterADayItIsLinkedAnyway) {
  Bench b;
  const SnapshotId gone = BeaDeletes(b, AllHaveIt(b));
  b.Advance(23 * kHour);
  b.Drain();
  EXPECT_NE(b.own.at(kPath), gone);
  b.Advance(2 * kHour);
  b.Drain();
  EXPECT_EQ(b.own.at(kPath), gone);
  EXPECT_EQ(b.Record(kPath).link_held_since_wall_ms, 0);
}

TEST(AgentPeers, TheDayIsCountedAcrossRestarts) {
  Bench b;
  const SnapshotId gone = BeaDeletes(b, AllHaveIt(b));
  for (int i = 0; i < 4; ++i) {
    b.Advance(5 * kHour);
    b.Drain();
    b.Crash();
    b.Start();
    b.Rest();
    EXPECT_NE(b.own.at(kPath), gone) << "after " << 5 * (i + 1) << " hours";
  }
  b.Advance(5 * kHour);
  b.Drain();
  EXPECT_EQ(b.own.at(kPath), gone);
}

TEST(AgentPeers, WhatComesBackBeforeItsDeleteWasUploadedNeverWentAway) {
  Bench b;
  const SnapshotId file = AllHaveIt(b);
  b.Remove(kPath);
  b.Advance(kSecond);
  auto upload = b.Until<Upload>();
  ASSERT_TRUE(upload);
  b.Feed(Uploaded{upload->id, Outcome::kFailed, 0, Reason::kStore});
  b.Write(kPath, 2);
  b.Answer(*b.Until<Capture>());
  b.Advance(kHour);
  upload = b.Until<Upload>();
  ASSERT_TRUE(upload);
  EXPECT_EQ(b.NodeOf(upload->snapshot).version, Content(2));
  EXPECT_EQ(b.NodeOf(upload->snapshot).parents, std::vector{file});
  EXPECT_EQ(b.Record(kPath).chain.size(), 1U);
  b.Answer(*upload);
  b.Rest();
  EXPECT_EQ(b.own.at(kPath), upload->snapshot);
  EXPECT_EQ(b.broken, "");
}

TEST(AgentPeers, WhatComesBackDuringTheUploadHidesTheDelete) {
  Bench b;
  const SnapshotId file = AllHaveIt(b);
  b.Remove(kPath);
  b.Advance(kSecond);
  const auto gone = b.Until<Upload>();
  ASSERT_TRUE(gone);
  b.Write(kPath, 2);
  b.Answer(*b.Until<Capture>());
  ASSERT_EQ(b.Record(kPath).chain.size(), 2U);
  b.Answer(*gone);
  EXPECT_EQ(b.Record(kPath).current, gone->snapshot);
  const auto back = b.Until<Upload>();
  ASSERT_TRUE(back);
  EXPECT_FALSE(b.Has<WriteDirectory>());
  EXPECT_EQ(b.own.at(kPath), file);
  b.Answer(*back);
  b.Rest();
  EXPECT_EQ(b.own.at(kPath), back->snapshot);
}

}  // namespace
}  // namespace kinfolder
