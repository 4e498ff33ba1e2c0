// A digest of numbers and texts, taken in one after the other: 128 bits, so that no two meet by
// chance. Not cryptographic; the same on every machine.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

#include "sim/world/draws.h"

namespace kinfolder::sim {

struct Image {
  std::uint64_t low = 0, high = 0;

  friend auto operator<=>(const Image&, const Image&) = default;
};

class Digest {
 public:
  void Add(std::uint64_t word) {
    image_.low = Mix(image_.low ^ word);
    image_.high = (image_.high ^ word) * 0x9e3779b97f4a7c15U;
    image_.high ^= image_.high >> 29;
  }
  void Add(std::string_view text);
  const Image& value() const { return image_; }

 private:
  Image image_{0x243f6a8885a308d3U, 0x13198a2e03707344U};
};

}  // namespace kinfolder::sim
