// The digest of all that outlives agents: disks, durable state, the store, and who is up.
//
// Worlds of one scenario whose images are equal go on alike after a crash, but for the time: what
// only running agents know, and the clock, do not count. 128 bits, so that no two images meet by
// chance.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

#include "sim/world/world.h"

namespace kinfolder::sim {

struct Image {
  std::uint64_t low = 0, high = 0;

  friend auto operator<=>(const Image&, const Image&) = default;
};

// Takes in numbers and texts one after the other.
class Digest {
 public:
  void Add(std::uint64_t word);
  void Add(std::string_view text);
  Image value() const { return image_; }

 private:
  Image image_{0x243f6a8885a308d3U, 0x13198a2e03707344U};
};

Image ImageOf(const World& world);

}  // namespace kinfolder::sim
