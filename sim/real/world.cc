#include "sim/real/world.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace kinfolder::sim {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kScale = 60;
constexpr std::int64_t kLeastMs = 500, kMostMs = 20'000;
constexpr std::int64_t kLeastPollMs = 1'000;  // the agents' own limit
constexpr std::int64_t kCommandMs = 60'000;
constexpr std::int64_t kSettleMs = 120'000;
constexpr std::int64_t kLookMs = 100;
constexpr const char* kFolder = "folder";

std::string Seconds(std::int64_t scenario_ms) {
  const std::int64_t ms = std::max(scenario_ms / kScale, kLeastPollMs);
  return std::to_string((ms + 999) / 1000) + "s";
}

std::string Trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

// An option of a scenario as the agent has it.
std::pair<std::string, std::string> AgentOption(const Option& option) {
  const std::int64_t ms = ReadDuration(option.value).value_or(0);
  if (option.key == "poll") return {"poll-interval", Seconds(ms)};
  if (option.key == "scan") return {"scan-interval", option.value == "never" ? "0" : Seconds(ms)};
  if (option.key == "max-deletes") return {"max-deletes-percent", "100"};
  return {option.key, option.value};
}

}  // namespace

std::int64_t RealMs(std::int64_t scenario_ms) {
  return std::clamp(scenario_ms / kScale, kLeastMs, kMostMs);
}

