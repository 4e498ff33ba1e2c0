#include "shells/posix/debounce.h"

#include <gtest/gtest.h>

namespace kinfolder {
namespace {

constexpr auto kSettled = WatchEventKind::kSettled;
constexpr auto kModified = WatchEventKind::kModified;
constexpr auto kRemoved = WatchEventKind::kRemoved;
constexpr PathId kA{1};
constexpr PathId kB{2};
using Ids = std::vector<PathId>;

TEST(DebounceTest, SettledIsDueSoon) {
  Debouncer debouncer;
  EXPECT_EQ(debouncer.NextDue(), std::nullopt);
  debouncer.Add(kA, kSettled, 1000);
  EXPECT_EQ(debouncer.NextDue(), 1010);
  EXPECT_EQ(debouncer.Due(1009), Ids{});
  debouncer.Add(kA, kSettled, 1009);
  EXPECT_EQ(debouncer.Due(1018), Ids{});
  EXPECT_EQ(debouncer.Due(1019), Ids{kA});
  EXPECT_EQ(debouncer.NextDue(), std::nullopt);
  EXPECT_EQ(debouncer.Due(5000), Ids{});
}

TEST(DebounceTest, AWithoutPauseChangingPathGetsItsTurn) {
  Debouncer debouncer;
  std::vector<std::int64_t> turns;
  for (std::int64_t now = 0; now < 2000; ++now) {
    if (now % 3 == 0) debouncer.Add(kA, kSettled, now);
    if (!debouncer.Due(now).empty()) turns.push_back(now);
  }
  ASSERT_GE(turns.size(), 8u);
  EXPECT_LE(turns.size(), 10u);
  EXPECT_LE(turns[0], 210);
  for (std::size_t i = 1; i < turns.size(); ++i) EXPECT_GE(turns[i] - turns[i - 1], 200);
}

TEST(DebounceTest, OneMoreChangeAfterATurnWaits) {
  Debouncer debouncer;
  debouncer.Add(kA, kSettled, 0);
  EXPECT_EQ(debouncer.Due(10), Ids{kA});
  debouncer.Add(kA, kSettled, 30);
  EXPECT_EQ(debouncer.NextDue(), 210);
  EXPECT_EQ(debouncer.Due(210), Ids{kA});
  debouncer.Add(kA, kSettled, 2000);
  EXPECT_EQ(debouncer.NextDue(), 2010) << "long after, it is a first change again";
}

TEST(DebounceTest, WrittenPathsWaitForAPauseButNotForEver) {
  Debouncer debouncer;
  debouncer.Add(kA, kModified, 0);
  EXPECT_EQ(debouncer.NextDue(), 200);
  std::int64_t now = 0;
  for (; debouncer.Due(now).empty(); now += 100) debouncer.Add(kA, kModified, now);
  EXPECT_EQ(now, 5000);
  debouncer.Add(kB, kModified, 6000);
  debouncer.Add(kB, kSettled, 6050);
  EXPECT_EQ(debouncer.NextDue(), 6060) << "closed: no more need to wait";
}

TEST(DebounceTest, RemovedPathsWaitForTheOtherHalf) {
  Debouncer debouncer;
  debouncer.Add(kB, kRemoved, 0);
  debouncer.Add(kA, kRemoved, 0);
  EXPECT_EQ(debouncer.Due(499), Ids{});
  EXPECT_EQ(debouncer.Due(500), (Ids{kA, kB}));
  debouncer.Add(kA, kRemoved, 1000);
  debouncer.Add(kA, kSettled, 1001);  // replaced, as editors do
  EXPECT_EQ(debouncer.NextDue(), 1011);
}

TEST(DebounceTest, EarlierOnesComeFirst) {
  Debouncer debouncer;
  debouncer.Add(kB, kSettled, 0);
  debouncer.Add(kA, kSettled, 5);
  EXPECT_EQ(debouncer.Due(100), (Ids{kB, kA}));
}

}  // namespace
}  // namespace kinfolder
