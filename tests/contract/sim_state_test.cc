// The state contract on the state directory of a simulated machine.
#include <utility>

#include "core/base/check.h"
#include "sim/world/commit.h"
#include "sim/world/power.h"
#include "tests/contract/state_contract.h"

namespace kinfolder::sim {
namespace {

// The rows are no records of an agent's, so that the agent here never takes a step.
class SimStore : public StateStore {
 public:
  explicit SimStore(std::uint64_t seed) {
    world_.seed = seed;
    world_.machines.resize(1);
    Open();
  }

  Status Load(std::uint32_t folder, const StateRowSink& row) override {
    CHECK(folder == 1);
    for (const auto& [key, bytes] : Me().state.records) {
      const Status taken = row(static_cast<std::uint8_t>(key.table), key.id, bytes);
      if (!taken.ok()) return taken;
    }
    return {};
  }
  Status Commit(const std::vector<StateWrite>& writes) override {
    if (!is_open()) return MakeError(ErrorKind::kUnavailable, "no agent runs");
    std::vector<RecordWrite> records;
    for (const StateWrite& write : writes)
      records.push_back(
          {{static_cast<RecordKey::Table>(write.key.table), write.key.id}, write.value});
    if (CommitState(world_, 0, records) == CommitEnd::kDone) return {};
    Close();
    return MakeError(ErrorKind::kUnavailable, "the commit failed");
  }
  Status Reopen() override {
    Close();
    Open();
    return {};
  }
  void Close() override { StopAgent(world_, 0); }
  bool is_open() const override { return world_.machines[0].agent.has_value(); }

  void CutPower() {
    sim::CutPower(world_, 0, PowerMode::kNone, world_.seed);
    Open();
  }
  void FailNext() { Me().fail_commit_in = 1; }

 private:
  Machine& Me() { return At(world_, 0); }
  void Open() {
    Me().agent.emplace(
        Agent{Driver(NewAgentState()), Me().state.tables, false, {}, {}, {}, {}, true, false});
  }

  World world_;
};

class SimState {
 public:
  explicit SimState(std::uint32_t seed) : store_(seed) {}
  StateStore& store() { return store_; }
  void Crash() { EXPECT_TRUE(store_.Reopen().ok()); }
  void CutPower() { store_.CutPower(); }
  Status FailingCommit(const std::vector<StateWrite>& writes) {
    store_.FailNext();
    return store_.Commit(writes);
  }

 private:
  SimStore store_;
};

}  // namespace
}  // namespace kinfolder::sim

namespace kinfolder {
INSTANTIATE_TYPED_TEST_SUITE_P(Simulated, StateContract, sim::SimState);
}  // namespace kinfolder