RealWorld::RealWorld(const Scenario& scenario, std::string program, std::string directory)
    : program_(std::move(program)), directory_(std::move(directory)) {
  for (std::size_t i = 0; i < scenario.machines.size(); ++i) {
    RealMachine& m = machines_.emplace_back();
    m.name = m.participant = scenario.machines[i];
    m.home = directory_ + "/" + m.name;
    m.read_only = scenario.read_only.count(static_cast<int>(i)) != 0;
    m.options = {{"poll-interval", Seconds(60'000)}, {"scan-interval", Seconds(3'600'000)}};
  }
  Configure(scenario);
}

void RealWorld::Configure(const Scenario& scenario) {
  poll_ms_ = kLeastPollMs;
  for (const Option& option : scenario.options) {
    if (option.key == "poll")
      poll_ms_ = std::max(poll_ms_, ReadDuration(option.value).value_or(0) / kScale);
    for (std::size_t i = 0; i < machines_.size(); ++i)
      if (option.machine < 0 || option.machine == static_cast<int>(i))
        machines_[i].options.push_back(AgentOption(option));
  }
  for (const Step& step : scenario.steps)
    keeps_states_ = keeps_states_ || step.verb == "rollback-state";
  for (const int late : scenario.late) At(late).left = true;  // until it joins
}

// --- commands ---

CommandResult RealWorld::Kinfolder(const RealMachine& m, const std::vector<std::string>& words) {
  std::vector<std::string> arguments = {program_, "--state", m.state()};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return RunCommand(arguments, kCommandMs);
}

std::string RealWorld::Command(RealMachine& m, const std::vector<std::string>& words, bool alone) {
  if (!alone) ThawAll();
  m.agent.Thaw();
  const CommandResult done = Kinfolder(m, words);
  FreezeAll();
  if (done.status == 0) return {};
  return "`kinfolder " + words[0] + "` of " + m.name + " ended with " +
         std::to_string(done.status) + ": " + Trimmed(done.error);
}

Result<nlohmann::json> RealWorld::StatusOf(RealMachine& m) {
  Result<nlohmann::json> status = AskAgent(m.state(), {{"command", "status"}}, kCommandMs);
  if (!status.ok()) return status;
  const auto& folders = status.value()["folders"];
  if (folders.size() != 1)
    return MakeError(ErrorKind::kInvalid,
                     m.name + " has " + std::to_string(folders.size()) + " folders; expected one");
  return folders[0];
}

// --- the life of a machine ---

std::string RealWorld::Begin() {
  std::error_code error;
  fs::create_directory(directory_ + "/store", error);
  std::string wrong;
  for (RealMachine& m : machines_) {
    fs::create_directories(m.root(), error);
    fs::create_directory_symlink(directory_ + "/store", m.store(), error);
  }
  for (RealMachine& m : machines_)
    if (wrong.empty() && !std::exchange(m.left, false)) wrong = Join(m);
  if (wrong.empty()) wrong = WaitListed();
  return wrong.empty() ? Settle() : wrong;
}

// The admin's agent has to run: it is the one that takes a joiner in.
std::string RealWorld::Join(RealMachine& m) {
  const bool creates = &m == &machines_.front() && m.lives == 1;
  const Running running(*this);
  CommandResult done = Kinfolder(m, {"init", "--store", "dir:" + m.store()});
  std::vector<std::string> words = {"create", m.root()};
  if (!creates && done.status == 0) {
    std::vector<std::string> invite = {"invite", kFolder, m.participant};
    if (m.read_only) invite.push_back("--read-only");
    done = Kinfolder(machines_.front(), invite);
    words = {"join", Trimmed(done.out), m.root()};
  }
  for (const char* word : {"--name", kFolder, "--as", m.participant.c_str()}) words.push_back(word);
  if (m.lives > 1) words.push_back("--take-over");
  if (done.status == 0) done = Kinfolder(m, words);
  if (done.status != 0) return m.name + " can't join: " + Trimmed(done.error);
  m.joined = true;
  m.left = false;
  std::string wrong = Start(m);
  for (const auto& [key, value] : m.options) {
    if (wrong.empty()) done = Kinfolder(m, {"config", "set", kFolder, key, value});
    if (done.status != 0) wrong = Trimmed(done.error);
  }
  return wrong;
}

std::string RealWorld::WaitListed() {
  std::vector<std::string> expected;
  for (const RealMachine& m : machines_)
    if (m.joined && !m.left) expected.push_back(m.participant);
  const Running running(*this);
  for (const std::int64_t end_ms = MonotonicMs() + kSettleMs; MonotonicMs() < end_ms;) {
    bool all = true;
    for (RealMachine& m : machines_) {
      if (!m.agent.started() || m.offline) continue;
      const auto people =
          AskAgent(m.state(), {{"command", "participants"}, {"folder", kFolder}}, kCommandMs);
      std::size_t found = 0;
      if (people.ok())
        for (const auto& one : people.value()["participants"])
          found += std::count(expected.begin(), expected.end(), one.value("name", "")) != 0;
      all = all && found == expected.size();
    }
    if (all) return {};
    if (const std::string dead = Dead(); !dead.empty()) return dead;
    Pause(kLookMs);
  }
  return "not all participants know each other after " + std::to_string(kSettleMs / 1000) + " s";
}

std::string RealWorld::Start(RealMachine& m) {
  if (keeps_states_) {
    std::error_code error;
    fs::remove_all(m.home + "/state.before", error);
    RunCommand({"/bin/cp", "-a", m.state(), m.home + "/state.before"}, kCommandMs);
  }
  const std::string wrong = m.agent.Start(program_, m.state(), m.home + "/log");
  return wrong.empty() ? "" : m.name + " can't start: " + wrong;
}

std::string RealWorld::Stop(RealMachine& m) {
  const std::string wrong = m.agent.Stop();
  return wrong.empty() ? "" : "the agent of " + m.name + ": " + wrong;
}

// The directory itself stays the same one: an agent notices that it works on a copy.
std::string RealWorld::BringBack(RealMachine& m) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(m.state())) fs::remove_all(entry.path(), error);
  const CommandResult copied =
      RunCommand({"/bin/cp", "-a", m.home + "/state.before/.", m.state()}, kCommandMs);
  return copied.status == 0 ? "" : Trimmed(copied.error);
}

void RealWorld::SetOffline(RealMachine& m, bool offline) {
  if (m.offline == offline) return;
  m.offline = offline;
  std::error_code error;
  const std::string away = m.store() + ".away";
  fs::rename(offline ? m.store() : away, offline ? away : m.store(), error);
}

std::string RealWorld::Dead() {
  for (RealMachine& m : machines_)
    if (const std::string how = m.agent.Died(); !how.empty())
      return "the agent of " + m.name + " ended by itself, " + how;
  return {};
}

// --- time ---

void RealWorld::ThawAll() {
  for (RealMachine& m : machines_) m.agent.Thaw();
}

void RealWorld::FreezeAll() {
  for (RealMachine& m : machines_) m.agent.Freeze();
}

void RealWorld::WriteSlowParts() {
  const std::int64_t now_ms = MonotonicMs();
  for (RealMachine& m : machines_) {
    for (SlowWrite& write : m.slow) {
      if (write.due_ms == 0) write.due_ms = now_ms + RealMs(write.interval_ms);
      if (write.due_ms > now_ms) continue;
      const auto size = static_cast<std::int64_t>(write.content.size());
      const std::int64_t from = size * (write.part - 1) / write.parts;
      const std::int64_t to = size * write.part / write.parts;
      if (::write(write.fd, write.content.data() + from, static_cast<std::size_t>(to - from)) < 0)
        write.part = write.parts;
      write.due_ms = now_ms + RealMs(write.interval_ms);
      if (write.part++ >= write.parts) ::close(std::exchange(write.fd, -1));
    }
    std::erase_if(m.slow, [](const SlowWrite& write) { return write.fd < 0; });
  }
}

void RealWorld::Pause(std::int64_t ms) {
  WriteSlowParts();
  SleepMs(ms);
}

std::string RealWorld::RunFor(std::int64_t scenario_ms) {
  const Running running(*this);
  for (const std::int64_t end_ms = MonotonicMs() + RealMs(scenario_ms); MonotonicMs() < end_ms;)
    Pause(std::min(kLookMs, end_ms - MonotonicMs()));
  return Dead();
}

std::string RealWorld::SyncNow(RealMachine& m) {
  constexpr int kTries = 120;
  const Running running(*this);
  for (int i = 0; i < kTries; ++i) {
    WriteSlowParts();
    const auto done = AskAgent(m.state(), {{"command", "sync"}, {"timeout_ms", 500}}, kCommandMs);
    if (done.ok()) return {};
    if (const std::string dead = Dead(); !dead.empty()) return dead;
    const auto status = StatusOf(m);
    // Paused, or without its root, it never says that it is done.
    if (status.ok() && (m.paused || m.root_away)) return {};
  }
  return m.name + " never has nothing left to do";
}

void RealWorld::AskForSyncs() {
  for (RealMachine& m : machines_)
    if (m.agent.started())
      static_cast<void>(AskAgent(m.state(), {{"command", "sync"}, {"timeout_ms", 1}}, kCommandMs));
}

RealWorld::Look RealWorld::LookAround() {
  Look look;
  look.mark = MarkOf(directory_ + "/store/dirs");
  for (RealMachine& m : machines_) {
    look.mark += MarkOf(m.root());
    if (!m.slow.empty()) look.resting = false, look.who = m.name + " (a slow write)";
    if (!m.agent.started()) continue;
    const auto status = StatusOf(m);
    const std::string state = status.ok() ? status.value().value("state", "") : "";
    const bool expected_offline = m.offline && state == "offline";
    if (!m.paused && (state.empty() || state == "syncing" || (state == "offline" && !m.offline))) {
      look.resting = false;
      look.who = m.name + " (" + (state.empty() ? status.error().text : state) + ")";
    }
    look.retrying =
        look.retrying || (!expected_offline && (state == "blocked" || state == "offline"));
    if (!status.ok()) continue;
    look.mark +=
        status.value()["conflicts"].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    for (const auto& blocked : status.value()["blocked"])
      look.mark += blocked.value("path", "") + blocked.value("reason", "");
    look.mark += std::to_string(status.value().value("held_deletes", 0)) + "\n";
  }
  return look;
}

std::string RealWorld::Settle() {
  for (RealMachine& m : machines_) {
    if (!m.agent.started()) continue;
    const std::string wrong = SyncNow(m);
    if (!wrong.empty() && !m.offline) return wrong;
  }
  const Running running(*this);
  const std::int64_t start_ms = MonotonicMs();
  std::int64_t changed_ms = start_ms, asked_ms = start_ms;
  Look last = LookAround();
  for (;;) {
    Pause(kLookMs);
    Look look = LookAround();
    const std::int64_t now_ms = MonotonicMs();
    if (look.mark != last.mark) changed_ms = now_ms;
    last = std::move(look);
    if (const std::string dead = Dead(); !dead.empty()) return dead;
    // What has failed is tried again after delays that are not scaled; so it is asked for.
    if (last.retrying && now_ms - asked_ms > poll_ms_) {
      AskForSyncs();
      asked_ms = now_ms;
    }
    const std::int64_t quiet_ms = (last.retrying ? 4 : 2) * poll_ms_ + 300;
    if (last.resting && now_ms - changed_ms >= quiet_ms) return {};
    if (now_ms - start_ms > kSettleMs)
      return last.resting ? "it kept changing" : last.who + " never comes to rest";
  }
}

}  // namespace kinfolder::sim
