// The parts of carrying out effects in the store. Internal to sim/world.
#pragma once

#include <string>

#include "sim/world/world.h"

namespace kinfolder::sim {

// What a request meets.
enum class Weather : std::uint8_t { kFine, kFails, kFull, kAnswerLost, kDelayed };

struct Hands {
  World& world;
  Judge& judge;
  int machine;
  Machine& m;
  Tables& tables;
  Weather weather;

  const std::string& Path(PathId id) const { return tables.paths.at(id.value); }
  std::int64_t Latency() const;
  void Reply(EventBody body) const;
};

// --- store_reading.cc ---
void Do(const Hands& hands, const ReadOwn& effect);
void Do(const Hands& hands, const ReadHeads& effect);
void Do(const Hands& hands, const ReadCollective& effect);
void Do(const Hands& hands, const FetchSnapshot& effect);
void Do(const Hands& hands, const CheckStored& effect);

// --- store_staging.cc: bringing a version here ---
// True if the content must come from the store.
bool NeedsStore(const Tables& tables, const StageTarget& effect);
void Do(const Hands& hands, const StageTarget& effect);

// --- store_writing.cc ---
void Do(const Hands& hands, const Upload& effect);
void Do(const Hands& hands, const WriteDirectory& effect);

}  // namespace kinfolder::sim
