// Commands: what requests on the control socket mean.
//
// Turns each into calls of the HostApi or the SetupDesk, and their replies into answers. Loop
// thread only. The names and fields are those of docs/control-socket.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shells/api/control_server.h"
#include "shells/api/setup_desk.h"
#include "shells/host/host_api.h"

namespace kinfolder {

class Commands {
 public:
  // Both must outlive it. Takes the host's status listener.
  Commands(HostApi& host, SetupDesk& desk);
  ~Commands();
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

  void Handle(ControlRequest request, std::shared_ptr<Responder> answer);

 private:
  struct Watcher {
    std::string folder;  // empty: all
    std::shared_ptr<Responder> answer;
    bool behind = false;  // the status changed while the last one was still on its way
  };
  using Answer = std::shared_ptr<Responder>;

  bool HandleSetup(const std::string& command, const nlohmann::json& body, const Answer& answer);
  bool HandleFolder(const std::string& command, ControlRequest& request, const Answer& answer);
  bool HandlePath(const std::string& command, ControlRequest& request, const Answer& answer);
  void Sync(const std::string& folder, std::int64_t timeout_ms, const Answer& answer);
  void Conflicts(const std::string& folder, const Answer& answer);
  void Watch(const std::string& folder, const Answer& answer);
  void StatusChanged();
  void Tell(const std::shared_ptr<Watcher>& watcher);
  void Resolve(ControlRequest& request, const std::string& folder, const std::string& path,
               const Answer& answer);

  HostApi& host_;
  SetupDesk& desk_;
  std::vector<std::shared_ptr<Watcher>> watchers_;
};

}  // namespace kinfolder
