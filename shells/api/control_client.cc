#include "shells/api/control_client.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "shells/api/control_protocol.h"
#include "shells/api/unix_socket.h"

namespace kinfolder {
namespace {

Error GoneError() {
  return MakeError(ErrorKind::kUnavailable,
                   "the agent ended before it answered; see what it printed and start it again");
}

// Sends the first piece, with the descriptor; the number of bytes sent or -1.
ssize_t SendWithFile(int socket, std::string_view bytes, int file) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec piece = {const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (file >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &file, sizeof file);
  }
  return RetryEintr([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); });
}

}  // namespace

Result<ControlClient> ControlClient::Connect(const std::string& socket_path) {
  Result<Fd> fd = ConnectTo(socket_path);
  if (!fd.ok()) return fd.error();
  return ControlClient(std::move(fd).value());
}

Status ControlClient::Send(const nlohmann::json& request, int file) {
  const std::string line = RequestLine(request);
  std::string_view left = line;
  while (!left.empty()) {
    const ssize_t count = SendWithFile(fd_.get(), left, file);
    if (count < 0) return GoneError();
    left.remove_prefix(static_cast<std::size_t>(count));
    file = -1;
  }
  return Status();
}

Result<std::string> ControlClient::ReadLine() {
  std::size_t searched = 0;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    searched = buffer_.size();
    char piece[16384];
    const ssize_t count = RetryEintr([&] { return ::recv(fd_.get(), piece, sizeof piece, 0); });
    if (count <= 0) return GoneError();
    buffer_.append(piece, static_cast<std::size_t>(count));
  }
}

Result<nlohmann::json> ControlClient::Call(const nlohmann::json& request, int file) {
  const Status sent = Send(request, file);
  // The agent may have refused and closed before it read all: its answer is what counts.
  const Result<std::string> line = ReadLine();
  if (!line.ok()) return sent.ok() ? line.error() : sent.error();
  std::optional<Result<nlohmann::json>> answer = ParseAnswerLine(line.value());
  if (!answer) return nlohmann::json();
  return std::move(*answer);
}

Status ControlClient::Stream(const nlohmann::json& request,
                             const std::function<bool(const nlohmann::json&)>& part) {
  const Status sent = Send(request, -1);
  if (!sent.ok()) return sent;
  for (;;) {
    const Result<std::string> line = ReadLine();
    if (!line.ok()) return line.error();
    const std::optional<Result<nlohmann::json>> answer = ParseAnswerLine(line.value());
    if (!answer) return Status();
    if (!answer->ok()) return answer->error();
    if (!part(answer->value())) return Status();
  }
}

}  // namespace kinfolder
