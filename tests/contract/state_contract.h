// What every StateStore must do: one suite, for the real one and for simulated ones.
//
// Instantiate with a fixture class that has
//   StateStore& store();   an open store, empty at first
//   void Restart();        drops the store without closing it well, and opens it on what is durable
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kinfolder {

template <class Fixture>
class StateContract : public ::testing::Test {
 protected:
  using Rows = std::map<std::pair<int, std::uint32_t>, std::string>;

  Rows RowsOf(std::uint32_t folder) {
    Rows rows;
    const auto loaded = fixture_.store().Load(
        folder, [&](std::uint8_t table, std::uint32_t id, std::string_view value) {
          rows[{table, id}] = std::string(value);
          return decltype(fixture_.store().Reopen())();
        });
    EXPECT_TRUE(loaded.ok()) << loaded.error().text;
    return rows;
  }

  Fixture fixture_;
};

TYPED_TEST_SUITE_P(StateContract);

TYPED_TEST_P(StateContract, IsEmptyAtFirst) { EXPECT_TRUE(this->RowsOf(1).empty()); }

TYPED_TEST_P(StateContract, CommittedRowsAreThereAfterARestart) {
  auto& store = this->fixture_.store();
  const std::string odd("\0\xff binary \n", 12);
  ASSERT_TRUE(store.Commit({{{1, 2, 3}, odd}, {{1, 2, 4}, ""}, {{2, 2, 3}, "other"}}).ok());
  this->fixture_.Restart();
  const typename TestFixture::Rows wanted = {{{2, 3}, odd}, {{2, 4}, ""}};
  EXPECT_EQ(this->RowsOf(1), wanted);
  EXPECT_EQ(this->RowsOf(2).size(), 1u);
}

TYPED_TEST_P(StateContract, RowsComeInOrderOfTableAndId) {
  auto& store = this->fixture_.store();
  ASSERT_TRUE(
      store
          .Commit(
              {{{1, 200, 1}, "d"}, {{1, 1, 0x80000001}, "b"}, {{1, 2, 0}, "c"}, {{1, 1, 256}, "a"}})
          .ok());
  std::string order;
  ASSERT_TRUE(store
                  .Load(1,
                        [&](std::uint8_t, std::uint32_t, std::string_view value) {
                          order.append(value);
                          return decltype(store.Reopen())();
                        })
                  .ok());
  EXPECT_EQ(order, "abcd");
}

TYPED_TEST_P(StateContract, LaterWritesOfOneBatchWin) {
  auto& store = this->fixture_.store();
  ASSERT_TRUE(store.Commit({{{1, 1, 1}, "old"}, {{1, 1, 2}, "kept"}}).ok());
  ASSERT_TRUE(
      store.Commit({{{1, 1, 1}, "x"}, {{1, 1, 1}, std::nullopt}, {{1, 1, 9}, std::nullopt}}).ok());
  ASSERT_TRUE(store.Commit({{{1, 1, 2}, std::nullopt}, {{1, 1, 2}, "new"}}).ok());
  const typename TestFixture::Rows wanted = {{{1, 2}, "new"}};
  EXPECT_EQ(this->RowsOf(1), wanted);
}

TYPED_TEST_P(StateContract, ClosedStoresRefuseUntilReopened) {
  auto& store = this->fixture_.store();
  ASSERT_TRUE(store.Commit({{{1, 1, 1}, "v"}}).ok());
  store.Close();
  EXPECT_FALSE(store.is_open());
  EXPECT_FALSE(store.Commit({{{1, 1, 2}, "w"}}).ok());
  ASSERT_TRUE(store.Reopen().ok());
  EXPECT_TRUE(store.is_open());
  const typename TestFixture::Rows wanted = {{{1, 1}, "v"}};
  EXPECT_EQ(this->RowsOf(1), wanted);
}

REGISTER_TYPED_TEST_SUITE_P(StateContract, IsEmptyAtFirst, CommittedRowsAreThereAfterARestart,
                            RowsComeInOrderOfTableAndId, LaterWritesOfOneBatchWin,
                            ClosedStoresRefuseUntilReopened);

}  // namespace kinfolder
