// StateLock: at most one agent per state directory.
//
// Held until the object (or the process) ends, however it ends. Says nothing about copies of the
// directory on other machines.
#pragma once

#include <string>
#include <utility>

#include "core/base/result.h"
#include "shells/posix/fd.h"

namespace kinfolder {

class StateLock {
 public:
  // Takes the lock on the file `lock` in `state_directory`. kExists: another process has it; the
  // text names its process id.
  static Result<StateLock> Acquire(const std::string& state_directory);

 private:
  explicit StateLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace kinfolder
