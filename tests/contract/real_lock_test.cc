// The lock contract on the real lock, held by real processes.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>

#include "core/base/check.h"
#include "shells/posix/lock.h"
#include "shells/posix/test_tree.h"
#include "tests/contract/lock_contract.h"

namespace kinfolder {
namespace {

class RealLock : public LockFixture {
 public:
  RealLock() {
    for (int directory : {0, 1}) std::filesystem::create_directory(PathOf(directory));
  }
  ~RealLock() override {
    for (int directory : {0, 1})
      if (running_[Index(directory)] != 0) Kill(directory);
  }

  std::string Start(int directory) override {
    std::array<int, 2> said = {};
    CHECK(pipe(said.data()) == 0);
    const pid_t child = fork();
    if (child == 0) Serve(PathOf(directory), said[1]);
    close(said[1]);
    std::string text;
    for (char c = 0; read(said[0], &c, 1) == 1 && c != '\n';) text += c;
    close(said[0]);
    if (text.empty()) {
      running_[Index(directory)] = child;
      last_[Index(directory)] = child;
    } else {
      Await(child);
    }
    return text;
  }
  std::string Process(int directory) override { return std::to_string(last_[Index(directory)]); }
  void End(int directory) override { Signal(directory, SIGTERM); }
  void Kill(int directory) override { Signal(directory, SIGKILL); }

 private:
  static std::size_t Index(int directory) { return static_cast<std::size_t>(directory); }
  std::string PathOf(int directory) const {
    return tree_.base() + "/state" + std::to_string(directory);
  }
  static void Await(pid_t child) { CHECK(waitpid(child, nullptr, 0) == child); }

  // In the child: says why it can't run, or nothing, in one line.
  [[noreturn]] static void Serve(const std::string& path, int out) {
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, nullptr);
    {
      const Result<StateLock> lock = StateLock::Acquire(path);
      const std::string line = (lock.ok() ? "" : lock.error().text) + "\n";
      const bool said = write(out, line.data(), line.size()) == std::ssize(line);
      int signal = 0;
      if (said && lock.ok()) sigwait(&end, &signal);
    }
    _exit(0);
  }
  void Signal(int directory, int signal) {
    pid_t& child = running_[Index(directory)];
    CHECK(child != 0 && kill(child, signal) == 0);
    Await(child);
    child = 0;
  }

  TestTree tree_;
  std::array<pid_t, 2> running_ = {};
  std::array<pid_t, 2> last_ = {};
};

std::unique_ptr<LockFixture> Make() { return std::make_unique<RealLock>(); }

}  // namespace

INSTANTIATE_TEST_SUITE_P(Real, LockContract, testing::Values(&Make));

}  // namespace kinfolder
