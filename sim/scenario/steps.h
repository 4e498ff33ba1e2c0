// A scenario as values: machines, options, and steps whose form has been checked.
//
// Parse finds every mistake that can be found without running.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "sim/scenario/syntax.h"
#include "sim/world/power_mode.h"
#include "sim/world/user_op.h"

namespace kinfolder::sim {

enum class Form : std::uint8_t {
  kContent,
  kAbsent,
  kDir,
  kMode,
  kSymlink,
  kMtime,
  kOneOf,
  kVersions,
  kConflicts,
  kKeeps,
  kFiles,
  kOnly,
  kHistory,
  kHistoryHas,
  kSnapshots,
  kUploads,
  kDownloads,
  kDmdWrites,
  kSnapshotsMade,
  kHeldDeletes,
  kState,
  kError,
  kSame,
  kOutsideNone,
};

struct Expectation {
  Form form = Form::kContent;
  bool all = false;
  std::vector<int> machines;
  std::string path;
  std::vector<std::optional<std::string>> contents;  // nullopt: deleted, no file
  std::vector<std::string> words;                    // paths, a state, a kind of error
  std::int64_t number = 0;
};

struct Step {
  int line = 0;
  int column = 1;
  std::string verb;
  int machine = -1;                // whose step; -1: of the store or of the world
  std::vector<std::string> words;  // arguments that are paths, names, contents
  std::vector<std::int64_t> numbers;
  int other = -1;                  // another machine
  std::optional<UserOp> user;      // what it does to files
  std::optional<PowerMode> power;  // powerloss
  std::size_t effect = 0;          // when, crash-at: what for,
  bool after = false;
  std::uint32_t deed = 0;  // and what is done then: an index into Scenario::deeds
  std::optional<Expectation> expect;
};

struct Option {
  int machine = -1;  // -1: all
  std::string key, value;
};

struct Scenario {
  std::string file;
  std::vector<std::string> machines;
  std::set<int> late, read_only, peers;
  std::vector<Option> options;
  std::uint64_t seed = 1;
  std::vector<Step> steps;
  std::vector<Step> deeds;  // those that wait for the instant of an effect
};

// The error's text is `file:line:col: what; expected ...`.
Result<Scenario> Parse(const std::string& file, std::string_view text);

// Whether the words of an option are understood; the error's text says what is.
Status CheckOption(const std::string& key, const std::string& value);

// Fills `expectation` from the words after `expect`. REQUIRES: tokens[0] is `expect`.
Status ParseExpectation(const std::vector<Token>& tokens,
                        const std::map<std::string, int>& machines, Expectation& expectation,
                        std::size_t* at);

}  // namespace kinfolder::sim
