// AgentProcess: everything a running agent consists of, put together in this process.
//
// Lock, state directory, database, store, host, setup desk and control socket, on one event loop.
// At most one per process: it takes SIGTERM and SIGINT.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "shells/api/commands.h"
#include "shells/api/control_server.h"
#include "shells/api/setup_desk.h"
#include "shells/host/agent_host.h"
#include "shells/host/event_loop.h"
#include "shells/posix/fd.h"
#include "shells/posix/lock.h"

namespace kinfolder {

class AgentProcess {
 public:
  // Takes the lock and opens everything. kExists: another agent runs on the state directory.
  // `say` gets lines for people.
  static Result<std::unique_ptr<AgentProcess>> Open(const std::string& state_path,
                                                    SetupDesk::Say say);
  ~AgentProcess();
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  // Begins with all folders and serves until Stop or a signal. `ready` is called once, when all
  // folders have begun and the socket answers.
  Status Run(std::function<void()> ready);
  void Stop() { loop_->Stop(); }

  HostApi& host() { return *host_; }
  SetupDesk& desk() { return *desk_; }
  Commands& commands() { return *commands_; }
  EventLoop& loop() { return *loop_; }
  // Whether a signal ended Run.
  bool interrupted() const { return interrupted_; }

 private:
  explicit AgentProcess(StateLock lock) : lock_(std::move(lock)) {}
  Status Assemble(StateDir state, SetupDesk::Say say);
  Status CatchSignals();

  StateLock lock_;
  std::string socket_path_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<AgentHost> host_;
  std::unique_ptr<SetupDesk> desk_;
  std::unique_ptr<Commands> commands_;
  std::unique_ptr<ControlServer> server_;
  Fd signals_;
  bool interrupted_ = false;
};

}  // namespace kinfolder
