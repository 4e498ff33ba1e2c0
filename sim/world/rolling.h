// The rolling hash of a world: one value over all that happens in it, in its order.
//
// Taken in are each step of a core (its event, effects and records, and what it made of the state
// that is not durable), what users do, what becomes of contents and directories, the lines of a
// scenario, and everything at once where all is at rest. With the trail, two runs of one world are
// compared step by step, and the first that differs is named.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/world/digest.h"

namespace kinfolder::sim {

struct World;

// What has happened.
struct Happening {
  enum class Kind : std::uint8_t {
    kStep = 1,   // of a core: `number` the how-many-th, `what` its event
    kUser = 2,   // `what` is a UserAct
    kDeed = 3,   // an entry of the ledger: `number` the how-many-th, `what` is a Deed
    kEntry = 4,  // of directory `number` in the store
    kLine = 5,   // line `number` of the scenario is done
    kRest = 6,   // all is at rest, or over
  };
  Kind kind = Kind::kStep;
  int machine = 0;  // kAnyone: the store or the world
  std::uint64_t number = 0;
  std::size_t what = 0;
  std::int64_t at_ms = 0;

  friend bool operator==(const Happening&, const Happening&) = default;
};

class Rolling {
 public:
  // `detail` is a hash of all that it was.
  void Fold(const Happening& happening, std::uint64_t detail);
  const Image& value() const { return digest_.value(); }

  struct Mark {
    Happening happening;
    Image after;
  };
  // From now on, and nothing of what was.
  void KeepTrail();
  const std::vector<Mark>& trail() const { return trail_; }

 private:
  Digest digest_;
  bool keeps_ = false;
  std::vector<Mark> trail_;
};

// Takes in all that outlives agents (image.h) and all that those that run know.
void FoldRest(World& world);

// The first happening that two runs do not share, for people. Empty: their trails are the same.
// REQUIRES: both keep one, from where they were equal.
std::string FirstDifference(const World& one, const World& other);

}  // namespace kinfolder::sim
