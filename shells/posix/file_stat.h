// FileStat: what one stat says of one name, and when two of them mean "untouched since".
//
// Links are never followed: a link's FileStat is the link's own. No content is read here.
#pragma once

#include <cstdint>

#include "core/base/result.h"

struct stat;

namespace kinfolder {

enum class FileKind : unsigned char { kFile = 1, kLink = 2, kDirectory = 3, kOther = 4 };

struct FileStat {
  FileKind kind = FileKind::kOther;
  std::uint64_t size = 0;     // bytes; of a link: of its target's text
  std::int64_t mtime_ns = 0;  // since 1970
  std::int64_t ctime_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t device = 0;  // not stable across reboots
  std::uint32_t mode = 0;    // permission bits (07777)
  bool exec = false;         // a file its owner may execute
  bool owner_can_read = false;

  friend bool operator==(const FileStat&, const FileStat&) = default;
};

FileStat ToFileStat(const struct stat& from);

// fstatat without following links. `name` is one component, "" means `dir_fd` itself.
// Returns 0 or the errno.
int StatAt(int dir_fd, const char* name, FileStat* out);

// The same file, not changed in between: kind, inode, size, mtime and ctime agree. Of directories
// only kind and inode count (their times move with every entry).
bool SameUntouched(const FileStat& a, const FileStat& b);
// The same without ctime, which a rename changes.
bool SameButRenamed(const FileStat& a, const FileStat& b);

}  // namespace kinfolder
