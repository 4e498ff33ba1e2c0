#include "sim/real/command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

namespace kinfolder::sim {

namespace {

// Reads what has come. False: nothing more will come.
bool Drain(int fd, std::string& into) {
  char piece[65536];
  const ssize_t count = read(fd, piece, sizeof piece);
  if (count > 0) into.append(piece, static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

[[noreturn]] void Become(const std::vector<std::string>& arguments, int out, int error) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(out, STDOUT_FILENO);
  dup2(error, STDERR_FILENO);
  std::vector<char*> words;
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  execv(words[0], words.data());
  _exit(127);
}

struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

Error NoAnswer(const std::string& what) {
  return MakeError(ErrorKind::kUnavailable, "the agent did not answer (" + what + ")");
}

// By way of its open directory, so that the address is short whatever the path.
bool Connect(int fd, const std::string& state) {
  const Descriptor directory{open(state.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (directory.fd < 0) return false;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(directory.fd) + "/control.sock";
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Result<nlohmann::json> AnswerIn(const std::string& line) {
  const nlohmann::json answer = nlohmann::json::parse(line, nullptr, false);
  if (!answer.is_object() || !answer.contains("ok")) return NoAnswer("not understood: " + line);
  if (answer["ok"] == true) return answer.value("result", nlohmann::json());
  const nlohmann::json error = answer.value("error", nlohmann::json::object());
  const bool later = error.value("kind", "") == "unavailable";
  return MakeError(later ? ErrorKind::kUnavailable : ErrorKind::kInvalid, error.value("text", ""));
}

}  // namespace

CommandResult RunCommand(const std::vector<std::string>& arguments, std::int64_t timeout_ms) {
  CommandResult result;
  int out[2], error[2];
  if (pipe2(out, O_CLOEXEC) != 0) return result;
  if (pipe2(error, O_CLOEXEC) != 0) {
    close(out[0]);
    close(out[1]);
    return result;
  }
  const Descriptor out_end{out[0]}, error_end{error[0]};
  const pid_t pid = fork();
  if (pid == 0) Become(arguments, out[1], error[1]);
  close(out[1]);
  close(error[1]);
  if (pid < 0) return result;
  const std::int64_t end_ms = MonotonicMs() + timeout_ms;
  pollfd ends[2] = {{out[0], POLLIN, 0}, {error[0], POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    const std::int64_t left_ms = end_ms - MonotonicMs();
    if (left_ms <= 0) {
      kill(pid, SIGKILL);
      break;
    }
    if (poll(ends, 2, static_cast<int>(left_ms)) < 0) continue;
    if (ends[0].revents != 0 && !Drain(out[0], result.out)) ends[0].fd = -1;
    if (ends[1].revents != 0 && !Drain(error[0], result.error)) ends[1].fd = -1;
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

Result<nlohmann::json> AskAgent(const std::string& state, const nlohmann::json& request,
                                std::int64_t timeout_ms) {
  const Descriptor link{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (link.fd < 0 || !Connect(link.fd, state)) return NoAnswer("no connection");
  const std::string line =
      request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (send(link.fd, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return NoAnswer("the request was not taken");
  const std::int64_t end_ms = MonotonicMs() + timeout_ms;
  std::string answer;
  while (answer.find('\n') == std::string::npos) {
    pollfd end = {link.fd, POLLIN, 0};
    const std::int64_t left_ms = end_ms - MonotonicMs();
    if (left_ms <= 0) return NoAnswer("too late");
    if (poll(&end, 1, static_cast<int>(left_ms)) > 0 && !Drain(link.fd, answer))
      return NoAnswer("it closed the connection");
  }
  return AnswerIn(answer.substr(0, answer.find('\n')));
}

std::int64_t MonotonicMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void SleepMs(std::int64_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(std::max<std::int64_t>(ms, 0)));
}

}  // namespace kinfolder::sim
