#include "shells/host/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include "core/base/check.h"

namespace kinfolder {

namespace {

std::int64_t NowMs(clockid_t clock) {
  timespec now = {};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// Descriptors are used again by the kernel: the generation tells an old event from a new one.
std::uint64_t Token(int fd, std::uint64_t generation) {
  return (generation << 32) | static_cast<std::uint32_t>(fd);
}

}  // namespace

bool Mailbox::Post(std::function<void()> task) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!open_) return false;
  tasks_.push_back(std::move(task));
  if (tasks_.size() == 1) {
    const std::uint64_t one = 1;
    // Fails only when the counter is full; then the loop wakes up anyway.
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  }
  return true;
}

Result<std::unique_ptr<EventLoop>> EventLoop::Create() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.ok() || !wake.ok()) return ErrnoError(errno, "can't set up the event loop");
  const int wake_fd = wake.get();
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = Token(wake_fd, 0);
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake_fd, &event) != 0)
    return ErrnoError(errno, "can't set up the event loop");
  return std::unique_ptr<EventLoop>(
      new EventLoop(std::move(epoll), wake_fd, std::make_shared<Mailbox>(std::move(wake))));
}

EventLoop::EventLoop(Fd epoll, int wake_fd, std::shared_ptr<Mailbox> mailbox)
    : epoll_(std::move(epoll)), wake_fd_(wake_fd), mailbox_(std::move(mailbox)) {}

EventLoop::~EventLoop() {
  std::vector<Task> dropped;  // destroyed after the lock is released: they may own anything
  const std::lock_guard<std::mutex> lock(mailbox_->mutex_);
  mailbox_->open_ = false;
  dropped.swap(mailbox_->tasks_);
}

Status EventLoop::AddFd(int fd, std::uint32_t events, FdTask ready) {
  CHECK(!fds_.contains(fd));
  auto watched = std::make_shared<Watched>();
  watched->generation = next_generation_++;
  watched->ready = std::move(ready);
  epoll_event event = {};
  event.events = events;
  event.data.u64 = Token(fd, watched->generation);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return ErrnoError(errno, "can't wait for a descriptor");
  fds_[fd] = std::move(watched);
  return Status();
}

Status EventLoop::ChangeFd(int fd, std::uint32_t events) {
  const auto found = fds_.find(fd);
  CHECK(found != fds_.end());
  epoll_event event = {};
  event.events = events;
  event.data.u64 = Token(fd, found->second->generation);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0)
    return ErrnoError(errno, "can't wait for a descriptor");
  return Status();
}

void EventLoop::RemoveFd(int fd) {
  if (fds_.erase(fd) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

EventLoop::TimerId EventLoop::AddTimer(std::int64_t at_mono_ms, Task task) {
  const TimerId id = next_timer_++;
  due_.emplace(at_mono_ms, id);
  timers_[id] = {at_mono_ms, std::move(task)};
  return id;
}

void EventLoop::RemoveTimer(TimerId id) {
  const auto found = timers_.find(id);
  if (found == timers_.end()) return;
  due_.erase({found->second.first, id});
  timers_.erase(found);
}

void EventLoop::Run() {
  while (!stopped_) RunOnce(-1);
}

int EventLoop::WaitMs(std::int64_t max_wait_ms) const {
  std::int64_t wait = max_wait_ms;
  if (!due_.empty()) {
    const std::int64_t until = std::max<std::int64_t>(due_.begin()->first - MonoMs(), 0);
    wait = wait < 0 ? until : std::min(wait, until);
  }
  return wait < 0 ? -1 : static_cast<int>(std::min<std::int64_t>(wait, 3'600'000));
}

void EventLoop::RunOnce(std::int64_t max_wait_ms) {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), WaitMs(max_wait_ms));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const int fd = static_cast<int>(event.data.u64 & 0xffffffffu);
    const std::uint64_t generation = event.data.u64 >> 32;
    if (generation == 0) continue;  // posted tasks are run below
    const auto found = fds_.find(fd);
    if (found == fds_.end() || (found->second->generation & 0xffffffffu) != generation) continue;
    const std::shared_ptr<Watched> watched = found->second;  // it may remove itself
    watched->ready(event.events);
  }
  RunPosted();
  RunTimers();
}

void EventLoop::RunPosted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard<std::mutex> lock(mailbox_->mutex_);
    if (mailbox_->tasks_.empty()) return;
    tasks.swap(mailbox_->tasks_);
    std::uint64_t counter = 0;
    // The counter is not 0: a task was posted.
    [[maybe_unused]] const ssize_t read = ::read(wake_fd_, &counter, sizeof counter);
  }
  for (const Task& task : tasks) task();
}

void EventLoop::RunTimers() {
  const std::int64_t now = MonoMs();
  // Only what was due at the start: a timer that arms itself anew for now must not starve the rest.
  const TimerId newest = next_timer_;
  while (!due_.empty() && due_.begin()->first <= now && due_.begin()->second < newest) {
    const TimerId id = due_.begin()->second;
    const Task task = std::move(timers_[id].second);
    RemoveTimer(id);
    task();
  }
}

std::int64_t EventLoop::MonoMs() { return NowMs(CLOCK_MONOTONIC); }
std::int64_t EventLoop::WallMs() { return NowMs(CLOCK_REALTIME); }

}  // namespace kinfolder
