#include "shells/api/control_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "shells/api/control_protocol.h"
#include "shells/api/unix_socket.h"
#include "shells/grid/json_text.h"

namespace kinfolder {
namespace {

constexpr std::size_t kMaxConnections = 128;
constexpr std::size_t kReadBytes = 16 * 1024;

// Takes the descriptors of a message; all but the last are closed.
void TakeDescriptors(msghdr& message, Fd& into) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      into = Fd(fd);
    }
  }
}

}  // namespace

// One client. Reads while no request is being answered; of a client that watches, only to notice
// that it went away.
class ControlServer::Connection {
 public:
  Connection(EventLoop& loop, Fd fd) : loop_(loop), fd_(std::move(fd)) {}
  ~Connection() { Close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_.get(); }
  bool open() const { return fd_.ok(); }
  bool drained() const { return out_.empty(); }
  bool busy() const { return busy_; }
  void set_busy(bool busy) { busy_ = busy; }
  void set_drained(std::function<void()> drained) { on_drained_ = std::move(drained); }

  void Close() {
    if (fd_.ok()) loop_.RemoveFd(fd_.get());
    fd_.Reset();
    out_.clear();
    on_drained_ = nullptr;
  }

  void Write(const std::string& line) {
    if (!open()) return;
    out_ += line;
    Flush();
    UpdateInterest();
  }

  // Closes once all is written.
  void CloseAfterWriting() {
    closing_ = true;
    if (drained()) Close();
  }

  void Flush() {
    const bool was_drained = drained();
    while (open() && !out_.empty()) {
      const ssize_t count = RetryEintr(
          [&] { return ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT); });
      if (count < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK) Close();
        break;
      }
      out_.erase(0, static_cast<std::size_t>(count));
    }
    if (open() && closing_ && drained()) Close();
    if (open() && !was_drained && drained() && on_drained_) on_drained_();
  }

  void UpdateInterest() {
    if (!open()) return;
    const std::uint32_t wanted = (reading() ? EPOLLIN : 0u) | (drained() ? 0u : EPOLLOUT);
    if (wanted == interest_) return;
    interest_ = wanted;
    if (!loop_.ChangeFd(fd_.get(), wanted).ok()) Close();
  }

  // Reads what is there; closes at the end of the stream or when more comes than a request may be.
  void Read() {
    char buffer[kReadBytes];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 4)];
    iovec piece = {buffer, sizeof buffer};
    msghdr message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t count =
        RetryEintr([&] { return ::recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC); });
    if (count < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) Close();
      return;
    }
    TakeDescriptors(message, file_);
    if (count == 0) {
      ended_ = true;
      if (!busy_ || streaming_) Close();
      return;
    }
    in_.append(buffer, static_cast<std::size_t>(count));
  }

  // The next whole line; false when there is none yet.
  bool TakeLine(std::string& line) {
    const std::size_t end = in_.find('\n');
    if (end == std::string::npos) return false;
    line = in_.substr(0, end);
    in_.erase(0, end + 1);
    return true;
  }
  bool TooLong() const { return in_.size() > kMaxRequestBytes; }
  Fd TakeFile() { return std::move(file_); }
  bool reading() const { return !ended_ && (!busy_ || streaming_) && !TooLong(); }
  bool ended() const { return ended_; }
  void set_streaming(bool streaming) { streaming_ = streaming; }

 private:
  EventLoop& loop_;
  Fd fd_;
  Fd file_;
  std::string in_;
  std::string out_;
  std::function<void()> on_drained_;
  std::uint32_t interest_ = EPOLLIN;
  bool busy_ = false;
  bool streaming_ = false;
  bool ended_ = false;
  bool closing_ = false;
};

class ControlServer::Answer : public Responder {
 public:
  Answer(EventLoop& loop, std::weak_ptr<Connection> connection, std::function<void()> next)
      : loop_(loop), connection_(std::move(connection)), next_(std::move(next)) {}
  ~Answer() override {
    if (const auto connection = Live()) connection->Close();
  }

  void Finish(const Result<nlohmann::json>& answer) override { Last(AnswerLine(answer)); }
  void End() override { Last(EndLine()); }
  void Part(const nlohmann::json& part) override {
    const auto connection = Live();
    if (connection == nullptr) return;
    connection->set_streaming(true);
    connection->Write(AnswerLine(part));
  }
  bool Drained() const override {
    const auto connection = Live();
    return connection != nullptr && connection->drained();
  }
  void OnDrained(std::function<void()> drained) override {
    if (const auto connection = Live()) connection->set_drained(std::move(drained));
  }
  bool IsOpen() const override { return Live() != nullptr; }

