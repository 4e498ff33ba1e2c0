#include "sim/random/random_run.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "sim/random/store_weather.h"
#include "sim/scenario/run.h"
#include "sim/world/describe.h"
#include "sim/world/draws.h"
#include "sim/world/effect_names.h"
#include "sim/world/power.h"

namespace kinfolder::sim {

namespace {

constexpr const char* kPaths[] = {"a.txt", "b.txt", "d/x", "d/y", "e/f/z", "c.txt"};
// With whole trees: names that are a file here and a directory there, and what directories become.
constexpr const char* kTreePaths[] = {"d", "e", "e/f", "d/x", "d/y", "e/f/z", "g", "g/x", "D"};

class RandomRun {
 public:
  RandomRun(std::uint64_t seed, Profile profile) : seed_(seed), profile_(profile) {}

  SeedResult Run(bool log, bool trail) {
    World& world = play_.world;
    if (trail) world.rolling.KeepTrail();
    world.seed = seed_;
    world.log = log;
    Topology();
    const std::int64_t acts = Pick(5, 40);
    for (std::int64_t i = 0; i < acts && !world.violation; ++i) {
      Act();
      Pass();
    }
    std::string unsettled;
    if (!world.violation) {
      CalmDown();
      unsettled = play_.Settle({});
    }
    FoldRest(world);
    return Result(unsettled);
  }

  const World& world() const { return play_.world; }
  void TellOf(MoveWatcher* watcher) { play_.world.watcher = watcher; }

 private:
  std::uint64_t Next() { return Draw(seed_, "workload", 0, ordinal_++); }
  std::int64_t Pick(std::int64_t low, std::int64_t high) { return DrawIn(Next(), low, high); }
  bool Chance(int percent) { return Pick(0, 99) < percent; }

  void Topology() {
    World& world = play_.world;
    world.machines.resize(static_cast<std::size_t>(Pick(2, 4)));
    world.random_notify = Chance(50);
    paths_ = static_cast<std::size_t>(Pick(1, static_cast<std::int64_t>(std::size(kPaths))));
    // Each seed leaves whole families of things out.
    renames_ = Chance(50);
    resolves_ = Chance(70);
    modes_ = Chance(30);
    const bool swarm = profile_ == Profile::kSwarm || profile_ == Profile::kRollback;
    power_ = profile_ == Profile::kCrash ? Chance(50) : swarm && Chance(30);
    crashes_ = profile_ == Profile::kCrash || (swarm && Chance(60));
    const bool bad_store = swarm && Chance(60);
    away_ = Chance(80);
    watch_unsure_ = swarm && Chance(30);
    for (Machine& m : world.machines) m.watch_unsure = watch_unsure_;
    for (Machine& m : world.machines) {
      m.config.history_all = !Chance(20);
      m.config.poll_interval_ms = Chance(50) ? 60'000 : 5'000;
      m.watch = !Chance(20);
    }
    const std::vector<std::string> names = {"a", "b", "c", "d"};
    std::set<int> read_only;
    if (world.machines.size() > 2 && Chance(10)) read_only.insert(2);
    // Of its own stream, so that seeds without a peer go on as they were.
    const std::uint64_t peer = Draw(seed_, "peer", 0, 0);
    if (profile_ == Profile::kSwarm && peer % 5 == 0 && read_only.empty()) {
      Machine& m = world.machines[1 + peer / 5 % (world.machines.size() - 1)];
      m.peer.emplace();
      m.config.scan_interval_ms = 60'000;
    }
    play_.Begin({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(world.machines.size())},
                {}, read_only);
    trees_ = Draw(seed_, "trees", 0, 0) % 5 < 2;
    weather_ = StoreWeather(seed_, bad_store, profile_ == Profile::kRollback, world.now_ms);
  }

