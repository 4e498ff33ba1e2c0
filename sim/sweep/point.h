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

namespace kinfolder::sim {

enum class Strike : std::uint8_t {
  kCrashBefore,
  kCrashAfter,  // it took place; nobody hears of it
  kLostAnswer,  // it took place; the agent hears that it failed, or that this is unclear
};

struct StrikeName {
  Strike strike;
  std::string_view name;
};

inline constexpr std::array<StrikeName, 3> kStrikes = {{
    {Strike::kCrashBefore, "crash-before"},
    {Strike::kCrashAfter, "crash-after"},
    {Strike::kLostAnswer, "lost-answer"},
}};

struct Point {
  std::uint64_t boundary = 1;
  Strike strike = Strike::kCrashBefore;
};

std::string_view NameOf(Strike strike);
std::string Text(const std::vector<Point>& points);
// nullopt: not of that form.
std::optional<std::vector<Point>> ReadPoints(std::string_view text);
// Names, or what names start with (`crash`), separated by commas; empty: all. nullopt: one is
// unknown.
std::optional<std::vector<Strike>> ReadStrikes(std::string_view text);

}  // namespace kinfolder::sim
