// The lock contract on simulated machines: each has one state directory.
#include "sim/world/power.h"
#include "sim/world/world.h"
#include "tests/contract/lock_contract.h"

namespace kinfolder::sim {
namespace {

class SimLock : public LockFixture {
 public:
  SimLock() {
    for (const char* name : {"a", "b"}) {
      Machine machine;
      machine.name = name;
      world_.machines.push_back(machine);
    }
    for (int machine : {0, 1}) {
      Join(world_, judge_, machine);
      StopAgent(world_, machine);
    }
  }

  std::string Start(int directory) override {
    const std::string refusal = LockRefusal(At(world_, directory));
    if (refusal.empty()) StartAgent(world_, judge_, directory);
    return refusal;
  }
  std::string Process(int directory) override {
    return std::to_string(At(world_, directory).incarnation);
  }
  void End(int directory) override { StopAgent(world_, directory); }
  void Kill(int directory) override { CutPower(world_, directory, PowerMode::kNone, 1); }

 private:
  World world_;
  Judge judge_;
};

std::unique_ptr<LockFixture> Make() { return std::make_unique<SimLock>(); }

}  // namespace
}  // namespace kinfolder::sim

namespace kinfolder {
INSTANTIATE_TEST_SUITE_P(Simulated, LockContract, testing::Values(&sim::Make));
}  // namespace kinfolder
