#include "sim/real/agent_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>

#include "sim/real/command.h"

namespace kinfolder::sim {

namespace {

constexpr std::int64_t kReadyMs = 60'000;
constexpr std::int64_t kStopMs = 30'000;
constexpr std::int64_t kLookMs = 5;

[[noreturn]] void BecomeAgent(const std::string& program, const std::string& state, int log) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpgid(0, 0);  // an interrupt is for the runner, whose end is the agent's
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execl(program.c_str(), program.c_str(), "--state", state.c_str(), "run", nullptr);
  _exit(127);
}

std::string HowItEnded(int status) {
  if (WIFSIGNALED(status)) return "by signal " + std::to_string(WTERMSIG(status));
  return "with status " + std::to_string(WEXITSTATUS(status));
}

std::string TextFrom(const std::string& file, std::streamoff from) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(from);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string AgentProcess::Start(const std::string& program, const std::string& state,
                                const std::string& log) {
  const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return "its log can't be written";
  struct stat before = {};
  fstat(fd, &before);
  death_.clear();
  frozen_ = false;
  pid_ = fork();
  if (pid_ == 0) BecomeAgent(program, state, fd);
  close(fd);
  if (pid_ < 0) return "no process can be started";
  for (const std::int64_t end_ms = MonotonicMs() + kReadyMs; MonotonicMs() < end_ms;) {
    if (TextFrom(log, before.st_size).find("is ready") != std::string::npos) return {};
    if (const std::string death = Died(); !death.empty()) {
      Kill();
      return "the agent ended " + death + ": " + TextFrom(log, before.st_size);
    }
    SleepMs(kLookMs);
  }
  return "the agent was not ready in time";
}

std::string AgentProcess::Stop() {
  if (!Died().empty() || pid_ < 0) {
    Kill();
    return "it had ended by itself";
  }
  kill(pid_, SIGTERM);
  Thaw();
  int status = 0;
  for (const std::int64_t end_ms = MonotonicMs() + kStopMs; MonotonicMs() < end_ms;) {
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "" : "it ended " + HowItEnded(status);
    }
    SleepMs(kLookMs);
  }
  Kill();
  return "it did not end in time";
}

void AgentProcess::Kill() {
  if (pid_ < 0) return;
  if (death_.empty()) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  pid_ = -1;
  frozen_ = false;
  death_.clear();
}

std::string AgentProcess::Died() {
  int status = 0;
  if (pid_ > 0 && death_.empty() && waitpid(pid_, &status, WNOHANG) == pid_)
    death_ = HowItEnded(status);
  return death_;
}

void AgentProcess::Freeze() {
  if (pid_ < 0 || frozen_ || !Died().empty()) return;
  kill(pid_, SIGSTOP);
  frozen_ = true;
  int status = 0;
  // Returns when all its threads stand still.
  if (waitpid(pid_, &status, WUNTRACED) == pid_ && !WIFSTOPPED(status)) death_ = HowItEnded(status);
}

void AgentProcess::Thaw() {
  if (pid_ < 0 || !frozen_) return;
  kill(pid_, SIGCONT);
  frozen_ = false;
}

}  // namespace kinfolder::sim
