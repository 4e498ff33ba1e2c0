// What random stores do wrong. Each seed has its own choice of families of faults.
//
// A copyable value beside the run; its draws are streams of their own, so that a family that is
// added shifts no other choice.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/world/world.h"

namespace kinfolder::sim {

class StoreWeather {
 public:
  StoreWeather() = default;  // fine for ever
  // Without `bad` and `goes_back` nothing ever happens. It never goes back behind `start_ms`.
  StoreWeather(std::uint64_t seed, bool bad, bool goes_back, std::int64_t start_ms);

  // Something happens to the store, for this machine or for all.
  void Change(World& world, int machine);
  // All faults end; what was damaged or dropped is whole again. What a rollback took stays away.
  void Clear(World& world) const;

 private:
  enum class Family : std::uint8_t {
    kRequests,   // some fail, or their answers or they themselves get lost
    kLateWrite,  // a directory write works long after it timed out
    kStall,
    kStale,    // directories are read as they were; some seeds: as at any moment since
    kServers,  // too few servers: nothing is found
    kGaps,     // listings of the collective lack some
    kQuota,
    kSlow,
    kDamage,  // a content is damaged or dropped
    kRollback,
  };

  std::int64_t Pick(std::int64_t low, std::int64_t high);
  void Apply(World& world, int machine, Family family);
  void LoseRequests(StoreFaults& faults, int machine);
  void Damage(World& world);

  std::uint64_t seed_ = 0;
  std::int64_t start_ms_ = 0;
  std::uint64_t ordinal_ = 0;
  bool wander_ = false;
  std::vector<Family> families_;
};

}  // namespace kinfolder::sim
