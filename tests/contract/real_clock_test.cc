// The clock contract on the host's event loop.
//
// The wall clock of the machine is not touched: this program's clock_gettime stands before the C
// library's, and adds to what that says of CLOCK_REALTIME.
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/base/check.h"
#include "shells/host/event_loop.h"
#include "tests/contract/clock_contract.h"

namespace {
std::int64_t wall_offset_s = 0;
}  // namespace

extern "C" int clock_gettime(clockid_t clock, struct timespec* time) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += wall_offset_s;
  return static_cast<int>(result);
}

namespace kinfolder {
namespace {

class RealClock : public ClockFixture {
 public:
  RealClock() : loop_(MakeLoop()) {}

  std::int64_t MonoMs() override { return EventLoop::MonoMs(); }
  std::int64_t WallMs() override { return EventLoop::WallMs(); }
  void JumpWall(std::int64_t ms) override { wall_offset_s += ms / 1000; }
  void SetTimer(std::int64_t at_mono_ms) override {
    fired_at_ms_.reset();
    loop_->AddTimer(at_mono_ms, [this] { fired_at_ms_ = EventLoop::MonoMs(); });
  }
  std::optional<std::int64_t> FiredAtMs() override { return fired_at_ms_; }
  void PassUntil(std::int64_t mono_ms) override {
    do {
      loop_->RunOnce(std::max<std::int64_t>(mono_ms - MonoMs(), 0));
    } while (MonoMs() < mono_ms);
  }

 private:
  static std::unique_ptr<EventLoop> MakeLoop() {
    Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
    CHECK(loop.ok());
    return std::move(loop).value();
  }

  std::unique_ptr<EventLoop> loop_;
  std::optional<std::int64_t> fired_at_ms_;
};

std::unique_ptr<ClockFixture> Make() { return std::make_unique<RealClock>(); }

}  // namespace

INSTANTIATE_TEST_SUITE_P(Real, ClockContract, testing::Values(&Make));

}  // namespace kinfolder
