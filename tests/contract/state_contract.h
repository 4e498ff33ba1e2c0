// What every StateStore must do: one suite, for the real one and for the simulated one.
//
// Instantiate with a fixture class that has
//   Fixture(seed);         choices of faults differ with it
//   StateStore& store();   an open store, empty at first
//   void Crash();          drops the store without closing it well, and opens it on what is durable
//   void CutPower();       the same, and what was not synced may be lost
//   Status FailingCommit(writes);   a commit that meets a fault; the next ones do not
// Only folder 1 is used: a simulated store has no other.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shells/state/state_store.h"

namespace kinfolder {

template <class Fixture>
class StateContract : public ::testing::Test {
 protected:
  using Rows = std::map<std::pair<int, std::uint32_t>, std::string>;
  static constexpr std::uint32_t kSeeds = 60;

  static Rows RowsOf(Fixture& fixture) {
    Rows rows;
    const Status loaded =
        fixture.store().Load(1, [&](std::uint8_t table, std::uint32_t id, std::string_view value) {
          rows[{table, id}] = std::string(value);
          return Status();
        });
    EXPECT_TRUE(loaded.ok()) << loaded.error().text;
    return rows;
  }

  static Rows After(Rows rows, const std::vector<StateWrite>& writes) {
    for (const StateWrite& write : writes) {
      if (write.value) {
        rows[{write.key.table, write.key.id}] = *write.value;
      } else {
        rows.erase({write.key.table, write.key.id});
      }
    }
    return rows;
  }

  // The first batch, and one that changes, removes and adds many of its rows.
  static std::vector<StateWrite> First() {
    std::vector<StateWrite> writes;
    for (std::uint32_t id = 0; id < 40; ++id)
      writes.push_back({{1, static_cast<std::uint8_t>(id % 2 == 0 ? 1 : 200), id}, "first"});
    return writes;
  }
  static std::vector<StateWrite> Second() {
    std::vector<StateWrite> writes;
    for (std::uint32_t id = 0; id < 60; id += 3)
      writes.push_back(
          {{1, 1, id}, id % 4 == 0 ? std::nullopt : std::optional(std::string(id * 20 + 1, 's'))});
    return writes;
  }
};

TYPED_TEST_SUITE_P(StateContract);

TYPED_TEST_P(StateContract, IsEmptyAtFirst) {
  TypeParam fixture(1);
  EXPECT_TRUE(this->RowsOf(fixture).empty());
}

TYPED_TEST_P(StateContract, WhatIsCommittedOutlivesCrashesAndPowerCuts) {
  const std::string odd("\0\xff binary \n", 12);
  const typename TestFixture::Rows wanted = {{{3, 3}, odd}, {{3, 4}, ""}};
  for (std::uint32_t seed = 1; seed <= this->kSeeds; ++seed) {
    TypeParam fixture(seed);
    ASSERT_TRUE(fixture.store().Commit({{{1, 3, 3}, odd}, {{1, 3, 4}, ""}}).ok());
    fixture.Crash();
    EXPECT_EQ(this->RowsOf(fixture), wanted);
    fixture.CutPower();
    EXPECT_EQ(this->RowsOf(fixture), wanted);
    ASSERT_TRUE(fixture.store().Commit({{{1, 3, 3}, std::nullopt}}).ok());
    fixture.CutPower();
    EXPECT_EQ(this->RowsOf(fixture).size(), 1u);
  }
}

TYPED_TEST_P(StateContract, RowsComeInOrderOfTableAndId) {
  TypeParam fixture(1);
  const std::vector<StateWrite> writes = {
      {{1, 200, 1}, "d"}, {{1, 1, 0x80000001}, "b"}, {{1, 3, 0}, "c"}, {{1, 1, 256}, "a"}};
  ASSERT_TRUE(fixture.store().Commit(writes).ok());
  std::string order;
  const auto add = [&](std::uint8_t, std::uint32_t, std::string_view value) {
    order.append(value);
    return Status();
  };
  ASSERT_TRUE(fixture.store().Load(1, add).ok());
  EXPECT_EQ(order, "abcd");
}

TYPED_TEST_P(StateContract, LaterWritesOfOneBatchWin) {
  TypeParam fixture(1);
  StateStore& store = fixture.store();
  ASSERT_TRUE(store.Commit({{{1, 1, 1}, "old"}, {{1, 1, 2}, "kept"}}).ok());
  ASSERT_TRUE(
      store.Commit({{{1, 1, 1}, "x"}, {{1, 1, 1}, std::nullopt}, {{1, 1, 9}, std::nullopt}}).ok());
  ASSERT_TRUE(store.Commit({{{1, 1, 2}, std::nullopt}, {{1, 1, 2}, "new"}}).ok());
  const typename TestFixture::Rows wanted = {{{1, 2}, "new"}};
  EXPECT_EQ(this->RowsOf(fixture), wanted);
}

TYPED_TEST_P(StateContract, ClosedStoresRefuseUntilReopened) {
  TypeParam fixture(1);
  StateStore& store = fixture.store();
  ASSERT_TRUE(store.Commit({{{1, 1, 1}, "v"}}).ok());
  store.Close();
  EXPECT_FALSE(store.is_open());
  EXPECT_FALSE(store.Commit({{{1, 1, 2}, "w"}}).ok());
  ASSERT_TRUE(store.Reopen().ok());
  EXPECT_TRUE(store.is_open());
  const typename TestFixture::Rows wanted = {{{1, 1}, "v"}};
  EXPECT_EQ(this->RowsOf(fixture), wanted);
}

TYPED_TEST_P(StateContract, AFailedCommitIsThereAsAWholeOrNotAtAll) {
  const auto before = this->After({}, this->First());
  const auto after = this->After(before, this->Second());
  int kept = 0, lost = 0;
  for (std::uint32_t seed = 1; seed <= this->kSeeds; ++seed) {
    TypeParam fixture(seed);
    ASSERT_TRUE(fixture.store().Commit(this->First()).ok());
    ASSERT_FALSE(fixture.FailingCommit(this->Second()).ok());
    EXPECT_FALSE(fixture.store().is_open());
    EXPECT_FALSE(fixture.store().Commit({{{1, 1, 99}, "too early"}}).ok());
    switch (seed % 3) {
      case 0: {
        const Status again = fixture.store().Reopen();
        ASSERT_TRUE(again.ok()) << seed << ": " << again.error().text;
        break;
      }
      case 1:
        fixture.Crash();
        break;
      default:
        fixture.CutPower();
    }
    const auto rows = this->RowsOf(fixture);
    EXPECT_TRUE(rows == before || rows == after) << seed;
    ++(rows == before ? lost : kept);
    // From here on it is a store like any other.
    ASSERT_TRUE(fixture.store().Commit({{{1, 1, 98}, "later"}}).ok());
    fixture.CutPower();
    const auto later = this->After(rows, {{{1, 1, 98}, "later"}});
    EXPECT_EQ(this->RowsOf(fixture), later) << seed;
  }
  EXPECT_GT(kept, 0);
  EXPECT_GT(lost, 0);
}

REGISTER_TYPED_TEST_SUITE_P(StateContract, IsEmptyAtFirst,
                            WhatIsCommittedOutlivesCrashesAndPowerCuts, RowsComeInOrderOfTableAndId,
                            LaterWritesOfOneBatchWin, ClosedStoresRefuseUntilReopened,
                            AFailedCommitIsThereAsAWholeOrNotAtAll);

}  // namespace kinfolder
