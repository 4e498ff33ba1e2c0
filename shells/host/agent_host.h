// AgentHost: all folders of one state directory in one process. Implements HostApi.
//
// Owns the database and one FolderHost per folder. Reads no setup records: AddFolder brings them.
// A folder whose store can't be opened is tried again every few seconds. When the database fails,
// all folders stop and begin anew from what is durable.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "shells/host/event_loop.h"
#include "shells/host/folder_host.h"
#include "shells/host/host_api.h"
#include "shells/host/workers.h"
#include "shells/setup/state_dir.h"
#include "shells/state/state_store.h"

namespace kinfolder {

struct AgentHostOptions {
  std::string staging_path;  // made if missing
  std::string trace_path;    // made if missing; empty: nothing is recorded
  std::string state_id;
  std::uint32_t epoch = 1;  // of this start
  bool rebooted = false;    // the machine was, since the start before
  bool copied = false;
  // Opens a store of its own for one folder; called on worker threads, may block.
  std::function<Result<std::unique_ptr<ObjectStore>>()> open_store;
};

class AgentHost : public HostApi {
 public:
  // `loop` must outlive it.
  AgentHost(EventLoop& loop, std::unique_ptr<StateStore> db, AgentHostOptions options);
  // Opens the database of a state directory, whose lock the caller holds, and counts this start.
  // The store is the state directory's. Errors as StateDb::Open and StateDir.
  static Result<std::unique_ptr<AgentHost>> Open(EventLoop& loop, StateDir& state);
  // As Stop.
  ~AgentHost() override;

  // Ends all folders. What is under way on disks is waited for; stores that hang are not.
  void Stop();

  void AddFolder(FolderSetup setup, Reply reply) override;
  void RemoveFolder(const std::string& folder, Reply reply) override;
  Result<nlohmann::json> GetStatus(const std::string& folder) override;
  Result<nlohmann::json> GetParticipants(const std::string& folder) override;
  Result<nlohmann::json> GetConflicts(const std::string& folder) override;
  Result<nlohmann::json> GetHeldDeletes(const std::string& folder) override;
  void SetStatusListener(std::function<void()> changed) override;
  void Sync(const std::string& folder, std::int64_t timeout_ms, Reply reply) override;
  void SetPaused(const std::string& folder, bool paused, Reply reply) override;
  void DecideDeletes(const std::string& folder, bool approve, Reply reply) override;
  void Resolve(ResolveRequest request, Reply reply) override;
  void Log(const std::string& folder, const std::string& path, Reply reply) override;
  void Cat(const std::string& folder, const std::string& path, const std::string& version, Fd out,
           Reply reply) override;
  void Restore(const std::string& folder, const std::string& path, const std::string& version,
               Reply reply) override;
  void ChangeOptions(const std::string& folder, const std::map<std::string, std::string>& options,
                     Reply reply) override;
  void SaveTrace(const std::string& folder, Fd out, Reply reply) override;

  // For tests: null while its store is not open.
  FolderHost* FindHost(const std::string& folder);

 private:
  struct Folder {
    FolderSetup setup;
    std::unique_ptr<FolderHost> host;  // null: not begun
    std::string problem;               // why not
    Reply added;                       // to be answered when it has begun or failed for good
    bool failed = false;               // for good: until the next start
  };

  void OpenStoreOf(std::uint32_t number);
  void OnStoreOpened(std::uint32_t number, Result<std::unique_ptr<ObjectStore>> store);
  void Begin(Folder& folder, std::shared_ptr<ObjectStore> store);
  void OnDatabaseFailed(const Error& error);
  void ReopenDatabase();
  void Changed();
  Folder* Find(const std::string& name);
  // The folder's host, or why it has none; answers `reply` then.
  FolderHost* Running(const std::string& name, const Reply& reply);
  Error NotRunning(const std::string& name);
  Result<nlohmann::json> Ask(const std::string& name,
                             const std::function<nlohmann::json(FolderHost&)>& question);
  nlohmann::json StatusOf(const Folder& folder) const;
  std::function<void()> WhileAlive(std::function<void()> task) const;

  EventLoop& loop_;
  std::unique_ptr<StateStore> db_;
  AgentHostOptions options_;
  Workers openers_{4};
  std::map<std::uint32_t, Folder> folders_;  // by number
  std::function<void()> listener_;
  bool listener_scheduled_ = false;
  bool reopening_ = false;
  bool stopped_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace kinfolder
