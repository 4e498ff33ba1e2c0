// Scenario files as text: lines, words, contents and numbers, with the place of every mistake.
//
// Knows the form of a line (docs: scenario-format), not what steps mean; see steps.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace kinfolder::sim {

struct Token {
  std::string text;      // of a quoted one or a content: the bytes themselves
  bool quoted = false;   // it was in quotes
  bool content = false;  // it can stand for a content: quoted, repeat(...) or random(...)
  int column = 1;
};

struct Line {
  int number = 1;
  std::vector<Token> tokens;
};

// The lines that are not empty. The error's text is `file:line:col: what; expected ...`.
Result<std::vector<Line>> ReadLines(const std::string& file, std::string_view text);

std::string Place(const std::string& file, int line, int column);

// Bytes that depend on the seed only.
std::string RandomBytes(std::uint64_t seed, std::size_t count);

// nullopt: not of that form. Durations in ms: 200ms, 30s, 10m, 2h, 7d.
std::optional<std::int64_t> ReadNumber(std::string_view text, int base = 10);
std::optional<std::int64_t> ReadDuration(std::string_view text);
// Bytes a second, at least 1: 500B/s, 64kB/s, 1MB/s, 1GB/s.
std::optional<std::int64_t> ReadRate(std::string_view text);

}  // namespace kinfolder::sim
