#include "shells/cli/agent_process.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace kinfolder {

Result<std::unique_ptr<AgentProcess>> AgentProcess::Open(const std::string& state_path,
                                                         SetupDesk::Say say) {
  const Result<StateDir> before = StateDir::Open(state_path);
  if (!before.ok()) return before.error();
  Result<StateLock> lock = StateLock::Acquire(before.value().path());
  if (!lock.ok()) return lock.error();
  // What was read before the lock may be old.
  Result<StateDir> state = StateDir::Open(state_path);
  if (!state.ok()) return state.error();
  std::unique_ptr<AgentProcess> agent(new AgentProcess(std::move(lock).value()));
  const Status assembled = agent->Assemble(std::move(state).value(), std::move(say));
  if (!assembled.ok()) return assembled.error();
  return agent;
}

AgentProcess::~AgentProcess() {
  // What answers goes before what it asks.
  server_.reset();
  commands_.reset();
  desk_.reset();
  if (host_ != nullptr) host_->Stop();
}

Status AgentProcess::Assemble(StateDir state, SetupDesk::Say say) {
  Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  if (!loop.ok()) return loop.error();
  loop_ = std::move(loop).value();
  const Status signals = CatchSignals();
  if (!signals.ok()) return signals;
  Result<std::unique_ptr<AgentHost>> host = AgentHost::Open(*loop_, state);
  if (!host.ok()) return host.error();
  host_ = std::move(host).value();
  if (state.LooksCopied()) {
    say("the state directory is not where it was made, so nothing is sent; run `kinfolder doctor`");
  }
  socket_path_ = state.SocketPath();
  desk_ = std::make_unique<SetupDesk>(*loop_, *host_, std::move(state), std::move(say));
  commands_ = std::make_unique<Commands>(*host_, *desk_);
  return Status();
}

Status AgentProcess::CatchSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  // Before any thread is started, so that all of them inherit it.
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) {
    return MakeError(ErrorKind::kInternal, "can't hold back signals; please report it");
  }
  signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.ok()) return ErrnoError(errno, "can't wait for signals");
  return loop_->AddFd(signals_.get(), EPOLLIN, [this](std::uint32_t) {
    signalfd_siginfo info = {};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
    interrupted_ = true;
    loop_->Stop();
  });
}

Status AgentProcess::Run(std::function<void()> ready) {
  Result<std::unique_ptr<ControlServer>> server = ControlServer::Create(
      *loop_, socket_path_, [this](ControlRequest request, std::shared_ptr<Responder> answer) {
        commands_->Handle(std::move(request), std::move(answer));
      });
  if (!server.ok()) return server.error();
  server_ = std::move(server).value();
  const Status started = desk_->Start(std::move(ready));
  if (!started.ok()) return started;
  loop_->Run();
  return Status();
}

}  // namespace kinfolder
