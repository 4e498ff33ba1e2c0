// Fd: an owned file descriptor, and errno as an Error.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace kinfolder {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int Release();  // the caller owns it now
  void Reset();   // closes it

 private:
  int fd_ = -1;
};

// The Error for a failed system call: the kind by `error`, the text "<what>: <why>; <what to do>".
// `error` is an errno value, not 0.
Error ErrnoError(int error, std::string_view what);

// Calls `call()` again while it fails with EINTR.
template <class Call>
auto RetryEintr(Call call) -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (!(result == -1 && errno == EINTR)) return result;
  }
}

}  // namespace kinfolder
