// EventLoop: the one thread of an agent's process on which the core, the tables and every answer
// run.
//
// Waits for descriptors, timers and functions posted by other threads, and never polls without a
// reason: an idle loop sleeps in the kernel. Callbacks must not block. All but Post is for the
// loop's own thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "shells/posix/fd.h"

namespace kinfolder {

// What Post needs, shared with threads that may outlive the loop. Thread-safe.
class Mailbox {
 public:
  explicit Mailbox(Fd wake) : wake_(std::move(wake)) {}
  // Has `task` run on the loop's thread, in the order of posting. False: the loop is gone and the
  // task was dropped.
  bool Post(std::function<void()> task);

 private:
  friend class EventLoop;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
  bool open_ = true;
  Fd wake_;
};

class EventLoop {
 public:
  using Task = std::function<void()>;
  using TimerId = std::uint64_t;
  // `events` are EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR.
  using FdTask = std::function<void(std::uint32_t events)>;

  static Result<std::unique_ptr<EventLoop>> Create();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Calls `ready` whenever `fd` has one of `events`. The caller keeps the descriptor open until
  // RemoveFd. REQUIRES: not added yet.
  Status AddFd(int fd, std::uint32_t events, FdTask ready);
  // REQUIRES: added.
  Status ChangeFd(int fd, std::uint32_t events);
  // Removing what was not added is ok. `ready` is not called any more, also not for events that
  // were there already.
  void RemoveFd(int fd);

  // Calls `task` once, at `at_mono_ms` or soon after.
  TimerId AddTimer(std::int64_t at_mono_ms, Task task);
  void RemoveTimer(TimerId id);

  // See Mailbox; may be called from any thread.
  void Post(Task task) { mailbox_->Post(std::move(task)); }
  std::shared_ptr<Mailbox> mailbox() const { return mailbox_; }

  // Serves until Stop.
  void Run();
  // Serves what is there, after waiting for at most `max_wait_ms` for something to come.
  void RunOnce(std::int64_t max_wait_ms);
  void Stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

  // The clock of AddTimer: never jumps.
  static std::int64_t MonoMs();
  // Since 1970, UTC.
  static std::int64_t WallMs();

 private:
  struct Watched {
    std::uint64_t generation = 0;
    FdTask ready;
  };
  EventLoop(Fd epoll, int wake_fd, std::shared_ptr<Mailbox> mailbox);
  void RunPosted();
  void RunTimers();
  int WaitMs(std::int64_t max_wait_ms) const;

  Fd epoll_;
  int wake_fd_;
  std::shared_ptr<Mailbox> mailbox_;
  std::unordered_map<int, std::shared_ptr<Watched>> fds_;
  std::uint64_t next_generation_ = 1;
  std::set<std::pair<std::int64_t, TimerId>> due_;
  std::unordered_map<TimerId, std::pair<std::int64_t, Task>> timers_;
  TimerId next_timer_ = 1;
  bool stopped_ = false;
};

}  // namespace kinfolder
