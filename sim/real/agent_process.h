// A real agent as a process of ours: started, stopped, killed, and held still.
//
// Held still (SIGSTOP) it does nothing while a step is done: in a scenario no agent acts between
// steps. It ends at the latest when this process does.
#pragma once

#include <sys/types.h>

#include <string>

namespace kinfolder::sim {

class AgentProcess {
 public:
  AgentProcess() = default;
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;
  ~AgentProcess() { Kill(); }

  // Starts `program --state STATE run`, with its output added to `log`, and returns when it is
  // ready. Empty, or what is wrong.
  std::string Start(const std::string& program, const std::string& state, const std::string& log);
  // SIGTERM, also if it is held still. Empty, or how else than with 0 it ended.
  std::string Stop();
  // As a crash would.
  void Kill();
  // Whether it was started and not ended by us. If it ended by itself, it is still `started`.
  bool started() const { return pid_ > 0; }
  // Empty, or how it ended by itself.
  std::string Died();
  void Freeze();
  void Thaw();

 private:
  pid_t pid_ = -1;
  bool frozen_ = false;
  std::string death_;
};

}  // namespace kinfolder::sim
