// run: the agent in the foreground. sync: until nothing is left to do, with the running agent or
// with one of its own.
#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

#include "shells/cli/agent_process.h"
#include "shells/cli/command_line.h"
#include "shells/cli/format.h"
#include "shells/cli/notify.h"
#include "shells/cli/status_text.h"
#include "shells/setup/option_list.h"

namespace kinfolder {
namespace {

using nlohmann::json;

void Say(const std::string& text) {
  ::fprintf(stderr, "kinfolder: %s\n", text.c_str());
  ::fflush(stderr);
}

int RunAgent(const CommandLine& line) {
  Result<std::unique_ptr<AgentProcess>> opened = AgentProcess::Open(line.state, &Say);
  if (!opened.ok()) return Fail(opened.error());
  AgentProcess& agent = *opened.value();
  const Status ran = agent.Run([&] {
    const std::size_t count = agent.desk().folders().size();
    if (line.json) {
      PrintJson({{"ready", true}, {"folders", count}}, /*stream=*/true);
    } else {
      Print("kinfolder is ready: " + Count(count, "folder", "folders") + ", state directory " +
            line.state + "\n");
    }
    NotifyServiceManager("READY=1");
  });
  if (!ran.ok()) return Fail(ran.error());
  NotifyServiceManager("STOPPING=1");
  if (!line.json) Print("kinfolder stops.\n");
  return kExitDone;
}

struct SyncArguments {
  std::string folder;
  std::string timeout = "60s";
};

int ReportSync(const CommandLine& line, const Result<json>& status) {
  if (!status.ok()) return Fail(status.error());
  if (line.json) {
    PrintJson(status.value());
  } else {
    Print(StatusText(status.value(), std::time(nullptr)));
  }
  return HasBlocked(status.value()) ? kExitPartly : kExitDone;
}

// An agent of our own, asked by way of its socket like any other.
class SyncOnce {
 public:
  SyncOnce(AgentProcess& agent, json request) : agent_(agent), request_(std::move(request)) {}

  Result<json> Run() {
    const Status ran = agent_.Run([this] { Ask(); });
    if (!ran.ok()) return ran.error();
    return std::move(answer_);
  }

 private:
  // Takes the answer where a connection would.
  class Taker : public Responder {
   public:
    explicit Taker(SyncOnce& owner) : owner_(owner) {}
    void Finish(const Result<json>& answer) override {
      owner_.answer_ = answer;
      owner_.agent_.Stop();
    }
    void Part(const json&) override {}
    void End() override {}
    bool Drained() const override { return true; }
    void OnDrained(std::function<void()>) override {}
    bool IsOpen() const override { return true; }

   private:
    SyncOnce& owner_;
  };

  void Ask() {
    agent_.commands().Handle(ControlRequest{request_, Fd()}, std::make_shared<Taker>(*this));
  }

  AgentProcess& agent_;
  json request_;
  Result<json> answer_ = MakeError(ErrorKind::kUnavailable, "stopped before all was done");
};

int RunSync(const CommandLine& line, const SyncArguments& given) {
  const Result<std::int64_t> timeout = ParseDuration(given.timeout);
  if (!timeout.ok()) return FailUsage("--timeout: " + timeout.error().text);
  const json request = {
      {"command", "sync"}, {"folder", given.folder}, {"timeout_ms", timeout.value() * 1000}};
  const Result<StateDir> state = StateDir::Open(line.state);
  if (!state.ok()) return Fail(state.error());
  Result<ControlClient> running = ControlClient::Connect(state.value().SocketPath());
  if (running.ok()) return ReportSync(line, running.value().Call(request));
  if (running.error().kind != ErrorKind::kNotFound) return Fail(running.error());
  Result<std::unique_ptr<AgentProcess>> opened = AgentProcess::Open(line.state, &Say);
  if (!opened.ok()) return Fail(opened.error());
  return ReportSync(line, SyncOnce(*opened.value(), request).Run());
}

}  // namespace

void AddRunCommands(CLI::App& app, CommandLine& line) {
  CLI::App* const run = AddCommand(app, "run", "Run the agent, in the foreground",
                                   "kinfolder run    (Ctrl-C or SIGTERM ends it)");
  run->callback([&line] { line.action = [&line] { return RunAgent(line); }; });
  CLI::App* const sync =
      AddCommand(app, "sync", "Synchronise until nothing is left to do", "kinfolder sync docs");
  auto given = std::make_shared<SyncArguments>();
  sync->add_option("NAME", given->folder, "one folder only");
  sync->add_option("--timeout", given->timeout, "give up after this time (standard: 60s)");
  sync->callback(
      [&line, given] { line.action = [&line, given] { return RunSync(line, *given); }; });
}

}  // namespace kinfolder
