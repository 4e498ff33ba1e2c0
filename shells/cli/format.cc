#include "shells/cli/format.h"

#include <fmt/format.h>
#include <stdio.h>
#include <time.h>

#include <array>

namespace kinfolder {

std::string HumanBytes(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  constexpr std::array<const char*, 6> kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string Count(std::uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

std::optional<std::int64_t> ParseTime(std::string_view text) {
  tm parts = {};
  const std::string whole(text);
  if (::sscanf(whole.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &parts.tm_year, &parts.tm_mon,
               &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6) {
    return std::nullopt;
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return ::timegm(&parts);
}

std::string Ago(std::string_view time, std::int64_t now_s) {
  const std::optional<std::int64_t> then = ParseTime(time);
  if (!then) return "never";
  const std::int64_t age = now_s - *then;
  if (age < 2) return "just now";
  if (age < 120) return fmt::format("{} s ago", age);
  if (age < 7200) return fmt::format("{} min ago", age / 60);
  if (age < 2 * 86400) return fmt::format("{} h ago", age / 3600);
  return fmt::format("{} days ago", age / 86400);
}

std::string FormatTime(std::int64_t seconds) {
  const time_t time = seconds;
  tm parts = {};
  ::gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace kinfolder
