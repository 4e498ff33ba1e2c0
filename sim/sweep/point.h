// The points of a sweep: at which effect of a run which fault strikes.
//
// In text `b#123:crash-after`: at the 123rd effect that agents carry out in the scenario, from 1. A
// second fault in the recovery from the first follows after a slash, counted from the first:
// `b#123:crash-after/b#4:crash-before`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world/power_mode.h"

namespace kinfolder::sim {

enum class Strike : std::uint8_t {
  kCrashBefore,
  kCrashAfter,  // it took place; nobody hears of it
  kLostAnswer,  // it took place; the agent hears that it failed, or that this is unclear
  kPowerKept,   // a power cut after it took place, by what is left of what was not written down
  kPowerNone,
  kPowerSubset,
  kPowerTorn,
  kPowerKeptBefore,  // the same just before it
  kPowerNoneBefore,
  kPowerSubsetBefore,
  kPowerTornBefore,
};

struct StrikeName {
  Strike strike;
  std::string_view name;
};

inline constexpr std::array<StrikeName, 11> kStrikes = {{
    {Strike::kCrashBefore, "crash-before"},
    {Strike::kCrashAfter, "crash-after"},
    {Strike::kLostAnswer, "lost-answer"},
    {Strike::kPowerKept, "power-kept"},
    {Strike::kPowerNone, "power-none"},
    {Strike::kPowerSubset, "power-subset"},
    {Strike::kPowerTorn, "power-torn"},
    {Strike::kPowerKeptBefore, "power-kept-before"},
    {Strike::kPowerNoneBefore, "power-none-before"},
    {Strike::kPowerSubsetBefore, "power-subset-before"},
    {Strike::kPowerTornBefore, "power-torn-before"},
}};

struct Point {
  std::uint64_t boundary = 1;
  Strike strike = Strike::kCrashBefore;
};

// nullopt: no power cut.
std::optional<PowerMode> PowerModeOf(Strike strike);
// Whether it strikes once the effect took place.
bool IsAfter(Strike strike);
std::string_view NameOf(Strike strike);
std::string Text(const std::vector<Point>& points);
// nullopt: not of that form.
std::optional<std::vector<Point>> ReadPoints(std::string_view text);
// Names, or what names start with (`crash`), separated by commas; empty: all. nullopt: one is
// unknown.
std::optional<std::vector<Strike>> ReadStrikes(std::string_view text);

}  // namespace kinfolder::sim
