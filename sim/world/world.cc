#include "sim/world/world.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/check.h"
#include "sim/world/commit.h"
#include "sim/world/describe.h"
#include "sim/world/draws.h"
#include "sim/world/event_names.h"
#include "sim/world/file_names.h"

namespace kinfolder::sim {

namespace {

// What an effect touches: effects with the same key take place one after the other.
std::uint64_t KeyOf(const Effect& effect) {
  return std::visit(
      [&](const auto& e) -> std::uint64_t {
        if constexpr (requires { e.path; }) return e.path.value;
        return (std::uint64_t{1} << 40) + effect.index();
      },
      effect);
}

std::int64_t LatencyOf(World& world, int machine, const Effect& effect) {
  if (std::holds_alternative<DropStaged>(effect) || std::holds_alternative<ForgetContent>(effect) ||
      std::holds_alternative<AnswerCommand>(effect))
    return 0;
  if (!IsStoreEffect(effect)) return DrawIn(DrawFor(world, machine, "disk-latency"), 1, 5);
  if (const std::int64_t* fixed = ForMachine(world.store.faults.latency_ms, machine)) return *fixed;
  return DrawIn(DrawFor(world, machine, "store-latency"), 10, 60);
}

// The paths that an event is about. `state` is what it meets.
void AddPaths(const AgentState& state, const EventBody& body, std::vector<PathId>& paths) {
  std::visit(
      [&](const auto& e) {
        if constexpr (requires { e.path; }) paths.push_back(e.path);
        if constexpr (requires { e.observation; }) paths.push_back(e.observation.path);
        if constexpr (requires { e.observations; })
          for (const Observation& seen : e.observations) paths.push_back(seen.path);
        if constexpr (requires { e.entries; })
          for (const DirectoryEntry& entry : e.entries) paths.push_back(entry.path);
        if constexpr (requires { e.id; })
          if (const auto asked = state.awaited.find(e.id); asked != state.awaited.end())
            paths.push_back(asked->second);
      },
      body);
}

// The driver's view of one machine of a world.
class WorldPorts : public Ports {
 public:
  WorldPorts(World& world, int machine) : world_(&world), machine_(machine) {}

  bool Commit(const std::vector<RecordWrite>& writes) override {
    const CommitEnd end = CommitState(*world_, machine_, writes);
    durable = end != CommitEnd::kFailedLost;
    for (const RecordWrite& write : writes) {
      written.push_back(write.key);
      if (write.key.table == RecordKey::Table::kPath) paths.push_back(PathId{write.key.id});
    }
    return end == CommitEnd::kDone;
  }

  void Perform(std::vector<Effect> effects) override {
    Agent& agent = *At(*world_, machine_).agent;
    const std::uint32_t incarnation = At(*world_, machine_).incarnation;
    for (Effect& effect : effects) {
      std::visit(
          [&](const auto& e) {
            if constexpr (requires { e.path; }) paths.push_back(e.path);
          },
          effect);
      std::int64_t& last = agent.last_due[KeyOf(effect)];
      last = std::max(world_->now_ms + LatencyOf(*world_, machine_, effect), last);
      Push(*world_, last, EffectDue{machine_, incarnation, std::move(effect), world_->now_ms});
    }
  }

  void Record(const Event& event, std::uint64_t chain) override {
    stepped = event;
    Machine& m = At(*world_, machine_);
    m.chain = Mix(m.chain ^ chain);
    ++m.steps;
    ++world_->events;
  }

  MoveWatcher* Watcher() override { return world_->watcher; }

  std::optional<Event> stepped;
  std::vector<RecordKey> written;
  bool durable = true;        // what the step wrote
  std::vector<PathId> paths;  // that it was about

