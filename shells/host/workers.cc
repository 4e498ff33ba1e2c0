#include "shells/host/workers.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace kinfolder {

struct Workers::Shared {
  std::mutex mutex;
  std::condition_variable work;
  std::condition_variable ended;
  std::deque<Job> jobs;
  std::size_t max_threads = 1;
  std::size_t threads = 0;
  std::size_t idle = 0;
  bool stopped = false;

  void Serve() {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      ++idle;
      work.wait(lock, [this] { return stopped || !jobs.empty(); });
      --idle;
      if (jobs.empty()) break;
      {
        const Job job = std::move(jobs.front());
        jobs.pop_front();
        lock.unlock();
        job();
      }
      lock.lock();
    }
    --threads;
    ended.notify_all();
  }
};

Workers::Workers(std::size_t threads) : shared_(std::make_shared<Shared>()) {
  shared_->max_threads = threads;
}

Workers::~Workers() { Stop(0); }

void Workers::Run(Job job) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  if (shared_->stopped) return;
  shared_->jobs.push_back(std::move(job));
  if (shared_->jobs.size() > shared_->idle && shared_->threads < shared_->max_threads) {
    ++shared_->threads;
    std::thread([shared = shared_] { shared->Serve(); }).detach();
  }
  shared_->work.notify_one();
}

bool Workers::Stop(std::int64_t wait_ms) {
  std::deque<Job> dropped;  // destroyed without the lock
  std::unique_lock<std::mutex> lock(shared_->mutex);
  shared_->stopped = true;
  dropped.swap(shared_->jobs);
  shared_->work.notify_all();
  return shared_->ended.wait_for(lock, std::chrono::milliseconds(wait_ms),
                                 [this] { return shared_->threads == 0; });
}

}  // namespace kinfolder
