// Numbers and times as people read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kinfolder {

std::string HumanBytes(std::uint64_t bytes);                                           // "4.1 MB"
std::string Count(std::uint64_t number, std::string_view one, std::string_view many);  // "3 files"

// Seconds since the epoch of an RFC 3339 time in UTC, as the agent writes them.
std::optional<std::int64_t> ParseTime(std::string_view text);
// "just now", "12 s ago", "3 min ago", "5 h ago", "2 days ago"; "never" for no time.
std::string Ago(std::string_view time, std::int64_t now_s);
// "2026-03-01 14:05:09" in UTC.
std::string FormatTime(std::int64_t seconds);

}  // namespace kinfolder
