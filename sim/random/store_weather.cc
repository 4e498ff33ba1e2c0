#include "sim/random/store_weather.h"

#include <algorithm>
#include <iterator>

#include "sim/world/draws.h"
#include "sim/world/store_damage.h"

namespace kinfolder::sim {

StoreWeather::StoreWeather(std::uint64_t seed, bool bad, bool goes_back, std::int64_t start_ms)
    : seed_(seed), start_ms_(start_ms) {
  for (int family = 0; bad && family < static_cast<int>(Family::kRollback); ++family)
    if (Pick(0, 99) < 40) families_.push_back(static_cast<Family>(family));
  if (goes_back) families_.push_back(Family::kRollback);
  wander_ = Pick(0, 1) == 0;
}

std::int64_t StoreWeather::Pick(std::int64_t low, std::int64_t high) {
  return DrawIn(Draw(seed_, "store-weather", 0, ordinal_++), low, high);
}

void StoreWeather::Change(World& world, int machine) {
  if (families_.empty()) return;
  Apply(world, machine,
        families_[static_cast<std::size_t>(
            Pick(0, static_cast<std::int64_t>(families_.size()) - 1))]);
}

void StoreWeather::LoseRequests(StoreFaults& faults, int machine) {
  const std::int64_t kind = Pick(0, 2);
  auto& counts = kind == 0 ? faults.fail : kind == 1 ? faults.lose_answer : faults.lose_request;
  counts[machine] += static_cast<int>(Pick(1, 3));
}

// The content of some entry of some directory.
void StoreWeather::Damage(World& world) {
  const int machine =
      static_cast<int>(Pick(0, static_cast<std::int64_t>(world.machines.size()) - 1));
  const std::uint32_t number = At(world, machine).state.directory;
  const Directory now = world.store.directories.at(number - 1).now;
  if (now.empty()) return;
  auto entry = now.begin();
  std::advance(entry, Pick(0, static_cast<std::int64_t>(now.size()) - 1));
  SetContentHealth(world, machine, entry->first,
                   Pick(0, 1) == 0 ? Health::kDamaged : Health::kDropped);
}

void StoreWeather::Apply(World& world, int machine, Family family) {
  StoreFaults& faults = world.store.faults;
  const std::int64_t now_ms = world.now_ms;
  switch (family) {
    case Family::kRequests:
      return LoseRequests(faults, machine);
    case Family::kLateWrite:
      faults.delay_write[machine] += 1;
      faults.delay_ms[machine] = Pick(100, 300'000);
      return;
    case Family::kStall:
      faults.stall_until_ms[machine] = now_ms + Pick(1'000, 600'000);
      return;
    case Family::kStale:
      faults.stale[Pick(0, 1) == 0 ? kAnyone : machine] = {now_ms, now_ms + Pick(1'000, 300'000),
                                                           wander_};
      return;
    case Family::kServers:
      faults.down_until_ms[machine] = now_ms + Pick(1'000, 300'000);
      return;
    case Family::kGaps:
      faults.partial_until_ms[machine] = now_ms + Pick(1'000, 300'000);
      return;
    case Family::kQuota:
      if (!faults.full.insert(machine).second) faults.full.erase(machine);
      return;
    case Family::kSlow:
      faults.bandwidth[machine] = Pick(1, 1'000);
      return;
    case Family::kDamage:
      return Damage(world);
    case Family::kRollback:
      return RollBackStore(world, std::max(start_ms_, now_ms - Pick(1, 600'000)));
  }
}

void StoreWeather::Clear(World& world) const {
  StoreFaults& faults = world.store.faults;
  faults.fail.clear();
  faults.lose_answer.clear();
  faults.lose_request.clear();
  faults.delay_write.clear();
  faults.full.clear();
  faults.bandwidth.clear();
  for (StoredContent& content : world.store.contents)
    if (content.health != Health::kRolledBack) content.health = Health::kWhole;
}

}  // namespace kinfolder::sim