 private:
  World* world_;
  int machine_;
};

class NoPorts : public Ports {
 public:
  bool Commit(const std::vector<RecordWrite>&) override { return true; }
  void Perform(std::vector<Effect>) override {}
  void Record(const Event&, std::uint64_t) override {}
};

// I12 and the codec: the same event on a copy of the state, and on the state decoded from its own
// encoding, gives the same step; with `whole`, also the same state.
void CheckTwins(World& world, int machine, const Event& event, bool whole) {
  const AgentState& state = At(world, machine).agent->driver.state();
  std::optional<AgentState> decoded = DecodeState(EncodeState(state));
  if (!decoded) {
    Violate(world, "I12", "the state of " + At(world, machine).name + " can't be decoded", 0);
    return;
  }
  NoPorts ports;
  Driver copy(state), twin(std::move(*decoded));
  copy.Feed(event);
  twin.Feed(event);
  copy.Run(ports);
  twin.Run(ports);
  if (copy.chain() != twin.chain() || (whole && StateHash(copy.state()) != StateHash(twin.state())))
    Violate(world, "I12",
            "on " + At(world, machine).name +
                " the same state and event gave two results at step " +
                std::to_string(At(world, machine).steps + 1) + " (" +
                std::string(kEventNames.at(event.body.index())) + ")",
            0);
}

// Takes a step of a core in: its event, effects and records, and what it made of what it touched.
void FoldStep(World& world, int machine, WorldPorts& ports) {
  const Machine& m = At(world, machine);
  const Driver& driver = m.agent->driver;
  std::uint64_t detail = Mix(driver.chain() ^ FolderHash(driver.state()));
  std::sort(ports.paths.begin(), ports.paths.end());
  ports.paths.erase(std::unique(ports.paths.begin(), ports.paths.end()), ports.paths.end());
  for (const PathId path : ports.paths) detail = Mix(detail ^ PathHash(driver.state(), path));
  world.rolling.Fold(
      {Happening::Kind::kStep, machine, m.steps, ports.stepped->body.index(), world.now_ms},
      detail);
}

void Deliver(World& world, Judge& judge, const AnswerDue& answer) {
  Machine& m = At(world, answer.machine);
  if (!m.agent || m.incarnation != answer.incarnation) return;
  Sync(m.disk.unsynced, answer.synced);
  if (answer.staged) {
    m.agent->tables.contents.at(answer.staged.value().value).staged = true;
    m.agent->tables_changed = true;
  }
  if (answer.uploaded) {
    Tables& tables = m.agent->tables;
    tables.local_caps[answer.uploaded] = answer.cap;
    tables.snapshot_ids[answer.cap] = answer.uploaded;
    m.agent->tables_changed = true;
  }
  Feed(world, judge, answer.machine, answer.body);
}

void DeliverNotice(World& world, Judge& judge, const NoticeDue& notice) {
  Machine& m = At(world, notice.machine);
  if (!m.agent || m.incarnation != notice.incarnation) return;
  std::set<std::string> paths;
  paths.swap(m.agent->noticed);
  if (m.watch_unsure && !paths.empty() && DrawFor(world, notice.machine, "watch-twice") % 20 == 0) {
    m.agent->noticed = paths;
    Push(world, world.now_ms + 50, notice);
  }
  Observed observed;
  for (const std::string& path : paths)
    if (WirePath(path)) observed.observations.push_back(Observe(world, notice.machine, path));
  if (!observed.observations.empty()) Feed(world, judge, notice.machine, std::move(observed));
}

// Takes the hooks that wait for this instant out. False: there are none.
bool MeetHooks(World& world, int machine, std::size_t effect, bool after) {
  std::erase_if(At(world, machine).hooks, [&](Hook& hook) {
    if (hook.effect != effect || hook.after != after || --hook.countdown != 0) return false;
    world.moment.deeds.push_back(hook.deed);
    return true;
  });
  return !world.moment.deeds.empty();
}

// Put off: the store hangs, or the bytes are on their way.
bool IsHeldUp(World& world, EffectDue& due) {
  StoreFaults& faults = world.store.faults;
  std::int64_t later_ms = StalledUntilMs(faults, due.machine);
  if (later_ms > world.now_ms) {
    due.asked_ms = later_ms;
  } else if (!due.moved && !faults.bandwidth.empty()) {
    due.moved = true;
    later_ms =
        MovedAtMs(faults, due.machine, BytesToMove(world, due.machine, due.effect), world.now_ms);
  }
  if (later_ms <= world.now_ms) return false;
  Push(world, later_ms, std::move(due));
  return true;
}

void CarryOutDue(World& world, Judge& judge, EffectDue due) {
  Machine& m = At(world, due.machine);
  if (!m.agent || m.incarnation != due.incarnation) return;
  if (IsStoreEffect(due.effect) && !m.offline && IsHeldUp(world, due)) return;
  const std::size_t index = due.effect.index();
  if (!std::exchange(due.met, true) && MeetHooks(world, due.machine, index, false)) {
    world.moment.effect_follows = true;
    // The first of all that is due.
    CHECK(world.queue.emplace(std::make_pair(world.now_ms, 0), std::move(due)).second);
    return;
  }
  if (world.log) Log(world, due.machine, Describe(world, due.machine, due.effect));
  judge.BeforeEffect(world, due.machine, due.effect);
  if (IsStoreEffect(due.effect)) {
    CarryInStore(world, judge, due.machine, due.effect, due.asked_ms);
  } else {
    CarryOnDisk(world, judge, due.machine, due.effect);
  }
  MeetHooks(world, due.machine, index, true);
}

struct Due {
  std::int64_t item_ms = 0, wake_ms = 0;  // of the queue, and of a core
  int waker = -1;
};

Due NextDue(const World& world) {
  constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  Due due{world.queue.empty() ? kNever : world.queue.begin()->first.first, kNever, -1};
  for (std::size_t i = 0; i < world.machines.size(); ++i) {
    const Machine& m = world.machines[i];
    if (!m.agent || !m.agent->wake_ms) continue;
    const std::int64_t at_ms = std::max(*m.agent->wake_ms, world.now_ms);
    if (at_ms >= due.wake_ms) continue;
    due.wake_ms = at_ms;
    due.waker = static_cast<int>(i);
  }
  return due;
}

void Handle(World& world, Judge& judge, Item item) {
  if (auto* effect = std::get_if<EffectDue>(&item)) {
    CarryOutDue(world, judge, std::move(*effect));
  } else if (auto* answer = std::get_if<AnswerDue>(&item)) {
    Deliver(world, judge, *answer);
  } else if (auto* notice = std::get_if<NoticeDue>(&item)) {
    DeliverNotice(world, judge, *notice);
  } else if (auto* part = std::get_if<SlowPart>(&item)) {
    WriteSlowPart(world, *part);
  } else if (auto* write = std::get_if<DelayedWrite>(&item)) {
    if (!world.store.directories.at(write->directory - 1).gone)
      Link(world, judge, write->machine, write->directory, std::move(write->value));
  } else if (auto* peer = std::get_if<PeerDue>(&item)) {
    CarryOutPeer(world, judge, std::move(*peer));
  }
}

}  // namespace

Machine& At(World& world, int machine) {
  return world.machines.at(static_cast<std::size_t>(machine));
}

std::int64_t NowNs(World& world, int machine) {
  const std::int64_t ms = kWallStartMs + world.now_ms + At(world, machine).clock_offset_ms;
  return ms * 1'000'000 + static_cast<std::int64_t>(++world.sequence % 1'000'000);
}

std::vector<std::string> MachineNames(const World& world) {
  std::vector<std::string> names;
  for (const Machine& machine : world.machines) names.push_back(machine.name);
  return names;
}

std::uint64_t DrawFor(World& world, int machine, std::string_view stream) {
  return Draw(world.seed, stream, static_cast<std::uint64_t>(machine), At(world, machine).draws++);
}

void Push(World& world, std::int64_t at_ms, Item item) {
  world.queue.emplace(std::make_pair(std::max(at_ms, world.now_ms), ++world.sequence),
                      std::move(item));
}

void Violate(World& world, std::string oracle, std::string text, BlobId blob) {
  if (world.violation) return;
  std::vector<std::string> history;
  if (blob != 0) history = Biography(world.ledger, MachineNames(world), blob);
  world.violation =
      Violation{std::move(oracle), "at " + std::to_string(world.now_ms) + " ms: " + std::move(text),
                std::move(history)};
}

void NoteDeed(World& world, int machine, Deed deed, const std::string& path, BlobId blob) {
  world.ledger.entries.push_back({world.now_ms, machine, deed, path, blob});
  world.rolling.Fold({Happening::Kind::kDeed, machine, world.ledger.entries.size(),
                      static_cast<std::size_t>(deed), world.now_ms},
                     HashText(path) ^ world.blobs.HashOf(blob));
}

void NoteChange(World& world, const std::string& what) {
  world.last_change_ms = world.now_ms;
  world.last_change = what;
}

void Log(World& world, int machine, const std::string& line) {
  if (!world.log) return;
  world.lines.push_back(std::to_string(world.now_ms) + " " + At(world, machine).name + ": " + line);
}

void Link(World& world, Judge& judge, int machine, std::uint32_t directory, Directory value) {
  judge.Linking(world, machine, directory, value);
  const Directory former = world.store.directories.at(directory - 1).now;
  if (former != value) NoteChange(world, "the directory of " + At(world, machine).name);
  const auto& history = world.store.directories.at(directory - 1).history;
  const std::size_t known = history.size();
  PutDirectory(world.store, directory, std::move(value), machine, world.now_ms);
  for (std::size_t i = known; i < history.size(); ++i)
    world.rolling.Fold({Happening::Kind::kEntry, machine, directory, 0, world.now_ms},
                       HashText(history[i].path) ^ history[i].after);
  judge.Linked(world, directory, former);
}

const EffectDue* NextEffect(const World& world, std::int64_t until_ms) {
  const auto [item_ms, wake_ms, waker] = NextDue(world);
  if (world.violation || item_ms > until_ms || item_ms > wake_ms) return nullptr;
  const auto* due = std::get_if<EffectDue>(&world.queue.begin()->second);
  if (due == nullptr) return nullptr;
  const Machine& m = world.machines.at(static_cast<std::size_t>(due->machine));
  if (!m.agent || m.incarnation != due->incarnation) return nullptr;
  const bool hangs = IsStoreEffect(due->effect) && !m.offline &&
                     StalledUntilMs(world.store.faults, due->machine) > item_ms;
  return hangs ? nullptr : due;
}

bool Advance(World& world, Judge& judge, std::int64_t until_ms) {
  CHECK(world.moment.deeds.empty());
  if (world.violation) return false;
  const auto [item_ms, wake_ms, waker] = NextDue(world);
  if (std::min(item_ms, wake_ms) > until_ms) {
    world.now_ms = std::max(world.now_ms, until_ms);
    return false;
  }
  world.now_ms = std::min(item_ms, wake_ms);
  if (item_ms <= wake_ms) {
    Item item = std::move(world.queue.begin()->second);
    world.queue.erase(world.queue.begin());
    Handle(world, judge, std::move(item));
    return true;
  }
  Feed(world, judge, waker, Ticked{});
  // A core that asks to be woken at once, again and again, shall not stop time.
  Machine& m = At(world, waker);
  if (m.agent && m.agent->wake_ms && *m.agent->wake_ms <= world.now_ms)
    m.agent->wake_ms = world.now_ms + 1;
  return true;
}

namespace {

// Makes an agent of what is durable and lets it begin.
void Open(World& world, Judge& judge, int machine) {
  Machine& m = At(world, machine);
  ++m.state.epoch;
  ++m.incarnation;
  m.agent.emplace(Agent{Driver(Load(m.state)), m.state.tables, false, {}, {}, {}, {}, true, false});
  const bool rebooted = std::exchange(m.rebooted, false);
  Feed(world, judge, machine,
       Started{m.config, m.state.epoch, Mix(world.seed ^ static_cast<std::uint64_t>(machine)),
               m.read_only, false, rebooted});
}

// After a commit that failed: nothing of the former run goes on.
void OpenAgain(World& world, Judge& judge, int machine) {
  Log(world, machine, "can't write its state, and opens it again");
  StopAgent(world, machine);
  Open(world, judge, machine);
}

// Tells the core of the paths that are new in the tables. False: its run ended by that.
bool NamePaths(World& world, Judge& judge, int machine) {
  Agent& agent = *At(world, machine).agent;
  if (agent.paths_named == agent.tables.paths.size()) return true;
  PathsNamed named;
  for (; agent.paths_named < agent.tables.paths.size(); ++agent.paths_named)
    named.parents.push_back(
        PathIdOf(agent.tables, ParentOf(agent.tables.paths[agent.paths_named])));
  const std::uint32_t incarnation = At(world, machine).incarnation;
  Feed(world, judge, machine, std::move(named));
  return At(world, machine).incarnation == incarnation;
}

}  // namespace

void Feed(World& world, Judge& judge, int machine, EventBody body) {
  CHECK(At(world, machine).agent);
  if (!NamePaths(world, judge, machine)) return;
  Event event{{world.now_ms, kWallStartMs + world.now_ms + At(world, machine).clock_offset_ms},
              std::move(body)};
  if (world.log) Log(world, machine, Describe(world, machine, event.body));
  // No draw for names: what is drawn after them does not hang on when a name was first heard of.
  const bool names = std::holds_alternative<PathsNamed>(event.body);
  if (const std::uint64_t draw = names ? 1 : DrawFor(world, machine, "twin"); draw % 16 == 0)
    CheckTwins(world, machine, event, draw % 128 == 0);
  Driver& driver = At(world, machine).agent->driver;
  std::vector<PathId> paths;
  AddPaths(driver.state(), event.body, paths);
  driver.Feed(std::move(event));
  while (!driver.idle()) {
    WorldPorts ports(world, machine);
    ports.paths = std::exchange(paths, {});
    const bool committed = driver.Run(ports, 1);
    if (ports.stepped) FoldStep(world, machine, ports);
    if (ports.stepped && ports.durable)
      judge.AfterStep(world, machine, *ports.stepped, ports.written);
    if (!committed) return OpenAgain(world, judge, machine);
  }
  At(world, machine).agent->wake_ms = NextWake(driver.state());
}

void StartAgent(World& world, Judge& judge, int machine) {
  Machine& m = At(world, machine);
  CHECK(LockRefusal(m).empty());
  m.dark = false;
  if (m.peer) return StartPeer(world, machine);
  m.saved = m.state;
  Log(world, machine, "starts");
  Open(world, judge, machine);
}

void StopAgent(World& world, int machine) {
  Machine& m = At(world, machine);
  m.agent.reset();
  if (m.peer) m.peer->run.reset();
}

namespace {

// Gives the machine a personal directory that is listed under its name; a former one of that name
// is `name~1` from now on.
void ListNew(World& world, Machine& m) {
  m.state.directory = AddDirectory(world.store, world.now_ms);
  m.state.tables.participants[kSelf.value] = m.state.directory;
  int copies = 0;
  for (const Listed& listed : world.store.collective)
    if (listed.name == m.name || listed.name.rfind(m.name + "~", 0) == 0) ++copies;
  for (Listed& listed : world.store.collective)
    if (listed.name == m.name) listed.name = m.name + "~" + std::to_string(copies);
  world.store.collective.push_back(
      {m.name, m.state.directory, false, m.read_only, world.now_ms, m.peer.has_value()});
}

}  // namespace

void BecomeNew(World& world, int machine) {
  Machine& m = At(world, machine);
  CHECK(LockRefusal(m).empty());
  const std::uint32_t former = m.state.directory;
  ListNew(world, m);
  AgentState state = Load(m.state);
  for (const RecordKey key : BecomeNewParticipant(state, ParticipantIdOf(m.state.tables, former)))
    if (const auto bytes = EncodeRecord(state, key)) m.state.records[key] = *bytes;
  NoteChange(world, m.name + " becomes a new participant");
}

void Join(World& world, Judge& judge, int machine) {
  Machine& m = At(world, machine);
  CHECK(LockRefusal(m).empty());
  m.state = StateDir{};
  if (m.peer) m.peer.emplace();
  ListNew(world, m);
  m.joined = true;
  m.left = false;
  if (m.disk.root == RootState::kEmptied) m.disk.root = RootState::kOurs;
  NoteChange(world, m.name + " joins");
  StartAgent(world, judge, machine);
}

void Answer(World& world, int machine, EventBody body, std::int64_t after_ms) {
  Push(world, world.now_ms + after_ms,
       AnswerDue{machine, At(world, machine).incarnation, std::move(body), {}, 0, 0});
}

void AnswerSynced(World& world, int machine, EventBody body, SyncPoint synced,
                  std::int64_t after_ms) {
  Push(world, world.now_ms + after_ms,
       AnswerDue{machine,
                 At(world, machine).incarnation,
                 std::move(body),
                 {},
                 0,
                 0,
                 std::move(synced),
                 {}});
}

}  // namespace kinfolder::sim
