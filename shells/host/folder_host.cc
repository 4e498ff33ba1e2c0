#include "shells/host/folder_host.h"

#include <malloc.h>

#include <utility>
#include <variant>

#include "core/base/check.h"
#include "shells/host/convert.h"

namespace kinfolder {

namespace {

constexpr std::int64_t kTidyMs = 5'000;
constexpr std::int64_t kStopWaitMs = 10'000;

Instant Now() { return Instant{EventLoop::MonoMs(), EventLoop::WallMs()}; }

std::uint64_t RandomSeed() {
  std::uint64_t seed = 0;
  for (const char byte : RandomBytes(8)) seed = (seed << 8) | static_cast<unsigned char>(byte);
  return seed;
}

Error NotUnderstood() {
  return MakeError(ErrorKind::kCorrupt,
                   "the state database holds a record that makes no sense; restore it from a "
                   "backup, or join the folder again with a new state directory");
}

}  // namespace

FolderHost::FolderHost(FolderSetup setup, std::shared_ptr<ObjectStore> store,
                       FolderServices services)
    : services_(std::move(services)),
      parts_(*services_.loop, std::move(setup)),
      disk_port_(parts_, [this] { scan_port_.OnRootOpened(); }),
      store_port_(parts_),
      scan_port_(parts_, disk_port_),
      people_(parts_, store_port_, scan_port_) {
  parts_.store = std::move(store);
  parts_.state_id = services_.state_id;
  parts_.state = [this]() -> const AgentState& { return driver_->state(); };
  parts_.feed = [this](EventBody body) { Feed(std::move(body)); };
}

FolderHost::~FolderHost() {
  Stop();
  if (wake_timer_) parts_.loop.RemoveTimer(*wake_timer_);
  if (tidy_timer_) parts_.loop.RemoveTimer(*tidy_timer_);
}

Result<std::unique_ptr<FolderHost>> FolderHost::Create(FolderSetup setup,
                                                       std::shared_ptr<ObjectStore> store,
                                                       FolderServices services) {
  std::unique_ptr<FolderHost> host(
      new FolderHost(std::move(setup), std::move(store), std::move(services)));
  const Status loaded = host->Load();
  if (!loaded.ok()) return loaded.error();
  return host;
}

Status FolderHost::Load() {
  Result<FolderOptions> options = ParseOptions(parts_.setup.options);
  if (!options.ok()) return options.error();
  parts_.options = std::move(options).value();
  const Result<SigningKey> key = SigningKey::FromSeed(parts_.setup.key_seed);
  if (!key.ok()) return key.error();
  parts_.key = std::make_shared<SigningKey>(key.value());
  AgentState state = NewAgentState();
  Status loaded = services_.db->Load(
      parts_.setup.number, [&](std::uint8_t table, std::uint32_t id, std::string_view row) {
        if (Tables::IsHostTable(table)) return parts_.tables.LoadRow(table, id, row);
        const RecordKey record{static_cast<RecordKey::Table>(table), id};
        return DecodeRecord(state, record, std::string(row)) ? Status() : Status(NotUnderstood());
      });
  if (loaded.ok()) loaded = parts_.tables.FinishLoading();
  if (!loaded.ok()) return loaded;
  if (parts_.tables.PersonOf(parts_.setup.participant) != kSelf) return NotUnderstood();
  parts_.tables.SetKey(kSelf, parts_.key->public_key());
  driver_ = std::make_unique<Driver>(std::move(state));
  if (!services_.trace_directory.empty())
    trace_ = TraceRing::Open(services_.trace_directory, parts_.setup.number);
  return LoadStaging();
}

// Marks the contents that an unpublished snapshot, or a file that has none yet, may need.
std::vector<bool> FolderHost::NeededContents() const {
  std::vector<bool> needed(parts_.tables.content_count() + 1);
  const AgentState& state = driver_->state();
  const auto mark = [&](const Version& version) {
    if (version.content && version.content.value < needed.size())
      needed[version.content.value] = true;
  };
  for (const PathState& path : state.paths) {
    mark(path.record.disk.version);
    for (const SnapshotId id : path.record.chain)
      if (const Node* node = state.dag.Find(id)) mark(node->version);
  }
  for (const auto& [content, uses] : state.content_uses)
    if (content.value < needed.size()) needed[content.value] = true;
  return needed;
}

Status FolderHost::LoadStaging() {
  Result<std::unique_ptr<StagingArea>> staging = StagingArea::Open(services_.staging_directory);
  if (!staging.ok()) return staging.error();
  parts_.staging = std::move(staging).value();
  const std::vector<bool> needed = NeededContents();
  std::vector<StagedRef> live;
  for (std::uint32_t i = 1; i <= parts_.tables.content_count(); ++i) {
    const ContentRow& row = parts_.tables.Content(ContentId{i});
    if (!row.staged) continue;
    if (needed[i] && row.cap.empty())
      live.push_back(*row.staged);
    else
      parts_.tables.SetStaged(ContentId{i}, std::nullopt);
  }
  const std::vector<StagedRef> lost = parts_.staging->Sweep(live);
  const std::set<StagedRef> gone(lost.begin(), lost.end());
  if (gone.empty()) return Status();
  for (std::uint32_t i = 1; i <= parts_.tables.content_count(); ++i) {
    const ContentRow& row = parts_.tables.Content(ContentId{i});
    if (row.staged && gone.contains(*row.staged))
      parts_.tables.SetStaged(ContentId{i}, std::nullopt);
  }
  return Status();
}

void FolderHost::Start() {
  store_port_.Open();
  if (trace_ != nullptr) trace_->Begin(driver_->state(), driver_->chain());
  Started started;
  started.config = parts_.options.core;
  started.epoch = services_.epoch;
  started.seed = RandomSeed();
  started.read_only = parts_.setup.read_only;
  started.copied = services_.copied;
  started.rebooted = services_.rebooted;
  Feed(started);
}

void FolderHost::Stop() {
  if (std::exchange(stopped_, true)) return;
  parts_.directory_workers.Stop(0);
  parts_.disk_workers.Stop(kStopWaitMs);
  parts_.content_workers.Stop(kStopWaitMs / 10);
  if (trace_ != nullptr) trace_->Flush();
}

Status FolderHost::ChangeOptions(const std::map<std::string, std::string>& set) {
  Result<FolderOptions> options = ParseOptions(set);
  if (!options.ok()) return options.error();
  const bool watch_changed = options.value().watch != parts_.options.watch;
  parts_.setup.options = set;
  parts_.options = std::move(options).value();
  Feed(ConfigChanged{parts_.options.core});
  if (watch_changed && parts_.disk != nullptr) scan_port_.OnRootOpened();
  Feed(WatchLost{});  // what is ignored may be different
  return Status();
}

// --- the driver ---

void FolderHost::Feed(EventBody body) {
  if (stopped_) return;
  // Names come before what is said of them.
  const NameTable& names = parts_.tables.names();
  PathsNamed named;
  for (; paths_named_ < names.size(); ++paths_named_)
    named.parents.push_back(names.Parent(PathId{paths_named_ + 1}));
  if (!named.parents.empty()) driver_->Feed(Event{Now(), std::move(named)});
  driver_->Feed(Event{Now(), std::move(body)});
  ScheduleRun();
}

void FolderHost::ScheduleRun() {
  if (std::exchange(run_scheduled_, true)) return;
  parts_.loop.Post(parts_.WhileAlive([this] {
    run_scheduled_ = false;
    RunDriver();
  }));
}

void FolderHost::RunDriver() {
  if (stopped_) return;
  if (!driver_->Run(*this)) return;  // Commit has said so
  if (!driver_->idle()) ScheduleRun();
  ArmWake();
  if (driver_->idle() && !tidy_timer_) {
    tidy_timer_ = parts_.loop.AddTimer(EventLoop::MonoMs() + kTidyMs, [this] {
      tidy_timer_.reset();
      CollectGarbage();
      CommitTables();
      if (trace_ != nullptr) trace_->Flush();
      ::malloc_trim(0);  // what a burst of work needed is given back
    });
  }
  people_.OnStep();
  services_.changed();
}

void FolderHost::ArmWake() {
  const std::optional<std::int64_t> next = NextWake(driver_->state());
  if (wake_timer_ && next && *next == wake_at_ms_) return;
  if (wake_timer_) parts_.loop.RemoveTimer(*wake_timer_);
  wake_timer_.reset();
  if (!next) return;
  wake_at_ms_ = *next;
  wake_timer_ = parts_.loop.AddTimer(*next, [this] {
    wake_timer_.reset();
    Feed(Ticked{});
  });
}

bool FolderHost::Commit(const std::vector<RecordWrite>& writes) {
  const std::vector<StagedRef> forgotten = disk_port_.TakeForgotten();
  std::vector<StateWrite> rows = parts_.tables.TakePending();
  rows.reserve(rows.size() + writes.size());
  for (const RecordWrite& write : writes)
    rows.push_back({{parts_.setup.number, static_cast<std::uint8_t>(write.key.table), write.key.id},
                    write.bytes});
  const Status committed = services_.db->Commit(rows);
  if (!committed.ok()) {
    Stop();
    parts_.loop.Post([failed = services_.db_failed, error = committed.error()] { failed(error); });
    return false;
  }
  // The rows that named them are erased.
  for (const StagedRef& ref : forgotten) parts_.staging->Forget(ref);
  return true;
}

void FolderHost::CommitTables() {
  if (stopped_ || !parts_.tables.has_pending()) return;
  Commit({});
}

void FolderHost::Record(const Event& event, std::uint64_t chain) {
  if (trace_ != nullptr) trace_->Add(driver_->state(), event, chain);
}

void FolderHost::Perform(std::vector<Effect> effects) {
  for (Effect& effect : effects) {
    std::visit(
        [this](auto& e) {
          using E = std::decay_t<decltype(e)>;
          if constexpr (std::is_same_v<E, Scan>) {
            scan_port_.Add(e);
          } else if constexpr (std::is_same_v<E, ForgetContent>) {
            Forget(e.content);
          } else if constexpr (std::is_same_v<E, AnswerCommand>) {
            people_.OnAnswer(e);
          } else if constexpr (requires { disk_port_.Add(e); }) {
            disk_port_.Add(e);
          } else {
            store_port_.Add(e);
          }
        },
        effect);
  }
  disk_port_.Pump();
  store_port_.Pump();
}

// --- contents that are not needed any more ---

void FolderHost::Forget(ContentId content) {
  parts_.recent.Erase(content);
  const ContentRow& row = parts_.tables.Content(content);
  if (!row.staged) return;
  if (row.cap.empty()) {  // somebody else may need it: seen to later
    garbage_ = true;
    return;
  }
  disk_port_.Forget(*row.staged);
  parts_.tables.SetStaged(content, std::nullopt);
}

void FolderHost::CollectGarbage() {
  // While the core has something under way, it may have a content that it has not noted yet.
  if (!garbage_ || !driver_->idle() || !IsQuiet(driver_->state()) || people_.busy()) return;
  garbage_ = false;
  const std::vector<bool> needed = NeededContents();
  for (std::uint32_t i = 1; i <= parts_.tables.content_count(); ++i) {
    const ContentRow& row = parts_.tables.Content(ContentId{i});
    if (!row.staged || needed[i]) continue;
    disk_port_.Forget(*row.staged);
    parts_.tables.SetStaged(ContentId{i}, std::nullopt);
  }
}

}  // namespace kinfolder
