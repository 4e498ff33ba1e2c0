// FolderHost: one folder of a running agent. Feeds the core with what happens and carries out what
// it asks for.
//
// The core steps on the loop's thread only; several answers share one commit. It decides nothing
// itself. When the database fails, it stops and says so: whoever made it makes a new one from what
// is durable (see Driver, duty 6).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/driver.h"
#include "shells/host/disk_port.h"
#include "shells/host/folder_people.h"
#include "shells/host/host_parts.h"
#include "shells/host/scan_port.h"
#include "shells/host/store_port.h"
#include "shells/host/trace_ring.h"
#include "shells/state/state_store.h"

namespace kinfolder {

// What a folder needs of the process it runs in. All outlive it.
struct FolderServices {
  EventLoop* loop = nullptr;
  StateStore* db = nullptr;
  std::string staging_directory;  // of this folder alone; made if missing
  std::string trace_directory;    // likewise; empty: nothing is recorded
  std::string state_id;
  std::uint32_t epoch = 1;               // larger than at every earlier start
  bool rebooted = false;                 // the machine was, since the start before
  bool copied = false;                   // the state directory is a copy: nothing may be written
  std::function<void()> changed;         // what Status says may be different now
  std::function<void(Error)> db_failed;  // this folder has stopped
};

class FolderHost : private Ports {
 public:
  // Loads what is durable. kCorrupt and kVersion as StateStore and StagingArea; kInvalid: options
  // that make no sense.
  static Result<std::unique_ptr<FolderHost>> Create(FolderSetup setup,
                                                    std::shared_ptr<ObjectStore> store,
                                                    FolderServices services);
  ~FolderHost() override;
  FolderHost(const FolderHost&) = delete;
  FolderHost& operator=(const FolderHost&) = delete;

  // Tells the core that it has started. Once.
  void Start();
  // Ends all work and waits for what is under way on the disk; a store that hangs is left alone.
  void Stop();

  const FolderSetup& setup() const { return parts_.setup; }
  const AgentState& state() const { return driver_->state(); }
  FolderPeople& people() { return people_; }
  TraceRing* trace() { return trace_.get(); }
  // Takes options that were set in the setup record.
  Status ChangeOptions(const std::map<std::string, std::string>& set);

 private:
  FolderHost(FolderSetup setup, std::shared_ptr<ObjectStore> store, FolderServices services);
  Status Load();
  Status LoadStaging();
  std::vector<bool> NeededContents() const;

  // Ports
  bool Commit(const std::vector<RecordWrite>& writes) override;
  void Perform(std::vector<Effect> effects) override;
  void Record(const Event& event, std::uint64_t chain) override;

  void Feed(EventBody body);
  void ScheduleRun();
  void RunDriver();
  void ArmWake();
  void Forget(ContentId content);
  void CollectGarbage();
  void CommitTables();

  FolderServices services_;
  HostParts parts_;
  std::unique_ptr<Driver> driver_;
  DiskPort disk_port_;
  StorePort store_port_;
  ScanPort scan_port_;
  FolderPeople people_;
  std::unique_ptr<TraceRing> trace_;
  std::uint32_t paths_named_ = 0;  // names that the core was told of
  bool run_scheduled_ = false;
  bool stopped_ = false;
  bool garbage_ = false;  // contents that may not be needed any more
  std::optional<EventLoop::TimerId> wake_timer_;
  std::optional<EventLoop::TimerId> tidy_timer_;
  std::int64_t wake_at_ms_ = 0;
};

}  // namespace kinfolder
