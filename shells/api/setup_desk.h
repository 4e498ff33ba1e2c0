// SetupDesk: setting up folders while the agent runs, and taking in those who were invited.
//
// Owns the state directory's records while the agent runs and writes them from one thread of its
// own, since stores may block. Tells the host of what came and went. All calls and replies are the
// loop's thread's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "shells/host/event_loop.h"
#include "shells/host/host_api.h"
#include "shells/host/workers.h"
#include "shells/setup/folders.h"
#include "shells/setup/state_dir.h"
#include "shells/store/object_store.h"

namespace kinfolder {

class SetupDesk {
 public:
  using Say = std::function<void(const std::string& line)>;  // for people; holds no secret

  // `loop` and `host` must outlive it. `say` is told of joiners and of what goes wrong. The store
  // is opened when it is first needed.
  SetupDesk(EventLoop& loop, HostApi& host, StateDir state, Say say);
  ~SetupDesk();
  SetupDesk(const SetupDesk&) = delete;
  SetupDesk& operator=(const SetupDesk&) = delete;

  // Has the host begin with all recorded folders, and begins to look for answers to invitations.
  // Calls `started` when each has begun or failed; failures are said.
  Status Start(std::function<void()> started);

  const std::vector<FolderSetup>& folders() const { return folders_; }
  // kNotFound says which there are.
  Result<FolderSetup> Find(const std::string& name) const;

  void Create(const NewFolder& wanted, Reply reply);  // {"name","path","participant"}
  void Invite(const std::string& folder, const std::string& participant, bool read_only,
              std::int64_t expires_s, Reply reply);  // {"invitation","expires_s"}
  void Join(const std::string& invitation, const NewFolder& wanted, Reply reply);  // as Create
  void Leave(const std::string& folder, Reply reply);                              // {}
  // An empty value sets back to the standard one. Answers {}.
  void SetOption(const std::string& folder, const std::string& name, const std::string& value,
                 Reply reply);

 private:
  // What the worker needs; it may outlive us when a store hangs.
  struct Shared {
    StateDir state;
    std::unique_ptr<ObjectStore> store;  // null: not opened yet

    Result<ObjectStore*> Store();
  };
  using Records = Result<std::vector<FolderSetup>>;

  // Runs `work` on the worker and then `done` here, with the records as they are then.
  template <class Value>
  void Do(std::function<Result<Value>(Shared&)> work,
          std::function<void(Result<Value>, Records)> done);
  void Added(Result<FolderSetup> record, Records records, Reply reply);
  bool Refresh(Records records);
  void LookForJoiners();
  void ScheduleLook();

  EventLoop& loop_;
  HostApi& host_;
  Say say_;
  std::shared_ptr<Shared> shared_;
  std::vector<FolderSetup> folders_;
  std::string last_problem_;
  EventLoop::TimerId timer_ = 0;
  Workers worker_;
  std::shared_ptr<SetupDesk*> self_;  // gone with us: for answers that come late
};

// {"name","path","participant","admin","read_only"}, nothing secret.
nlohmann::json DescribeFolder(const FolderSetup& record);

}  // namespace kinfolder
