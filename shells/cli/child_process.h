// ChildProcess: a program started by this one, which ends at the latest when this one does.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/base/result.h"

namespace kinfolder {

class ChildProcess {
 public:
  // Starts `arguments[0]` with its output going to the file `log` (appended to).
  static Result<ChildProcess> Start(const std::vector<std::string>& arguments,
                                    const std::string& log);
  ChildProcess(ChildProcess&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // As Stop.
  ~ChildProcess();

  // Ends it with SIGTERM, and after ten seconds with SIGKILL. True if it ended by itself with 0.
  bool Stop();
  bool running();

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
};

}  // namespace kinfolder
