// ControlServer: the agent's end of the control socket, served by its event loop.
//
// Takes one request at a time from each connection, hands it to the handler, and writes what the
// handler answers, whenever that is. Never blocks: a slow or silent client costs its buffers only.
// What the requests mean is commands.h's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/result.h"
#include "shells/host/event_loop.h"
#include "shells/posix/fd.h"

namespace kinfolder {

struct ControlRequest {
  nlohmann::json body;  // an object
  Fd file;              // the descriptor that came with it; not ok() if none
};

// Where the answer to one request goes. Loop thread only. Everything is dropped quietly when the
// client has gone. Destroyed without Finish, it closes the connection.
class Responder {
 public:
  virtual ~Responder() = default;
  // The one answer, or the end of a stream with an error.
  virtual void Finish(const Result<nlohmann::json>& answer) = 0;
  // One line of a stream.
  virtual void Part(const nlohmann::json& part) = 0;
  // The good end of a stream.
  virtual void End() = 0;
  // True if all that was written has left; then another Part costs no memory for long.
  virtual bool Drained() const = 0;
  // Called when Drained becomes true again.
  virtual void OnDrained(std::function<void()> drained) = 0;
  virtual bool IsOpen() const = 0;
};

using ControlHandler = std::function<void(ControlRequest, std::shared_ptr<Responder>)>;

class ControlServer {
 public:
  // Listens at `socket_path`, whose directory's lock the caller holds. `loop` must outlive it.
  static Result<std::unique_ptr<ControlServer>> Create(EventLoop& loop, std::string socket_path,
                                                       ControlHandler handler);
  // Closes all connections and removes the socket.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  class Connection;
  class Answer;
  ControlServer(EventLoop& loop, std::string socket_path, Fd listener, ControlHandler handler);
  void Accept();
  void Serve(std::uint64_t id, std::uint32_t events);

  EventLoop& loop_;
  std::string socket_path_;
  Fd listener_;
  ControlHandler handler_;
  std::map<std::uint64_t, std::shared_ptr<Connection>> connections_;
  std::uint64_t next_connection_ = 1;
  std::shared_ptr<ControlServer*> self_;  // gone with it: for what was posted to the loop
};

}  // namespace kinfolder
