// HostParts: what the parts of one folder's host share. Internal to shells/host.
//
// One thread: the loop's. Jobs for workers own what they need; their results come back as tasks of
// the loop, which are dropped when the host is gone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/agent/driver.h"
#include "core/agent/event.h"
#include "core/agent/state.h"
#include "shells/host/disk_jobs.h"
#include "shells/host/event_loop.h"
#include "shells/host/host_api.h"
#include "shells/host/store_jobs.h"
#include "shells/host/tables.h"
#include "shells/host/workers.h"
#include "shells/posix/staging.h"
#include "shells/setup/folder_options.h"
#include "shells/store/object_store.h"

namespace kinfolder {

// The bytes of contents that were captured a moment ago, so that they need not be read again. The
// oldest go first.
class RecentContents {
 public:
  static constexpr std::size_t kMaxBytes = 4 * 1024 * 1024;

  void Add(ContentId id, std::shared_ptr<const std::string> bytes);
  std::shared_ptr<const std::string> Find(ContentId id) const;
  void Erase(ContentId id);

 private:
  std::unordered_map<std::uint32_t, std::shared_ptr<const std::string>> contents_;
  std::deque<std::uint32_t> order_;
  std::size_t bytes_ = 0;
};

// Effects of one kind that wait to be carried out, and how many chunks of them are under way.
template <class E>
class Lane {
 public:
  static constexpr std::size_t kChunk = 1024;
  static constexpr std::uint64_t kChunkBytes = 32 * 1024 * 1024;

  explicit Lane(int most_under_way) : most_(most_under_way) {}

  void Add(E effect) { waiting_.push_back(std::move(effect)); }
  bool MayStart() const { return !waiting_.empty() && under_way_ < most_; }
  // The next effects, at least one; `bytes` says what one of them weighs. To be ended by Ended.
  template <class Bytes>
  std::vector<E> Start(Bytes bytes) {
    std::vector<E> chunk;
    std::uint64_t weight = 0;
    while (!waiting_.empty() && chunk.size() < kChunk && weight < kChunkBytes) {
      weight += bytes(waiting_.front());
      chunk.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    ++under_way_;
    return chunk;
  }
  std::vector<E> Start() {
    return Start([](const E&) { return std::uint64_t{0}; });
  }
  void Ended() { --under_way_; }
  // All that waits, not to be carried out.
  std::vector<E> TakeWaiting() {
    std::vector<E> all(std::make_move_iterator(waiting_.begin()),
                       std::make_move_iterator(waiting_.end()));
    waiting_.clear();
    return all;
  }

 private:
  std::deque<E> waiting_;
  int under_way_ = 0;
  int most_;
};

class HostParts {
 public:
  HostParts(EventLoop& event_loop, FolderSetup folder_setup)
      : loop(event_loop), setup(std::move(folder_setup)), tables(setup.number) {}

  EventLoop& loop;
  FolderSetup setup;
  FolderOptions options;
  Tables tables;
  RecentContents recent;
  std::string state_id;
  std::shared_ptr<ObjectStore> store;
  std::shared_ptr<StagingArea> staging;
  std::shared_ptr<SigningKey> key;
  std::shared_ptr<DiskSide> disk;  // null: the root could not be opened yet
  Workers disk_workers{4};
  Workers content_workers{4};    // uploads, downloads, snapshots
  Workers directory_workers{2};  // what is small and must not wait behind contents

  std::function<const AgentState&()> state;
  // Queues an event for the core, which sees it soon.
  std::function<void(EventBody)> feed;

  // Runs `job` on a worker and `done` with its result on the loop.
  template <class Job, class Done>
  void Run(Workers& workers, Job job, Done done) {
    workers.Run([job = std::move(job), done = std::move(done), mailbox = loop.mailbox(),
                 alive = std::weak_ptr<bool>(alive_)]() mutable {
      auto result = std::make_shared<decltype(job())>(job());
      mailbox->Post([result, done = std::move(done), alive] {
        if (!alive.expired()) done(*result);
      });
    });
  }

  // A task of the loop's that is dropped when the host is gone.
  std::function<void()> WhileAlive(std::function<void()> task) const {
    return [task = std::move(task), alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) task();
    };
  }

  // The name in tmp of a token: tokens of removals are the core's, and distinct only per path.
  static constexpr std::uint64_t kStagedBit = std::uint64_t{1} << 62;
  static std::uint64_t TmpNumber(PathId path, std::uint64_t token) {
    if ((token & kStagedBit) != 0) return token;
    return (std::uint64_t{path.value & 0x3fffffffu} << 32) | (token & 0xffffffffu);
  }

  // Where a content can be had.
  ContentPlace PlaceOf(ContentId id) const;

 private:
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// What a look said, as the core is told. `names` finds out whether the name is a conflict copy's.
Observation MakeObservation(Tables& tables, PathId path, const LookResult& looked);
// Sets copy_of and copy_owner.
void NoteCopyName(Tables& tables, Observation& seen);

}  // namespace kinfolder
