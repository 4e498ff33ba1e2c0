#include "sim/world/rolling.h"

#include <algorithm>

#include "sim/world/event_names.h"
#include "sim/world/image.h"

namespace kinfolder::sim {

namespace {

std::string Text(const World& world, const Happening& happening) {
  const std::string who = happening.machine < 0
                              ? "the store"
                              : world.machines.at(static_cast<std::size_t>(happening.machine)).name;
  const std::string number = std::to_string(happening.number);
  switch (happening.kind) {
    case Happening::Kind::kStep:
      return who + " at step " + number + " of its core (" +
             std::string(kEventNames.at(happening.what)) + ")";
    case Happening::Kind::kUser:
      return "the user of " + who;
    case Happening::Kind::kDeed:
      return who + " at entry " + number + " of the ledger (" +
             DeedText(static_cast<Deed>(happening.what)) + ")";
    case Happening::Kind::kEntry:
      return who + " in directory " + number + " of the store";
    case Happening::Kind::kLine:
      return "line " + number;
    case Happening::Kind::kRest:
      break;
  }
  return "what is there at rest";
}

}  // namespace

void Rolling::Fold(const Happening& happening, std::uint64_t detail) {
  digest_.Add(static_cast<std::uint64_t>(happening.kind) << 56 |
              static_cast<std::uint64_t>(happening.what) << 32 |
              static_cast<std::uint32_t>(happening.machine));
  digest_.Add(happening.number ^ static_cast<std::uint64_t>(happening.at_ms) << 24);
  digest_.Add(detail);
  if (keeps_) trail_.push_back({happening, digest_.value()});
}

void Rolling::KeepTrail() {
  keeps_ = true;
  trail_.clear();
}

void FoldRest(World& world) {
  const Image image = ImageOf(world);
  Digest digest;
  digest.Add(image.low);
  digest.Add(image.high);
  for (const Machine& m : world.machines)
    digest.Add(m.agent ? StateHash(m.agent->driver.state()) : 0);
  world.rolling.Fold({Happening::Kind::kRest, kAnyone, 0, 0, world.now_ms}, digest.value().low);
}

std::string FirstDifference(const World& one, const World& other) {
  const auto& a = one.rolling.trail();
  const auto& b = other.rolling.trail();
  const auto [mine, theirs] = std::mismatch(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const Rolling::Mark& x, const Rolling::Mark& y) { return x.after == y.after; });
  if (mine == a.end() && theirs == b.end()) return {};
  const auto& first = mine == a.end() ? *theirs : *mine;
  std::string text = Text(one, first.happening) + " went another way, at " +
                     std::to_string(first.happening.at_ms) + " ms";
  if (mine != a.end() && theirs != b.end() && !(mine->happening == theirs->happening))
    text += ": there it was " + Text(other, theirs->happening) + ", at " +
            std::to_string(theirs->happening.at_ms) + " ms";
  return text;
}

}  // namespace kinfolder::sim
