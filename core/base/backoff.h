// How long to wait before trying again: 1 s after the first failure, doubling to 5 min, each delay
// moved by up to a fifth so that machines that failed together do not come back together.
//
// Pure: the jitter comes from a seed that the caller passes. Knows no clock and arms nothing. The
// caller counts failures in a row and goes back to 0 with a success.
#pragma once

#include <cstdint>

namespace kinfolder {

inline constexpr std::uint32_t kFirstRetryMs = 1'000;
inline constexpr std::uint32_t kLongestRetryMs = 300'000;

// The delay without jitter. `failures` counts those in a row, from 1; 0 counts as 1.
constexpr std::uint32_t PlainRetryDelayMs(std::uint32_t failures) {
  std::uint32_t delay_ms = kFirstRetryMs;
  for (std::uint32_t n = 1; n < failures && delay_ms < kLongestRetryMs; ++n) delay_ms *= 2;
  return delay_ms < kLongestRetryMs ? delay_ms : kLongestRetryMs;
}

// The delay to arm, in milliseconds: within 20 % of the plain one, and the same for the same
// arguments. Pass a seed of which machine and object are part.
constexpr std::uint32_t RetryDelayMs(std::uint32_t failures, std::uint64_t seed) {
  // The finaliser of SplitMix64: nearby seeds and counts give unrelated numbers.
  std::uint64_t hash = seed + 0x9e3779b97f4a7c15U * (std::uint64_t{failures} + 1);
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebU;
  hash ^= hash >> 31;
  const std::uint32_t plain_ms = PlainRetryDelayMs(failures);
  const std::uint32_t fifth_ms = plain_ms / 5;
  return plain_ms - fifth_ms + static_cast<std::uint32_t>(hash % (2 * fifth_ms + 1));
}

}  // namespace kinfolder
