#include "shells/host/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "shells/host/workers.h"

namespace kinfolder {
namespace {

std::unique_ptr<EventLoop> MakeLoop() {
  Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  EXPECT_TRUE(loop.ok());
  return std::move(loop).value();
}

struct Pipe {
  Pipe() {
    std::array<int, 2> fds = {};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK), 0);
    in = Fd(fds[0]);
    out = Fd(fds[1]);
  }
  void Write() const { EXPECT_EQ(::write(out.get(), "x", 1), 1); }
  Fd in, out;
};

TEST(EventLoop, TimersRunInOrderAndCanBeTakenBack) {
  const auto loop = MakeLoop();
  std::vector<int> order;
  const std::int64_t now = EventLoop::MonoMs();
  loop->AddTimer(now + 20, [&] { order.push_back(2); });
  loop->AddTimer(now + 1, [&] { order.push_back(1); });
  const auto removed = loop->AddTimer(now + 2, [&] { order.push_back(9); });
  loop->AddTimer(now + 30, [&] {
    order.push_back(3);
    loop->Stop();
  });
  loop->RemoveTimer(removed);
  loop->Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_GE(EventLoop::MonoMs() - now, 30);
}

TEST(EventLoop, ATimerThatArmsItselfForNowDoesNotStarveTheRest) {
  const auto loop = MakeLoop();
  std::function<void()> again = [&] { loop->AddTimer(0, again); };
  again();
  bool posted = false;
  loop->RunOnce(0);
  loop->Post([&] { posted = true; });
  loop->RunOnce(0);
  EXPECT_TRUE(posted);
}

TEST(EventLoop, PostsFromOtherThreadsWakeItAndKeepTheirOrder) {
  const auto loop = MakeLoop();
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) loop->Post([&order, i] { order.push_back(i); });
    loop->Post([&] { loop->Stop(); });
  });
  loop->Run();
  other.join();
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(EventLoop, ADescriptorMayRemoveItselfAndOthers) {
  const auto loop = MakeLoop();
  const Pipe a, b;
  int calls = 0;
  const auto once = [&](std::uint32_t) {
    ++calls;
    loop->RemoveFd(a.in.get());
    loop->RemoveFd(b.in.get());
  };
  ASSERT_TRUE(loop->AddFd(a.in.get(), EPOLLIN, once).ok());
  ASSERT_TRUE(loop->AddFd(b.in.get(), EPOLLIN, once).ok());
  a.Write();
  b.Write();
  loop->RunOnce(1000);
  loop->RunOnce(0);
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, PostingToALoopThatIsGoneIsRefused) {
  auto loop = MakeLoop();
  const std::shared_ptr<Mailbox> mailbox = loop->mailbox();
  EXPECT_TRUE(mailbox->Post([] {}));
  loop.reset();
  EXPECT_FALSE(mailbox->Post([] {}));
}

TEST(Workers, RunEverythingAndUseSeveralThreads) {
  Workers workers(3);
  std::atomic<int> done{0};
  std::atomic<int> together{0}, most{0};
  for (int i = 0; i < 60; ++i) {
    workers.Run([&] {
      const int now = ++together;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      ::usleep(2000);
      --together;
      ++done;
    });
  }
  while (done < 60) ::usleep(1000);
  EXPECT_TRUE(workers.Stop(5000));
  EXPECT_GE(most, 2);
  EXPECT_LE(most, 3);
}

TEST(Workers, AHangingJobDoesNotHoldUpTheEnd) {
  const auto release = std::make_shared<std::atomic<bool>>(false);
  const auto ran = std::make_shared<std::atomic<bool>>(false);
  const auto started = std::make_shared<std::atomic<bool>>(false);
  Workers workers(1);
  workers.Run([=] {
    *started = true;
    while (!*release) ::usleep(1000);
  });
  while (!*started) ::usleep(1000);
  workers.Run([=] { *ran = true; });
  EXPECT_FALSE(workers.Stop(20));
  *release = true;
  EXPECT_TRUE(workers.Stop(5000));
  EXPECT_FALSE(*ran);
}

}  // namespace
}  // namespace kinfolder
