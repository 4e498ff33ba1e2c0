// What is in a directory of the real file system, and what a user does to it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "sim/world/user_op.h"

namespace kinfolder::sim {

enum class RealKind : std::uint8_t { kFile, kLink, kDirectory, kOther };

struct RealEntry {
  RealKind kind = RealKind::kFile;
  std::string content;  // a file's bytes, a link's target
  std::uint32_t mode = 0;
  std::int64_t mtime_ns = 0;
  bool leaf = true;  // false: a directory with something in it
};

// By path below the root, without the agent's own directory.
using RealTree = std::map<std::string, RealEntry>;

RealTree ReadTree(const std::string& root);
std::optional<RealEntry> ReadEntry(const std::string& path);

// The names, sizes, times and inodes below a directory: two different ones are a change.
std::string MarkOf(const std::string& directory);

// A file that a program has open and writes bit by bit.
struct SlowWrite {
  int fd = -1;
  std::string content;
  std::int64_t parts = 1, part = 1;
  std::int64_t due_ms = 0, interval_ms = 0;
};

// Does it as the simulator's users do: missing parents are made. Empty, or what is wrong.
// `slow` gets what is still to be written.
std::string DoRealOp(const std::string& root, const UserOp& op, std::deque<SlowWrite>& slow);

// Writes whole content into a file, made if it is missing. False: errno says why.
bool WriteWhole(const std::string& path, const std::string& content);

}  // namespace kinfolder::sim