  // Mostly moments, so that things overlap; now and then long enough for all to be done.
  void Pass() {
    const std::int64_t kind = Pick(0, 9);
    const std::int64_t ms = kind < 3   ? 0
                            : kind < 6 ? Pick(1, 400)
                            : kind < 9 ? Pick(400, 20'000)
                                       : Pick(20'000, 400'000);
    play_.RunUntil(play_.world.now_ms + ms, [this](std::uint32_t deed) { DoDeed(deed); });
  }

  void Act() {
    const int machine =
        static_cast<int>(Pick(0, static_cast<std::int64_t>(play_.world.machines.size()) - 1));
    const std::int64_t kind = Pick(0, 99);
    if (watch_unsure_ && Chance(3)) LoseEvents(machine);
    if (kind < 60) return Edit(machine);
    if (kind < 68) return Resolve(machine);
    if (kind < 80) return Connection(machine);
    if (kind < 92) return Crash(machine);
    weather_.Change(play_.world, machine);
  }

  std::string SomePath() {
    return kPaths[static_cast<std::size_t>(Pick(0, static_cast<std::int64_t>(paths_) - 1))];
  }

  // Directories come and go, are renamed, and take the place of files, and the other way round.
  void EditTree(int machine) {
    static constexpr UserAct kActs[] = {
        UserAct::kWrite, UserAct::kWrite, UserAct::kWrite,  UserAct::kRename, UserAct::kRename,
        UserAct::kSwap,  UserAct::kMkdir, UserAct::kRmtree, UserAct::kDelete, UserAct::kSymlink};
    const auto some = [this] {
      return kTreePaths[static_cast<std::size_t>(Pick(0, std::ssize(kTreePaths) - 1))];
    };
    UserOp op;
    op.act = kActs[static_cast<std::size_t>(Pick(0, std::ssize(kActs) - 1))];
    op.path = some();
    op.other = some();
    op.content = "t" + std::to_string(seed_) + "/" + std::to_string(++token_);
    if (Chance(30)) {  // what is there now gives way first
      UserOp gone;
      gone.act = UserAct::kRmtree;
      gone.path = op.act == UserAct::kWrite && Chance(50) ? ParentOf(op.path) : op.path;
      if (!gone.path.empty()) Do(machine, gone);
    }
    Do(machine, op);
  }

  void Edit(int machine) {
    if (trees_ && Chance(40)) return EditTree(machine);
    UserOp op;
    op.path = SomePath();
    op.content =
        Chance(10) ? "shared" : "s" + std::to_string(seed_) + "/" + std::to_string(++token_);
    const std::int64_t kind = Pick(0, 99);
    if (kind < 45) {
      op.act = UserAct::kWrite;
    } else if (kind < 60) {
      op.act = UserAct::kAppend;
      op.content = "+" + op.content;
    } else if (kind < 75) {
      op.act = UserAct::kDelete;
    } else if (kind < 85) {
      op.act = UserAct::kSave;
    } else if (kind < 92 && renames_) {
      op.act = UserAct::kRename;
      op.other = SomePath();
    } else if (modes_) {
      op.act = UserAct::kChmod;
      op.number = Chance(50) ? 0755 : 0644;
    }
    Do(machine, op);
  }

  // At once, or at the instant of some effect.
  void Do(int machine, const UserOp& op) {
    if (!Chance(15) || !At(play_.world, machine).agent) {
      DoUserOp(play_.world, machine, op);  // what can't be done is not done
      return;
    }
    WaitFor(machine, SomeInstant(), op);
  }

  // What is done at some instant: by a user, a power cut, or else a crash.
  struct Deed {
    int machine = 0;
    std::variant<std::monostate, UserOp, PowerMode> what;
  };

  void WaitFor(int machine, Hook hook, decltype(Deed::what) what) {
    hook.deed = static_cast<std::uint32_t>(deeds_.size());
    deeds_.push_back({machine, std::move(what)});
    At(play_.world, machine).hooks.push_back(hook);
  }

  void DoDeed(std::uint32_t number) {
    World& world = play_.world;
    const auto& [machine, what] = deeds_.at(number);
    if (const auto* op = std::get_if<UserOp>(&what)) {
      DoUserOp(world, machine, *op);
    } else if (const auto* mode = std::get_if<PowerMode>(&what)) {
      CutPower(world, machine, *mode, DrawFor(world, machine, "power"));
    } else {
      Log(world, machine, "crashes");
      StopAgent(world, machine);
    }
  }

  Hook SomeInstant() {
    Hook hook;
    hook.effect = static_cast<std::size_t>(
        Pick(0, static_cast<std::int64_t>(std::variant_size_v<Effect>) - 1));
    hook.after = Chance(50);
    hook.countdown = static_cast<std::uint64_t>(Pick(1, 3));
    return hook;
  }

  void Resolve(int machine) {
    Machine& m = At(play_.world, machine);
    if (!resolves_ || !m.agent) return;
    const std::vector<ConflictView> conflicts = View(m.agent->driver.state()).conflicts;
    if (conflicts.empty()) return;
    const ConflictView& conflict = conflicts[static_cast<std::size_t>(
        Pick(0, static_cast<std::int64_t>(conflicts.size()) - 1))];
    const std::string path = m.agent->tables.paths.at(conflict.path.value);
    const std::int64_t kind = Pick(0, 9);
    if (kind < 5 && !conflict.theirs.empty()) {
      VersionChosen chosen;
      chosen.command = play_.world.next_command++;
      chosen.path = conflict.path;
      chosen.choice = kind < 3 ? VersionChosen::Choice::kMine : VersionChosen::Choice::kTheirs;
      if (kind >= 3) chosen.theirs = conflict.theirs[0].owner;
      Feed(play_.world, play_.oracles, machine, chosen);
      return;
    }
    const std::string mark = path + ".conflict-";
    const auto copy = m.disk.names.lower_bound(mark);
    if (copy == m.disk.names.end() || copy->first.compare(0, mark.size(), mark) != 0) return;
    UserOp op;
    op.path = copy->first;
    op.act = kind < 7 ? UserAct::kDelete : kind < 9 ? UserAct::kRename : UserAct::kWrite;
    op.other = path;
    op.content = "edited copy " + std::to_string(++token_) + " of " + std::to_string(seed_);
    Do(machine, op);
  }

  void Connection(int machine) {
    Machine& m = At(play_.world, machine);
    if (!away_) return;
    if (Chance(60)) {
      m.offline = !m.offline;
    } else if (IsRunning(m)) {
      StopAgent(play_.world, machine);
    } else {
      StartAgent(play_.world, play_.oracles, machine);
    }
  }

  void Crash(int machine) {
    Machine& m = At(play_.world, machine);
    if (!crashes_) return;
    // A draw of its own: the other choices of a seed stay what they were.
    const std::uint64_t fails = Draw(seed_, "commit-fails", 0, ordinal_);
    if (fails % 6 == 0) m.fail_commit_in = 1 + fails / 6 % 6;
    if (!IsRunning(m)) {
      StartAgent(play_.world, play_.oracles, machine);
    } else if (Chance(20) || m.peer) {
      StopAgent(play_.world, machine);
    } else if (power_ && Chance(70)) {
      Cut(machine);
    } else {
      WaitFor(machine, SomeInstant(), {});
    }
  }

  // The watcher's queue runs over.
  void LoseEvents(int machine) {
    Machine& m = At(play_.world, machine);
    if (!m.agent || !m.watch) return;
    m.agent->noticed.clear();
    Feed(play_.world, play_.oracles, machine, WatchLost{});
  }

  // At once, or at an effect that changes the disk.
  void Cut(int machine) {
    if (Chance(40)) return CutPower(play_.world, machine, SomeMode(), Next());
    static constexpr const char* kEffects[] = {"capture",    "stage-target", "replace",
                                               "replace",    "settle",       "recover-replace",
                                               "place-copy", "remove-copy",  "write-directory"};
    Hook hook = SomeInstant();
    const auto which = static_cast<std::size_t>(Pick(0, std::ssize(kEffects) - 1));
    hook.effect = FindEffect(kEffects[which]).value();
    hook.countdown = 1;
    WaitFor(machine, hook, SomeMode());
  }

  PowerMode SomeMode() {
    static constexpr PowerMode kModes[] = {PowerMode::kAllKept, PowerMode::kNone,
                                           PowerMode::kSubset, PowerMode::kSubset,
                                           PowerMode::kTorn};
    return kModes[static_cast<std::size_t>(Pick(0, std::ssize(kModes) - 1))];
  }

  // Faults end, everybody is back.
  void CalmDown() {
    World& world = play_.world;
    weather_.Clear(world);
    for (std::size_t i = 0; i < world.machines.size(); ++i) {
      world.machines[i].hooks.clear();
      world.machines[i].fail_commit_in = 0;
      world.machines[i].offline = false;
      if (!IsRunning(world.machines[i])) StartAgent(world, play_.oracles, static_cast<int>(i));
    }
  }

  SeedResult Result(const std::string& unsettled) {
    World& world = play_.world;
    SeedResult result;
    result.seed = seed_;
    result.events = world.events;
    result.simulated_ms = world.now_ms;
    result.log = std::move(world.lines);
    if (world.log)
      for (std::string& line : DescribeRecords(world)) result.log.push_back(std::move(line));
    if (world.violation) {
      result.oracle = world.violation->oracle;
      result.text = world.violation->text;
      result.history = world.violation->history;
      result.failure = result.oracle == "I8"    ? kLiveness
                       : result.oracle == "I12" ? kNonDeterminism
                                                : kSafety;
    } else if (!unsettled.empty()) {
      result.oracle = "settle";
      result.text = unsettled;
      result.failure = kLiveness;
    }
    return result;
  }

  std::uint64_t seed_;
  Profile profile_;
  Play play_;
  std::uint64_t ordinal_ = 0;
  std::uint64_t token_ = 0;
  std::size_t paths_ = 1;
  bool renames_ = false, resolves_ = false, modes_ = false, crashes_ = false;
  bool power_ = false, watch_unsure_ = false;
  bool away_ = false;
  bool trees_ = false;
  StoreWeather weather_;
  std::vector<Deed> deeds_;
};

}  // namespace

std::optional<Profile> ProfileOf(const std::string& name) {
  for (Profile profile : {Profile::kCalm, Profile::kCrash, Profile::kSwarm, Profile::kRollback})
    if (name == NameOf(profile)) return profile;
  return std::nullopt;
}

const char* NameOf(Profile profile) {
  switch (profile) {
    case Profile::kCalm:
      return "calm";
    case Profile::kCrash:
      return "crash";
    case Profile::kSwarm:
      return "swarm";
    case Profile::kRollback:
      return "rollback";
  }
  return "?";
}

SeedResult RunSeed(std::uint64_t seed, Profile profile, bool log, MoveWatcher* watcher) {
  RandomRun run(seed, profile);
  run.TellOf(watcher);
  const bool twice = seed % 16 == 0;
  SeedResult result = run.Run(log, twice);
  if (result.failure != 0 || !twice) return result;
  RandomRun again(seed, profile);
  again.Run(false, true);
  if (run.world().rolling.value() != again.world().rolling.value()) {
    result.failure = kNonDeterminism;
    result.oracle = "I12";
    result.text = "in a second run of the seed " + FirstDifference(run.world(), again.world());
  }
  return result;
}

}  // namespace kinfolder::sim
