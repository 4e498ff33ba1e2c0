// Workers: a few threads that do I/O for the loop.
//
// Jobs run in any order and at the same time; what a job needs it owns (values, or shared pointers
// to thread-safe things), because one that hangs may outlive everybody else. Answers go through
// the loop's Mailbox.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace kinfolder {

class Workers {
 public:
  using Job = std::function<void()>;

  // At most `threads` threads; each is started when it is first needed.
  explicit Workers(std::size_t threads);
  // As Stop(0).
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Queues a job. After Stop it is dropped.
  void Run(Job job);

  // Drops what is queued and waits for what is running, for at most `wait_ms`. False: a job hangs;
  // its thread is left alone. May be called again.
  bool Stop(std::int64_t wait_ms);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace kinfolder
