#include "shells/host/agent_host.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "shells/setup/durable_file.h"
#include "shells/setup/store_url.h"
#include "shells/state/state_db.h"

namespace kinfolder {

namespace {

using nlohmann::json;

constexpr std::int64_t kOpenAgainMs = 3'000;
constexpr std::int64_t kTellMs = 100;

// A store that can't be opened now may be there later: a disk that is not plugged in.
bool MayComeBack(const Error& error) {
  return error.kind != ErrorKind::kVersion && error.kind != ErrorKind::kInvalid;
}

}  // namespace

AgentHost::AgentHost(EventLoop& loop, std::unique_ptr<StateStore> db, AgentHostOptions options)
    : loop_(loop), db_(std::move(db)), options_(std::move(options)) {}

Result<std::unique_ptr<AgentHost>> AgentHost::Open(EventLoop& loop, StateDir& state) {
  // The default is 8 per core, and each keeps what a burst of work needed.
  ::mallopt(M_ARENA_MAX, 2);
  Result<std::unique_ptr<StateDb>> db = StateDb::Open(state.DbPath());
  if (!db.ok()) return db.error();
  // The database's own directory entry; without it a power cut could take the whole of it.
  const Fd directory(
      RetryEintr([&] { return ::open(state.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!directory.ok() || ::fsync(directory.get()) != 0)
    return ErrnoError(errno, "can't sync " + state.path());
  const Status made = MakeDirectories(state.StagingPath());
  if (!made.ok()) return made.error();
  const Result<AgentStart> start = state.NextStart();
  if (!start.ok()) return start.error();
  AgentHostOptions options;
  options.staging_path = state.StagingPath();
  options.trace_path = state.TracePath();
  options.state_id = state.info().state_id;
  options.epoch = start.value().epoch;
  options.rebooted = start.value().rebooted;
  options.copied = state.LooksCopied();
  options.open_store = [url = state.info().store_url] { return OpenStore(url); };
  return std::make_unique<AgentHost>(loop, std::move(db).value(), std::move(options));
}

AgentHost::~AgentHost() { Stop(); }

void AgentHost::Stop() {
  if (std::exchange(stopped_, true)) return;
  alive_.reset();
  openers_.Stop(0);
  for (auto& [number, folder] : folders_)
    if (folder.host != nullptr) folder.host->Stop();
  folders_.clear();
  db_->Close();
}

std::function<void()> AgentHost::WhileAlive(std::function<void()> task) const {
  return [task = std::move(task), alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) task();
  };
}

// --- folders come and go ---

void AgentHost::AddFolder(FolderSetup setup, Reply reply) {
  const std::uint32_t number = setup.number;
  if (folders_.contains(number) || Find(setup.name) != nullptr)
    return reply(MakeError(ErrorKind::kExists, "the folder '" + setup.name + "' runs already"));
  Folder& folder = folders_[number];
  folder.setup = std::move(setup);
  folder.added = std::move(reply);
  OpenStoreOf(number);
}

void AgentHost::OpenStoreOf(std::uint32_t number) {
  openers_.Run([open = options_.open_store, number, mailbox = loop_.mailbox(), this,
                alive = std::weak_ptr<bool>(alive_)] {
    auto store = std::make_shared<Result<std::unique_ptr<ObjectStore>>>(open());
    mailbox->Post([store, number, this, alive] {
      if (!alive.expired()) OnStoreOpened(number, std::move(*store));
    });
  });
}

void AgentHost::OnStoreOpened(std::uint32_t number, Result<std::unique_ptr<ObjectStore>> store) {
  const auto found = folders_.find(number);
  if (found == folders_.end() || found->second.host != nullptr) return;
  Folder& folder = found->second;
  if (store.ok() && db_->is_open()) {
    Begin(folder, std::move(store).value());
  } else if (!store.ok()) {
    folder.problem = store.error().text;
    folder.failed = !MayComeBack(store.error());
  }
  const bool again = folder.host == nullptr && !folder.failed;
  if (again)
    loop_.AddTimer(EventLoop::MonoMs() + kOpenAgainMs,
                   WhileAlive([this, number] { OpenStoreOf(number); }));
  const Reply added = std::exchange(folder.added, nullptr);
  if (added && folder.failed)
    added(MakeError(ErrorKind::kInvalid, folder.problem));
  else if (added)
    added(json::object());
  Changed();
}

void AgentHost::Begin(Folder& folder, std::shared_ptr<ObjectStore> store) {
  FolderServices services;
  services.loop = &loop_;
  services.db = db_.get();
  services.staging_directory = options_.staging_path + "/" + std::to_string(folder.setup.number);
  services.trace_directory = options_.trace_path;
  services.state_id = options_.state_id;
  services.epoch = options_.epoch;
  services.rebooted = options_.rebooted;
  services.copied = options_.copied;
  services.changed = [this] { Changed(); };
  services.db_failed = [this, alive = std::weak_ptr<bool>(alive_)](const Error& error) {
    if (!alive.expired()) OnDatabaseFailed(error);
  };
  Result<std::unique_ptr<FolderHost>> host =
      FolderHost::Create(folder.setup, std::move(store), std::move(services));
  if (!host.ok()) {
    folder.problem = host.error().text;
    folder.failed = true;
    return;
  }
  folder.problem.clear();
  folder.host = std::move(host).value();
  folder.host->Start();
}

void AgentHost::RemoveFolder(const std::string& name, Reply reply) {
  Folder* folder = Find(name);
  if (folder == nullptr) return reply(NotRunning(name));
  const std::uint32_t number = folder->setup.number;
  if (folder->host != nullptr) folder->host->Stop();
  folders_.erase(number);
  const Status erased = EraseFolder(*db_, number);
  if (!erased.ok()) {
    if (!db_->is_open()) OnDatabaseFailed(erased.error());
    return reply(erased.error());
  }
  Changed();
  reply(json::object());
}

// --- the database ---

void AgentHost::OnDatabaseFailed(const Error& error) {
  if (std::exchange(reopening_, true)) return;
  ++options_.epoch;  // effects of the runs that end here must fit nothing
  for (auto& [number, folder] : folders_) {
    if (folder.host == nullptr) continue;
    folder.setup = folder.host->setup();
    folder.host->Stop();
    folder.host.reset();
    folder.problem = error.text;
  }
  Changed();
  ReopenDatabase();
}

void AgentHost::ReopenDatabase() {
  const Status opened = db_->Reopen();
  if (!opened.ok()) {
    for (auto& [number, folder] : folders_) folder.problem = opened.error().text;
    loop_.AddTimer(EventLoop::MonoMs() + kOpenAgainMs, WhileAlive([this] { ReopenDatabase(); }));
    return;
  }
  reopening_ = false;
  for (const auto& [number, folder] : folders_)
    if (!folder.failed) OpenStoreOf(number);
}

// --- what people ask ---

AgentHost::Folder* AgentHost::Find(const std::string& name) {
  for (auto& [number, folder] : folders_)
    if (folder.setup.name == name) return &folder;
  return nullptr;
}

FolderHost* AgentHost::FindHost(const std::string& name) {
  Folder* folder = Find(name);
  return folder == nullptr ? nullptr : folder->host.get();
}

Error AgentHost::NotRunning(const std::string& name) {
  const Folder* folder = Find(name);
  if (folder == nullptr)
    return MakeError(ErrorKind::kNotFound,
                     "no folder is called '" + name + "'; `kinfolder list` lists them");
  return MakeError(ErrorKind::kUnavailable, "the folder '" + name + "' has not begun yet: " +
                                                (folder->problem.empty() ? "its store is being "
                                                                           "opened"
                                                                         : folder->problem));
}

FolderHost* AgentHost::Running(const std::string& name, const Reply& reply) {
  FolderHost* host = FindHost(name);
  if (host == nullptr) reply(NotRunning(name));
  return host;
}

Result<json> AgentHost::Ask(const std::string& name,
                            const std::function<json(FolderHost&)>& question) {
  FolderHost* host = FindHost(name);
  if (host == nullptr) return NotRunning(name);
  return question(*host);
}

json AgentHost::StatusOf(const Folder& folder) const {
  if (folder.host != nullptr) return folder.host->people().GetStatus();
  return {
      {"name", folder.setup.name},
      {"path", folder.setup.path},
      {"participant", folder.setup.participant},
      {"store", ""},
      {"state", folder.failed ? "blocked" : "offline"},
      {"reason", folder.failed ? "io" : "store"},
      {"text", folder.problem.empty() ? "its store is being opened" : folder.problem},
      {"files", 0},
      {"bytes", 0},
      {"conflicts", json::array()},
      {"blocked", json::array()},
      {"held_deletes", 0},
      {"progress", {{"files_done", 0}, {"files_total", 0}, {"bytes_done", 0}, {"bytes_total", 0}}},
      {"last_scan", nullptr},
      {"last_poll", nullptr},
      {"unpublished_since", nullptr}};
}

Result<json> AgentHost::GetStatus(const std::string& name) {
  json folders = json::array();
  for (const auto& [number, folder] : folders_)
    if (name.empty() || folder.setup.name == name) folders.push_back(StatusOf(folder));
  if (!name.empty() && folders.empty()) return NotRunning(name);
  return json{{"folders", std::move(folders)}};
}

Result<json> AgentHost::GetParticipants(const std::string& name) {
  return Ask(name, [](FolderHost& host) { return host.people().GetParticipants(); });
}

Result<json> AgentHost::GetConflicts(const std::string& name) {
  return Ask(name, [](FolderHost& host) { return host.people().GetConflicts(); });
}

Result<json> AgentHost::GetHeldDeletes(const std::string& name) {
  return Ask(name, [](FolderHost& host) { return host.people().GetHeldDeletes(); });
}

void AgentHost::SetStatusListener(std::function<void()> changed) { listener_ = std::move(changed); }

void AgentHost::Changed() {
  if (!listener_ || std::exchange(listener_scheduled_, true)) return;
  loop_.AddTimer(EventLoop::MonoMs() + kTellMs, WhileAlive([this] {
                   listener_scheduled_ = false;
                   if (listener_) listener_();
                 }));
}

void AgentHost::Sync(const std::string& name, std::int64_t timeout_ms, Reply reply) {
  if (FolderHost* host = Running(name, reply)) host->people().Sync(timeout_ms, std::move(reply));
}

void AgentHost::SetPaused(const std::string& name, bool paused, Reply reply) {
  if (FolderHost* host = Running(name, reply)) host->people().SetPaused(paused, std::move(reply));
}

void AgentHost::DecideDeletes(const std::string& name, bool approve, Reply reply) {
  if (FolderHost* host = Running(name, reply))
    host->people().DecideDeletes(approve, std::move(reply));
}

void AgentHost::Resolve(ResolveRequest request, Reply reply) {
  if (FolderHost* host = Running(request.folder, reply))
    host->people().Resolve(std::move(request), std::move(reply));
}

void AgentHost::Log(const std::string& name, const std::string& path, Reply reply) {
  if (FolderHost* host = Running(name, reply)) host->people().Log(path, std::move(reply));
}

void AgentHost::Cat(const std::string& name, const std::string& path, const std::string& version,
                    Fd out, Reply reply) {
  if (FolderHost* host = Running(name, reply))
    host->people().Cat(path, version, std::move(out), std::move(reply));
}

void AgentHost::Restore(const std::string& name, const std::string& path,
                        const std::string& version, Reply reply) {
  if (FolderHost* host = Running(name, reply))
    host->people().Restore(path, version, std::move(reply));
}

void AgentHost::ChangeOptions(const std::string& name,
                              const std::map<std::string, std::string>& options, Reply reply) {
  Folder* folder = Find(name);
  if (folder == nullptr) return reply(NotRunning(name));
  folder->setup.options = options;
  if (folder->host == nullptr) return reply(json::object());
  const Status changed = folder->host->ChangeOptions(options);
  if (!changed.ok()) return reply(changed.error());
  reply(json::object());
}

void AgentHost::SaveTrace(const std::string& name, Fd out, Reply reply) {
  FolderHost* host = Running(name, reply);
  if (host == nullptr) return;
  if (host->trace() == nullptr)
    return reply(MakeError(ErrorKind::kUnavailable, "nothing is recorded of this folder"));
  const Result<std::uint64_t> saved = host->trace()->Save(out.get());
  if (!saved.ok()) return reply(saved.error());
  reply(json{{"bytes", saved.value()}});
}

}  // namespace kinfolder
