// FolderPeople: what people ask of one folder, and what they are told. Internal to shells/host.
//
// Reads the core's state; what is to be done goes to the core as an event, and its answer comes
// back as AnswerCommand. See HostApi for the meaning of each call and the JSON.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/agent/effect.h"
#include "shells/host/history.h"
#include "shells/host/host_api.h"
#include "shells/host/host_parts.h"
#include "shells/host/scan_port.h"
#include "shells/host/store_port.h"

namespace kinfolder {

class FolderPeople {
 public:
  FolderPeople(HostParts& parts, StorePort& store_port, ScanPort& scan_port);
  ~FolderPeople();

  nlohmann::json GetStatus() const;
  nlohmann::json GetConflicts() const;
  nlohmann::json GetParticipants() const;
  nlohmann::json GetHeldDeletes() const;

  void Sync(std::int64_t timeout_ms, Reply reply);
  void SetPaused(bool paused, Reply reply);
  void DecideDeletes(bool approve, Reply reply);
  void Resolve(ResolveRequest request, Reply reply);
  void Log(const std::string& path, Reply reply);
  void Cat(const std::string& path, const std::string& version, Fd out, Reply reply);
  void Restore(const std::string& path, const std::string& version, Reply reply);

  // The core's answer to a command.
  void OnAnswer(const AnswerCommand& answer);
  // After each step of the core.
  void OnStep();
  // A command is under way.
  bool busy() const { return !commands_.empty() || walks_ != 0; }

 private:
  struct Command {
    Reply reply;
    nlohmann::json result;
    std::optional<EventLoop::TimerId> timeout;
  };
  CommandId NewCommand(Reply reply, nlohmann::json result = nlohmann::json::object());
  // Ends a command that is still waited for.
  void Finish(CommandId command, Result<nlohmann::json> result);
  void ChooseGiven(PathId path, const Version& given, bool settles, Reply reply,
                   nlohmann::json result);
  void ResolveWithFile(PathId path, int fd, std::shared_ptr<Fd> file, Reply reply);
  using Found = std::function<void(Result<HistoryEntry>)>;
  void FindVersion(const std::string& path, const std::string& version, Found found);
  void WithHistory(const std::string& path,
                   std::function<void(Result<std::vector<HistoryEntry>>)> done);
  nlohmann::json Progress(const FolderView& view) const;

  HostParts& parts_;
  StorePort& store_port_;
  ScanPort& scan_port_;
  std::map<CommandId, Command> commands_;
  CommandId next_command_ = 1;
  int walks_ = 0;
  std::int64_t next_look_ms_ = 0;
  std::uint64_t most_files_pending_ = 0;
  std::uint64_t most_bytes_pending_ = 0;
};

}  // namespace kinfolder