 private:
  std::shared_ptr<Connection> Live() const {
    if (finished_) return nullptr;
    auto connection = connection_.lock();
    return connection != nullptr && connection->open() ? connection : nullptr;
  }

  void Last(const std::string& line) {
    const auto connection = Live();
    finished_ = true;
    if (connection == nullptr) return;
    connection->set_drained(nullptr);
    connection->set_streaming(false);
    connection->set_busy(false);
    connection->Write(line);
    if (connection->ended()) connection->CloseAfterWriting();
    // Requests that came meanwhile, but not from within the handler of this one.
    loop_.Post(next_);
  }

  EventLoop& loop_;
  std::weak_ptr<Connection> connection_;
  std::function<void()> next_;
  bool finished_ = false;
};

Result<std::unique_ptr<ControlServer>> ControlServer::Create(EventLoop& loop,
                                                             std::string socket_path,
                                                             ControlHandler handler) {
  Result<Fd> listener = ListenAt(socket_path);
  if (!listener.ok()) return listener.error();
  std::unique_ptr<ControlServer> server(new ControlServer(
      loop, std::move(socket_path), std::move(listener).value(), std::move(handler)));
  ControlServer* const self = server.get();
  const Status added =
      loop.AddFd(server->listener_.get(), EPOLLIN, [self](std::uint32_t) { self->Accept(); });
  if (!added.ok()) return added.error();
  return server;
}

ControlServer::ControlServer(EventLoop& loop, std::string socket_path, Fd listener,
                             ControlHandler handler)
    : loop_(loop),
      socket_path_(std::move(socket_path)),
      listener_(std::move(listener)),
      handler_(std::move(handler)),
      self_(std::make_shared<ControlServer*>(this)) {}

ControlServer::~ControlServer() {
  loop_.RemoveFd(listener_.get());
  ::unlink(socket_path_.c_str());
  for (const auto& [id, connection] : connections_) connection->Close();
}

void ControlServer::Accept() {
  Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.ok()) return;
  std::erase_if(connections_, [](const auto& each) { return !each.second->open(); });
  auto connection = std::make_shared<Connection>(loop_, std::move(fd));
  const std::uint64_t id = next_connection_++;
  const Status added = loop_.AddFd(connection->fd(), EPOLLIN,
                                   [this, id](std::uint32_t events) { Serve(id, events); });
  if (!added.ok()) return;
  if (connections_.size() >= kMaxConnections) {
    connection->Write(AnswerLine(
        MakeError(ErrorKind::kUnavailable, "too many programs talk to the agent; try again")));
    return;
  }
  connections_[id] = std::move(connection);
}

void ControlServer::Serve(std::uint64_t id, std::uint32_t events) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const std::shared_ptr<Connection> connection = found->second;
  if ((events & EPOLLOUT) != 0) connection->Flush();
  if (connection->open() && (events & EPOLLIN) != 0) connection->Read();
  // Nobody will read an answer any more.
  if (connection->open() && (events & (EPOLLHUP | EPOLLERR)) != 0) connection->Close();
  std::string line;
  while (connection->open() && !connection->busy() && connection->TakeLine(line)) {
    connection->set_busy(true);
    const auto next = [self = std::weak_ptr<ControlServer*>(self_), id] {
      if (const auto server = self.lock()) (*server)->Serve(id, 0);
    };
    auto answer = std::make_shared<Answer>(loop_, connection, next);
    Result<nlohmann::json> body = ParseJsonObject(line, kMaxRequestBytes, "the request");
    if (!body.ok()) {
      answer->Finish(body.error());
      continue;
    }
    handler_(ControlRequest{std::move(body).value(), connection->TakeFile()}, answer);
  }
  if (connection->open() && !connection->busy() && connection->TooLong()) {
    connection->Write(AnswerLine(MakeError(ErrorKind::kTooLarge, "the request is too long")));
    connection->CloseAfterWriting();
  }
  connection->UpdateInterest();
  if (!connection->open()) connections_.erase(id);
}

}  // namespace kinfolder
