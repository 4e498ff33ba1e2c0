// The store contract on the simulated store: a world of two machines and a copy of the first.
#include <utility>

#include "core/base/check.h"
#include "sim/world/store_damage.h"
#include "sim/world/world.h"
#include "tests/contract/store_contract.h"

namespace kinfolder::sim {
namespace {

template <class Variant>
EffectId IdOf(const Variant& variant) {
  return std::visit(
      [](const auto& v) -> EffectId {
        if constexpr (requires { v.id; }) return v.id;
        return 0;
      },
      variant);
}

class SimStore : public StoreFixture {
 public:
  SimStore() {
    for (const char* name : {"me", "ben", "twin"}) {
      Machine machine;
      machine.name = name;
      world_.machines.push_back(machine);
    }
    Join(world_, judge_, 0);
    Join(world_, judge_, 1);
    world_.machines[2].state = world_.machines[0].state;
    StartAgent(world_, judge_, 2);
    world_.queue.clear();
  }

  PathId Id(Who who, const std::string& path) override { return PathIdOf(Tab(who), path); }
  std::string PathOf(Who who, PathId id) override { return Tab(who).paths.at(id.value); }
  ContentId ContentOf(Who who, const std::string& bytes) override {
    return ContentIdOf(Tab(who), world_.blobs.Intern(bytes));
  }
  ParticipantId Other(Who who) override {
    const int other = who == Who::kBen ? 0 : 1;
    return ParticipantIdOf(Tab(who), At(world_, other).state.directory);
  }
  ContentId Keep(Who who, const std::string& bytes) override {
    const ContentId id = ContentOf(who, bytes);
    Tab(who).contents.at(id.value).staged = true;
    return id;
  }
  void Know(Who who, SnapshotId id, const Node& node) override {
    AgentState state = Me(who).agent->driver.state();
    state.dag.Add(id, node);
    Me(who).agent->driver = Driver(std::move(state));
  }
  std::string BytesBeside(Who who, std::uint64_t token) override {
    const Disk& disk = Me(who).disk;
    return world_.blobs.Bytes(disk.inodes.at(disk.tmp.at(token)).blob);
  }

  // Only the port acts: the core never hears the answer, and nothing else happens meanwhile.
  void Begin(Who who, const Effect& effect) override {
    Pass();
    CarryInStore(world_, judge_, Number(who), effect, world_.now_ms);
    EXPECT_FALSE(world_.violation) << world_.violation->text;
  }
  EventBody Finish(Who who, EffectId id) override {
    for (auto item = world_.queue.begin(); item != world_.queue.end(); ++item) {
      const AnswerDue* due = std::get_if<AnswerDue>(&item->second);
      if (due == nullptr || due->machine != Number(who) || IdOf(due->body) != id) continue;
      const AnswerDue answer = *due;
      world_.queue.erase(item);
      if (answer.uploaded) {
        Tab(who).local_caps[answer.uploaded] = answer.cap;
        Tab(who).snapshot_ids[answer.cap] = answer.uploaded;
      }
      return answer.body;
    }
    ADD_FAILURE() << "no answer";
    return Ticked{};
  }
  std::vector<bool> LinkNews(Who who) override {
    std::vector<bool> news;
    for (auto item = world_.queue.begin(); item != world_.queue.end();) {
      const AnswerDue* due = std::get_if<AnswerDue>(&item->second);
      const bool link = due != nullptr && due->machine == Number(who) &&
                        std::holds_alternative<StoreLinkChanged>(due->body);
      if (link) news.push_back(std::get<StoreLinkChanged>(due->body).up);
      item = link ? world_.queue.erase(item) : std::next(item);
    }
    return news;
  }
  void AwaitLink(Who who) override {  // the next request that works says so
    Begin(who, ReadCollective{1});
    Finish(who, 1);
    EXPECT_EQ(LinkNews(who), std::vector<bool>{true});
  }

  void SetAway(bool away) override {
    for (Machine& machine : world_.machines) machine.offline = away;
  }
  void SetFull(bool full) override {
    if (full) {
      world_.store.faults.full.insert(kAnyone);
    } else {
      world_.store.faults.full.clear();
    }
  }
  void LoseAnswer(Who who) override { world_.store.faults.lose_answer[Number(who)] = 1; }
  void LoseRequest(Who who) override { world_.store.faults.lose_request[Number(who)] = 1; }
  void DelayWrite(Who who) override {
    world_.store.faults.delay_write[Number(who)] = 1;
    world_.store.faults.delay_ms[Number(who)] = 1'000'000;
  }
  void LetThrough() override {
    for (auto item = world_.queue.begin(); item != world_.queue.end(); ++item) {
      const DelayedWrite* due = std::get_if<DelayedWrite>(&item->second);
      if (due == nullptr) continue;
      const DelayedWrite write = *due;
      world_.queue.erase(item);
      return Link(world_, judge_, write.machine, write.directory, write.value);
    }
    ADD_FAILURE() << "no write was delayed";
  }
  void DamageSnapshot(Who who, SnapshotId id) override {
    Stored(who, id).health = Health::kDamaged;
  }
  void DamageContent(Who who, SnapshotId id) override {
    world_.store.contents.at(Stored(who, id).content - 1).health = Health::kDamaged;
  }
  void Drop(Who who, SnapshotId id) override {
    Stored(who, id).health = Health::kDropped;
    world_.store.contents.at(Stored(who, id).content - 1).health = Health::kDropped;
  }
  void Remember() override {
    Pass();
    remembered_ms_ = world_.now_ms;
  }
  void RollBack() override {
    Pass();
    RollBackStore(world_, remembered_ms_);
  }

 private:
  static int Number(Who who) { return static_cast<int>(who); }
  Machine& Me(Who who) { return At(world_, Number(who)); }
  Tables& Tab(Who who) { return Me(who).agent->tables; }
  void Pass() { world_.now_ms += 10; }
  StoredSnapshot& Stored(Who who, SnapshotId id) {
    world_.store.has_losses = true;
    return world_.store.snapshots.at(CapOf(Tab(who), id) - 1);
  }

  World world_;
  Judge judge_;
  std::int64_t remembered_ms_ = 0;
};

std::unique_ptr<StoreFixture> Make() { return std::make_unique<SimStore>(); }

}  // namespace
}  // namespace kinfolder::sim

namespace kinfolder {
INSTANTIATE_TEST_SUITE_P(Simulated, StoreContract, testing::Values(&sim::Make));
}  // namespace kinfolder
