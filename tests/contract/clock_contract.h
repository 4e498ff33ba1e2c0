// What clocks and timers promise: one suite, for the host's event loop and for the simulated world.
//
//   INSTANTIATE_TEST_SUITE_P(Real, ClockContract, testing::Values(&MakeRealClock));
//
// The monotonic clock never goes back and never jumps; the wall clock may do both; timers go by the
// monotonic one alone.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace kinfolder {

class ClockFixture {
 public:
  virtual ~ClockFixture() = default;
  virtual std::int64_t MonoMs() = 0;
  virtual std::int64_t WallMs() = 0;
  // Somebody sets the wall clock forward, or back.
  virtual void JumpWall(std::int64_t ms) = 0;
  // Replaces the timer, which fires once.
  virtual void SetTimer(std::int64_t at_mono_ms) = 0;
  // When it fired, by the monotonic clock; nullopt: not yet.
  virtual std::optional<std::int64_t> FiredAtMs() = 0;
  // Serves what is due until then.
  virtual void PassUntil(std::int64_t mono_ms) = 0;
};

using ClockFixtureFactory = std::unique_ptr<ClockFixture> (*)();

class ClockContract : public testing::TestWithParam<ClockFixtureFactory> {
 protected:
  static constexpr std::int64_t kHour = 3'600'000;
  // A busy machine may be late by this.
  static constexpr std::int64_t kLateMs = 5'000;

  ClockContract() : clock_(GetParam()()) {}

  // Sets a timer, has the wall clock jump before and while it runs, and expects it on time.
  void ExpectOnTime(std::int64_t jump_ms) {
    const std::int64_t due_ms = clock_->MonoMs() + 60;
    clock_->SetTimer(due_ms);
    clock_->JumpWall(jump_ms);
    clock_->PassUntil(due_ms - 40);
    if (clock_->MonoMs() < due_ms) {
      EXPECT_FALSE(clock_->FiredAtMs()) << jump_ms;
    }
    clock_->JumpWall(jump_ms);
    for (std::int64_t until = due_ms; !clock_->FiredAtMs() && until < due_ms + kLateMs; until += 10)
      clock_->PassUntil(until);
    ASSERT_TRUE(clock_->FiredAtMs()) << jump_ms;
    EXPECT_GE(*clock_->FiredAtMs(), due_ms);
    EXPECT_LT(*clock_->FiredAtMs(), due_ms + kLateMs);
  }

  const std::unique_ptr<ClockFixture> clock_;
};

TEST_P(ClockContract, TheMonotonicClockNeitherGoesBackNorJumps) {
  const std::int64_t start = clock_->MonoMs();
  std::int64_t last = start;
  for (const std::int64_t jump : {kHour, -3 * kHour, std::int64_t{1}, -kHour}) {
    clock_->JumpWall(jump);
    clock_->PassUntil(last + 2);
    EXPECT_GE(clock_->MonoMs(), last);
    last = clock_->MonoMs();
  }
  EXPECT_LT(last - start, kLateMs);
}

TEST_P(ClockContract, TheWallClockJumps) {
  const std::int64_t before = clock_->WallMs();
  clock_->JumpWall(-kHour);
  EXPECT_LT(clock_->WallMs(), before - kHour / 2);
  clock_->JumpWall(2 * kHour);
  EXPECT_GT(clock_->WallMs(), before + kHour / 2);
}

TEST_P(ClockContract, TimersGoByTheMonotonicClockAlone) {
  for (const std::int64_t jump : {std::int64_t{0}, kHour, -kHour, 24 * 365 * kHour})
    ExpectOnTime(jump);
}

TEST_P(ClockContract, ATimerOfThePastFiresAtOnce) {
  const std::int64_t now = clock_->MonoMs();
  clock_->SetTimer(now - 1000);
  clock_->JumpWall(-kHour);
  clock_->PassUntil(now + 5);
  ASSERT_TRUE(clock_->FiredAtMs());
  EXPECT_LT(*clock_->FiredAtMs(), now + kLateMs);
}

}  // namespace kinfolder
