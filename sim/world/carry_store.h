// The parts of carrying out effects in the store. Internal to sim/world.
#pragma once

#include <string>

#include "sim/world/world.h"

namespace kinfolder::sim {

// What a request meets.
enum class Weather : std::uint8_t {
  kFine,
  kFails,
  kDown,  // like kFails, but what is looked for seems not to be there
  kFull,
  kAnswerLost,
  kRequestLost,
  kDelayed,
};

struct Hands {
  World& world;
  Judge& judge;
  int machine;
  Machine& m;
  Tables& tables;
  Weather weather;
  std::int64_t asked_ms;  // when the agent asked for it

  const std::string& Path(PathId id) const { return tables.paths.at(id.value); }
  std::int64_t Latency() const;
  void Reply(EventBody body) const;
};
// Why an object can't be read in weather that is not fine.
Reason TroubleOf(Weather weather);

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
