// Random worlds: people edit on two to four machines, connections, agents and the store fail, and
// in the end everybody is back and all must agree.
//
// Everything follows from the seed and the profile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/moves.h"

namespace kinfolder::sim {

enum class Profile : std::uint8_t {
  kCalm = 1,      // edits, being offline, resolves; nothing fails
  kCrash = 2,     // and agents crash just before or after any effect
  kSwarm = 3,     // and the store fails; each seed has its own choice of what can happen
  kRollback = 4,  // and the store goes back to what it was
};

std::optional<Profile> ProfileOf(const std::string& name);
const char* NameOf(Profile profile);

// 0 fine, else the exit code of its kind.
inline constexpr int kSafety = 10, kLiveness = 11, kNonDeterminism = 12, kCheckFailed = 13;

struct SeedResult {
  std::uint64_t seed = 0;
  int failure = 0;
  std::string oracle;
  std::string text;
  std::vector<std::string> history;  // of the bytes concerned
  std::vector<std::string> log;
  std::uint64_t events = 0;
  std::int64_t simulated_ms = 0;
};

// `watcher`, if any, is told of every move of a machine.
SeedResult RunSeed(std::uint64_t seed, Profile profile, bool log, MoveWatcher* watcher = nullptr);

}  // namespace kinfolder::sim
