// What a user does to the files of one machine. A plain value, so that it can wait in a queue.
#pragma once

#include <cstdint>
#include <string>

namespace kinfolder::sim {

enum class UserAct : std::uint8_t {
  kWrite,
  kAppend,
  kDelete,
  kRename,
  kSwap,
  kMkdir,
  kRmdir,
  kRmtree,
  kTouch,
  kUtime,
  kChmod,
  kSymlink,
  kSave,
  kSlowWrite,
  kWriteSameStat,
  kWriteUnseen,
  kFsync,
};

struct UserOp {
  UserAct act = UserAct::kWrite;
  std::string path;
  std::string other;  // rename, swap: the other path; symlink: the target
  std::string content;
  std::int64_t number = 0;       // utime: seconds; chmod: mode; slow-write: parts
  std::int64_t interval_ms = 0;  // slow-write

  friend bool operator==(const UserOp&, const UserOp&) = default;
};

}  // namespace kinfolder::sim
