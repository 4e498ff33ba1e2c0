// Named draws: every random choice of a simulated world is a pure function of the seed and of what
// the choice is about, so that a change in one place does not shift the choices of all others.
//
// No state but the ordinals, which are the caller's; copying a world copies them with it.
#pragma once

#include <cstdint>
#include <string_view>

namespace kinfolder::sim {

// The finaliser of SplitMix64.
constexpr std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

// FNV-1a, then mixed: a hash that is the same on every machine.
constexpr std::uint64_t HashText(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return Mix(hash);
}

// A number for the `ordinal`th choice of this kind by this actor.
constexpr std::uint64_t Draw(std::uint64_t seed, std::string_view stream, std::uint64_t actor,
                             std::uint64_t ordinal) {
  return Mix(Mix(Mix(seed) ^ HashText(stream)) ^ Mix(actor * 0x10001U) ^ Mix(~ordinal));
}

// Within [low, high]. REQUIRES: low <= high.
constexpr std::int64_t DrawIn(std::uint64_t draw, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(draw % static_cast<std::uint64_t>(high - low + 1));
}

}  // namespace kinfolder::sim
