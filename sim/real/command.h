// Programs started by the runner: a command that ends by itself, and what an agent is asked over
// its control socket (docs/control-socket.md).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace kinfolder::sim {

struct CommandResult {
  int status = -1;  // the exit status; -1: it was ended by a signal or by us
  std::string out, error;
};

// Runs arguments[0] to its end. After `timeout_ms` it is killed.
CommandResult RunCommand(const std::vector<std::string>& arguments, std::int64_t timeout_ms);

// Sends one request to the agent of a state directory. kUnavailable: it did not answer in time, or
// says so itself; other errors are the agent's.
Result<nlohmann::json> AskAgent(const std::string& state, const nlohmann::json& request,
                                std::int64_t timeout_ms);

// Milliseconds of a clock that never jumps.
std::int64_t MonotonicMs();
void SleepMs(std::int64_t ms);

}  // namespace kinfolder::sim
