#include "core/base/backoff.h"

#include <algorithm>
#include <cstdint>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace kinfolder {
namespace {

TEST(Backoff, DoublesFromOneSecondToFiveMinutes) {
  EXPECT_EQ(PlainRetryDelayMs(1), 1'000U);
  EXPECT_EQ(PlainRetryDelayMs(2), 2'000U);
  EXPECT_EQ(PlainRetryDelayMs(3), 4'000U);
  EXPECT_EQ(PlainRetryDelayMs(9), 256'000U);
  EXPECT_EQ(PlainRetryDelayMs(10), 300'000U);
  EXPECT_EQ(PlainRetryDelayMs(11), 300'000U);
  EXPECT_EQ(PlainRetryDelayMs(UINT32_MAX), 300'000U);
}

TEST(Backoff, NoFailureCountsAsOne) { EXPECT_EQ(PlainRetryDelayMs(0), PlainRetryDelayMs(1)); }

TEST(Backoff, SeedsSpreadOverTheWholeRange) {
  std::uint32_t shortest = UINT32_MAX;
  std::uint32_t longest = 0;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    const std::uint32_t delay_ms = RetryDelayMs(1, seed);
    shortest = std::min(shortest, delay_ms);
    longest = std::max(longest, delay_ms);
  }
  EXPECT_LT(shortest, 810U);
  EXPECT_GT(longest, 1'190U);
}

RC_GTEST_PROP(Backoff, StaysWithinAFifthAndIsTheSameEachTime,
              (std::uint32_t failures, std::uint64_t seed)) {
  const std::uint32_t plain_ms = PlainRetryDelayMs(failures);
  const std::uint32_t delay_ms = RetryDelayMs(failures, seed);
  RC_ASSERT(delay_ms >= plain_ms - plain_ms / 5);
  RC_ASSERT(delay_ms <= plain_ms + plain_ms / 5);
  RC_ASSERT(delay_ms == RetryDelayMs(failures, seed));
}

}  // namespace
}  // namespace kinfolder
