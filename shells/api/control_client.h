// ControlClient: a command's end of the control socket. Blocking; for one thread.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/base/result.h"
#include "shells/posix/fd.h"

namespace kinfolder {

class ControlClient {
 public:
  // kNotFound: no agent is running there.
  static Result<ControlClient> Connect(const std::string& socket_path);

  // Sends a request, with an open file if `file` is not -1 (it stays open here), and waits for the
  // answer. kUnavailable: the agent went away.
  Result<nlohmann::json> Call(const nlohmann::json& request, int file = -1);

  // Hands each part of a stream to `part` until that returns false or the stream ends.
  Status Stream(const nlohmann::json& request,
                const std::function<bool(const nlohmann::json&)>& part);

 private:
  explicit ControlClient(Fd fd) : fd_(std::move(fd)) {}
  Status Send(const nlohmann::json& request, int file);
  Result<std::string> ReadLine();

  Fd fd_;
  std::string buffer_;
};

}  // namespace kinfolder
