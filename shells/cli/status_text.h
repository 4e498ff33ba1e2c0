// The agent's status as people read it. Pure, but for colours on a terminal.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace kinfolder {

// Several lines per folder, with the evidence; `now_s` is the time of day.
std::string StatusText(const nlohmann::json& status, std::int64_t now_s);
// One line per folder, without times: equal texts mean that nothing happened.
std::string StatusLines(const nlohmann::json& status);
// A line for each of a conflict's other versions.
std::string TheirsText(const nlohmann::json& conflict, const std::string& indent);
// Whether a folder of the status has blocked paths, conflicts, or waits for its store.
bool HasBlocked(const nlohmann::json& status);

}  // namespace kinfolder
