// Carries out the effects that need the store, through its faults.
#include "sim/world/carry_store.h"

#include "core/base/check.h"
#include "sim/world/draws.h"

namespace kinfolder::sim {

namespace {

Weather WeatherFor(World& world, int machine, const Effect& effect) {
  StoreFaults& faults = world.store.faults;
  if (At(world, machine).offline || TakeOne(faults.fail, machine)) return Weather::kFails;
  if (Lasts(faults.down_until_ms, machine, world.now_ms)) return Weather::kDown;
  if (TakeOne(faults.lose_request, machine)) return Weather::kRequestLost;
  const bool writes = std::holds_alternative<WriteDirectory>(effect);
  if ((writes || std::holds_alternative<Upload>(effect)) && IsFull(faults, machine))
    return Weather::kFull;
  if (writes && TakeOne(faults.delay_write, machine)) return Weather::kDelayed;
  return TakeOne(faults.lose_answer, machine) ? Weather::kAnswerLost : Weather::kFine;
}

// Tells the agent when the connection to the store goes or comes, as the real client does.
void NoticeLink(const Hands& hands) {
  const bool up = hands.weather != Weather::kFails;
  if (hands.m.agent->link_up == up) return;
  hands.m.agent->link_up = up;
  Answer(hands.world, hands.machine, StoreLinkChanged{up}, 0);
}

// The effects of the disk are not carried out here.
template <class Other>
void Do(const Hands&, const Other&) {
  CHECK(false);
}

}  // namespace

Reason TroubleOf(Weather weather) {
  return weather == Weather::kDown ? Reason::kNotFound : Reason::kStore;
}

std::int64_t Hands::Latency() const {
  if (const std::int64_t* fixed = ForMachine(world.store.faults.latency_ms, machine)) return *fixed;
  return DrawIn(DrawFor(world, machine, "store-answer"), 10, 60);
}

void Hands::Reply(EventBody body) const { Answer(world, machine, std::move(body), Latency()); }

bool IsStoreEffect(const Effect& effect) {
  return std::holds_alternative<StageTarget>(effect) || std::holds_alternative<Upload>(effect) ||
         std::holds_alternative<WriteDirectory>(effect) ||
         std::holds_alternative<ReadOwn>(effect) || std::holds_alternative<ReadHeads>(effect) ||
         std::holds_alternative<ReadCollective>(effect) ||
         std::holds_alternative<FetchSnapshot>(effect) ||
         std::holds_alternative<CheckStored>(effect);
}

void CarryInStore(World& world, Judge& judge, int machine, const Effect& effect,
                  std::int64_t asked_ms) {
  Machine& m = At(world, machine);
  m.disk.unsynced.now_ms = world.now_ms;
  m.disk.unsynced.by_user = false;
  const auto* stage = std::get_if<StageTarget>(&effect);
  const bool near = stage && !NeedsStore(m.agent->tables, *stage);
  const Weather weather = near ? Weather::kFine : WeatherFor(world, machine, effect);
  const Hands hands{world, judge, machine, m, m.agent->tables, weather, asked_ms};
  if (!near) NoticeLink(hands);
  std::visit([&](const auto& e) { Do(hands, e); }, effect);
}

std::uint64_t BytesToMove(const World& world, int machine, const Effect& effect) {
  const Agent& agent = *world.machines.at(static_cast<std::size_t>(machine)).agent;
  ContentId content;
  if (const auto* stage = std::get_if<StageTarget>(&effect)) {
    if (NeedsStore(agent.tables, *stage)) content = stage->version.content;
  } else if (const auto* upload = std::get_if<Upload>(&effect)) {
    const Node* node = agent.driver.state().dag.Find(upload->snapshot);
    if (node != nullptr && node->version.content &&
        agent.tables.contents.at(node->version.content.value).cap == 0)
      content = node->version.content;
  }
  return content ? world.blobs.Bytes(agent.tables.contents.at(content.value).blob).size() : 0;
}

}  // namespace kinfolder::sim
