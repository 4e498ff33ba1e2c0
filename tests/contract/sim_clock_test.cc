// The clock contract on a world of one machine; and that a core's own timers do not see jumps.
#include <utility>
#include <vector>

#include "sim/world/world.h"
#include "tests/contract/clock_contract.h"

namespace kinfolder::sim {
namespace {

// When the core of the machine was woken.
class Wakes : public Judge {
 public:
  void AfterStep(World& world, int, const Event& event, const std::vector<RecordKey>&) override {
    if (std::holds_alternative<Ticked>(event.body)) at_ms.push_back(world.now_ms);
  }
  std::vector<std::int64_t> at_ms;
};

World OneMachine() {
  World world;
  world.machines.resize(1);
  At(world, 0).name = "a";
  return world;
}

class SimClock : public ClockFixture {
 public:
  SimClock() {
    Join(world_, wakes_, 0);
    world_.queue.clear();
    At(world_, 0).agent->wake_ms.reset();
  }

  std::int64_t MonoMs() override { return world_.now_ms; }
  std::int64_t WallMs() override { return NowNs(world_, 0) / 1'000'000; }
  void JumpWall(std::int64_t ms) override { At(world_, 0).clock_offset_ms += ms; }
  void SetTimer(std::int64_t at_mono_ms) override {
    wakes_.at_ms.clear();
    At(world_, 0).agent->wake_ms = at_mono_ms;
  }
  std::optional<std::int64_t> FiredAtMs() override {
    if (wakes_.at_ms.empty()) return std::nullopt;
    return wakes_.at_ms.front();
  }
  void PassUntil(std::int64_t mono_ms) override {
    while (Advance(world_, wakes_, mono_ms)) {
    }
  }

 private:
  World world_ = OneMachine();
  Wakes wakes_;
};

std::unique_ptr<ClockFixture> Make() { return std::make_unique<SimClock>(); }

// Of an agent that is left to itself for an hour.
std::vector<std::int64_t> WakesOfAnHour(const std::vector<std::int64_t>& jumps_ms) {
  World world = OneMachine();
  Wakes wakes;
  Join(world, wakes, 0);
  for (const std::int64_t jump_ms : jumps_ms) {
    At(world, 0).clock_offset_ms += jump_ms;
    const std::int64_t until_ms =
        world.now_ms + 3'600'000 / static_cast<std::int64_t>(jumps_ms.size());
    while (Advance(world, wakes, until_ms)) {
    }
  }
  return std::move(wakes.at_ms);
}

TEST(SimClock, ACoreIsWokenAtTheSameTimesWhateverTheWallClockDoes) {
  const std::vector<std::int64_t> calm = WakesOfAnHour({0, 0, 0, 0});
  EXPECT_GT(calm.size(), 10u);
  EXPECT_EQ(WakesOfAnHour({5, -86'400'000, 86'400'000, 31'536'000'000}), calm);
}

}  // namespace
}  // namespace kinfolder::sim

namespace kinfolder {
INSTANTIATE_TEST_SUITE_P(Simulated, ClockContract, testing::Values(&sim::Make));
}  // namespace kinfolder
