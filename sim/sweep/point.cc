#include "sim/sweep/point.h"

#include "sim/scenario/syntax.h"

namespace kinfolder::sim {

namespace {

// The text up to the separator, which is taken off `text` with it.
std::string_view Cut(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

std::optional<Point> ReadPoint(std::string_view text) {
  if (text.substr(0, 2) != "b#") return std::nullopt;
  text.remove_prefix(2);
  const auto number = ReadNumber(Cut(text, ':'));
  if (!number || *number < 1) return std::nullopt;
  for (const StrikeName& known : kStrikes)
    if (known.name == text) return Point{static_cast<std::uint64_t>(*number), known.strike};
  return std::nullopt;
}

}  // namespace

std::optional<PowerMode> PowerModeOf(Strike strike) {
  switch (strike) {
    case Strike::kPowerKept:
    case Strike::kPowerKeptBefore:
      return PowerMode::kAllKept;
    case Strike::kPowerNone:
    case Strike::kPowerNoneBefore:
      return PowerMode::kNone;
    case Strike::kPowerSubset:
    case Strike::kPowerSubsetBefore:
      return PowerMode::kSubset;
    case Strike::kPowerTorn:
    case Strike::kPowerTornBefore:
      return PowerMode::kTorn;
    default:
      return std::nullopt;
  }
}

bool IsAfter(Strike strike) {
  return strike != Strike::kCrashBefore && strike < Strike::kPowerKeptBefore;
}

std::string_view NameOf(Strike strike) {
  for (const StrikeName& known : kStrikes)
    if (known.strike == strike) return known.name;
  return "?";
}

std::string Text(const std::vector<Point>& points) {
  std::string text;
  for (const Point& point : points)
    text += (text.empty() ? "b#" : "/b#") + std::to_string(point.boundary) + ":" +
            std::string(NameOf(point.strike));
  return text;
}

std::optional<std::vector<Point>> ReadPoints(std::string_view text) {
  std::vector<Point> points;
  do {
    const std::optional<Point> point = ReadPoint(Cut(text, '/'));
    if (!point) return std::nullopt;
    points.push_back(*point);
  } while (!text.empty());
  return points;
}

std::optional<std::vector<Strike>> ReadStrikes(std::string_view text) {
  std::vector<Strike> strikes;
  while (!text.empty()) {
    const std::string_view word = Cut(text, ',');
    const std::size_t before = strikes.size();
    for (const StrikeName& known : kStrikes)
      if (!word.empty() && known.name.substr(0, word.size()) == word)
        strikes.push_back(known.strike);
    if (strikes.size() == before) return std::nullopt;
  }
  if (strikes.empty())
    for (const StrikeName& known : kStrikes) strikes.push_back(known.strike);
  return strikes;
}

}  // namespace kinfolder::sim
