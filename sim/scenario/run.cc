#include "sim/scenario/run.h"

#include <algorithm>
#include <set>

#include "sim/world/describe.h"
#include "sim/world/draws.h"

namespace kinfolder::sim {

namespace {

Forgery ForgeryOf(const std::string& word) {
  if (word == "bad-signature") return Forgery::kBadSignature;
  if (word == "wrong-path") return Forgery::kWrongPath;
  if (word == "escape") return Forgery::kEscape;
  if (word == "unknown-author") return Forgery::kUnknownAuthor;
  return Forgery::kWrongVersion;
}

class Runner {
 public:
  explicit Runner(const Scenario& scenario) : scenario_(scenario) {}

  RunResult Run(bool log) {
    World& world = play_.world;
    world.seed = scenario_.seed;
    world.log = log;
    world.store.faults.latency_ms = 20;
    world.machines.resize(scenario_.machines.size());
    for (Machine& m : world.machines) m.config.scan_interval_ms = 3'600'000;
    for (const Option& option : scenario_.options) Apply(option);
    play_.Begin(scenario_.machines, scenario_.late, scenario_.read_only);
    for (const Step& step : scenario_.steps) {
      if (!CheckViolation(step) || result_.ending != Ending::kHolds) break;
      Log(world, 0, "--- line " + std::to_string(step.line) + ": " + step.verb);
      Do(step);
      if (!CheckViolation(step)) break;
    }
    result_.chain = ChainOf(world);
    result_.log = std::move(world.lines);
    if (world.log)
      for (std::string& line : DescribeRecords(world)) result_.log.push_back(std::move(line));
    return std::move(result_);
  }

 private:
  void Apply(const Option& option) {
    for (std::size_t i = 0; i < play_.world.machines.size(); ++i) {
      if (option.machine >= 0 && option.machine != static_cast<int>(i)) continue;
      Machine& m = play_.world.machines[i];
      const std::int64_t ms = ReadDuration(option.value).value_or(0);
      if (option.key == "history") m.config.history_all = option.value == "all";
      if (option.key == "poll") m.config.poll_interval_ms = ms;
      if (option.key == "scan") m.config.scan_interval_ms = ms;
      if (option.key == "watch") m.watch = option.value == "on";
      if (option.key == "max-deletes") m.config.max_deletes_percent = 101;
      if (option.key == "mtime-granularity") m.disk.mtime_granularity_ns = ms * 1'000'000;
    }
  }

  bool CheckViolation(const Step& step) {
    if (!play_.world.violation || result_.ending != Ending::kHolds) return !play_.world.violation;
    const Violation& violation = *play_.world.violation;
    result_.ending = Ending::kFails;
    result_.line = step.line;
    result_.oracle = violation.oracle;
    result_.what = "invariant " + violation.oracle + " does not hold: " + violation.text;
    result_.history = violation.history;
    return false;
  }

  void End(Ending ending, const Step& step, const std::string& what) {
    if (result_.ending != Ending::kHolds) return;
    result_.ending = ending;
    result_.line = step.line;
    result_.what = what;
  }
  // A step that the file should not have here.
  void Refuse(const Step& step, const std::string& what) {
    End(Ending::kNotUnderstood, step, "`" + step.verb + "`: " + what);
  }
  void FailIf(const Step& step, const std::string& what) {
    if (!what.empty() && !play_.world.violation)
      End(Ending::kFails, step, "`" + step.verb + "`: " + what);
  }
  // False, and refused: the agent must be running (or must not).
  bool Needs(const Step& step, bool running) {
    if (At(play_.world, step.machine).agent.has_value() == running) return true;
    Refuse(step, std::string("the agent is ") + (running ? "not " : "") +
                     "running; expected it to be " + (running ? "running" : "stopped"));
    return false;
  }

  void Do(const Step& step) {
    if (step.verb == "expect") return Expect(step);
    if (step.verb == "when") {
      At(play_.world, step.machine)
          .hooks.push_back(
              {step.effect, step.after, static_cast<std::uint64_t>(step.numbers[0]), step.user});
      return;
    }
    if (step.user) {
      const std::string error = DoUserOp(play_.world, step.machine, *step.user);
      if (!error.empty()) Refuse(step, error);
      return;
    }
    if (step.verb == "run") return play_.RunUntil(play_.world.now_ms + step.numbers[0]);
    if (step.verb == "settle") return FailIf(step, play_.Settle());
    if (step.verb == "mark") {
      for (Machine& m : play_.world.machines) m.counters = {};
      return;
    }
    if (step.verb == "forge") return Forge(step);
    if (step.verb.rfind("store ", 0) == 0) return DoStore(step);
    if (DoLife(step) || DoDisk(step) || DoState(step)) return;
    if (DoCopies(step) || DoCommand(step)) return;
    Refuse(step, "is not supported yet");
  }

  void Expect(const Step& step) {
    std::string expected, is, refusal;
    if (Holds(play_, *step.expect, &expected, &is, &refusal)) return;
    if (!refusal.empty()) return Refuse(step, refusal);
    End(Ending::kFails, step, "expected " + expected + ", is " + is);
    result_.expected = expected;
    result_.is = is;
  }

  void DoStore(const Step& step) {
    StoreFaults& faults = play_.world.store.faults;
    const std::int64_t now_ms = play_.world.now_ms;
    if (step.verb == "store fail") faults.fail[step.machine] = static_cast<int>(step.numbers[0]);
    if (step.verb == "store lose-answer")
      faults.lose_answer[step.machine] = static_cast<int>(step.numbers[0]);
    if (step.verb == "store stall") faults.stall_until_ms[step.machine] = now_ms + step.numbers[0];
    if (step.verb == "store latency") faults.latency_ms = step.numbers[0];
    if (step.verb == "store delay-write") {
      faults.delay_write[step.machine] = static_cast<int>(step.numbers[0]);
      faults.delay_ms[step.machine] = step.numbers[1];
    }
    if (step.verb == "store stale") {
      faults.stale_until_ms = now_ms + step.numbers[0];
      for (StoredDirectory& directory : play_.world.store.directories)
        directory.stale = directory.now;
    }
  }

  void Forge(const Step& step) {
    World& world = play_.world;
    const Machine& m = At(world, step.other);
    const std::string& path = step.words[0];
    const Forgery forgery = ForgeryOf(step.words[1]);
    Directory value = world.store.directories.at(m.state.directory - 1).now;
    StoredSnapshot forged;
    forged.path = forgery == Forgery::kWrongPath ? path + ".other" : path;
    forged.version = {Kind::kFile, world.blobs.Intern("forged " + step.words[1]), false};
    const std::string bytes = forgery == Forgery::kWrongVersion ? "other bytes" : "";
    forged.content =
        AddContent(world.store, bytes.empty() ? forged.version.blob : world.blobs.Intern(bytes));
    forged.size = world.blobs.Bytes(forged.version.blob).size();
    forged.generation = 1;
    forged.author = m.state.directory;
    forged.created_ms = kWallStartMs + world.now_ms;
    forged.forgery = forgery;
    TruthNode truth{path, forged.version, {}, step.other, 1, forged.created_ms, true};
    if (const auto head = value.find(path); head != value.end()) {
      forged.parents.push_back(head->second);
      forged.generation = SnapshotOf(world.store, head->second).generation + 1;
      truth.parents.push_back(SnapshotOf(world.store, head->second).truth);
    }
    forged.truth = AddTruth(world.truth, std::move(truth));
    value[path] = AddSnapshot(world.store, std::move(forged));
    NoteChange(world, "a forged head");
    PutDirectory(world.store, m.state.directory, std::move(value), step.other, world.now_ms);
  }

  // The life of an agent and its connections.
  bool DoLife(const Step& step) {
    World& world = play_.world;
    Machine& m = At(world, step.machine);
    if (step.verb == "start") {
      if (!m.joined || m.left) {
        Refuse(step, "it has not joined; expected `join`");
      } else if (Needs(step, false)) {
        StartAgent(world, play_.oracles, step.machine);
      }
    } else if (step.verb == "stop" || step.verb == "crash") {
      if (Needs(step, true)) StopAgent(world, step.machine);
    } else if (step.verb == "crash-at") {
      const std::int64_t count = step.numbers.empty() ? 1 : step.numbers[0];
      m.hooks.push_back({step.effect, step.after, static_cast<std::uint64_t>(count), {}});
    } else if (step.verb == "join") {
      if (m.joined && !m.left) {
        Refuse(step, "it has joined already; expected a machine of `late:` or one without state");
      } else {
        play_.JoinNow(step.machine);
      }
    } else if (step.verb == "leave") {
      StopAgent(world, step.machine);
      m.left = true;
    } else if (step.verb == "pause" || step.verb == "resume") {
      m.paused = step.verb == "pause";
      const CommandId command = world.next_command++;
      if (Needs(step, true))
        Feed(world, play_.oracles, step.machine, PauseAsked{command, m.paused});
    } else if (step.verb == "offline" || step.verb == "online") {
      m.offline = step.verb == "offline";
    } else if (step.verb == "partition") {
      m.partitions.insert(step.other);
    } else if (step.verb == "unpartition") {
      m.partitions.erase(step.other);
    } else if (step.verb == "clock") {
      m.clock_offset_ms += step.numbers[0];
    } else {
      return false;
    }
    return true;
  }

  bool DoDisk(const Step& step) {
    World& world = play_.world;
    Machine& m = At(world, step.machine);
    if (step.verb == "disk-full" || step.verb == "disk-ok") {
      m.disk.full = step.verb == "disk-full";
    } else if (step.verb == "io-error") {
      m.disk.io_errors.insert(step.words[0]);
    } else if (step.verb == "io-ok") {
      m.disk.io_errors.erase(step.words[0]);
    } else if (step.verb == "root-vanish") {
      m.disk.root = RootState::kMissing;
    } else if (step.verb == "root-empty") {
      m.disk.root = RootState::kEmptied;
    } else if (step.verb == "root-back") {
      m.disk.root = RootState::kOurs;
    } else if (step.verb == "watch-dead") {
      if (Needs(step, true)) m.agent->watch_dead = true;
    } else if (step.verb == "watch-overflow") {
      if (!Needs(step, true)) return true;
      m.agent->noticed.clear();
      Feed(world, play_.oracles, step.machine, WatchLost{});
    } else if (step.verb == "mktree") {
      const std::int64_t seed = step.numbers.size() > 2 ? step.numbers[2] : 0;
      for (std::int64_t i = 0; i < step.numbers[0]; ++i) {
        std::string number = std::to_string(i);
        number.insert(0, number.size() < 5 ? 5 - number.size() : 0, '0');
        const std::string error = DoUserOp(world, step.machine,
                                           {UserAct::kWrite, step.words[0] + "/f" + number, "",
                                            RandomBytes(static_cast<std::uint64_t>(seed + i),
                                                        static_cast<std::size_t>(step.numbers[1])),
                                            0, 0});
        if (!error.empty()) return Refuse(step, error), true;
      }
    } else {
      return false;
    }
    return true;
  }

  bool DoState(const Step& step) {
    Machine& m = At(play_.world, step.machine);
    if (step.verb == "lose-state") {
      if (!Needs(step, false)) return true;
      m.state = StateDir{};
      m.joined = false;
    } else if (step.verb == "rollback-state") {
      if (Needs(step, false)) m.state = m.saved;
    } else if (step.verb == "clone-state-from") {
      if (Needs(step, false)) m.state = At(play_.world, step.other).state;
    } else {
      return false;
    }
    return true;
  }

  // The only copy of a path, or that of one participant. Empty: refused.
  std::string CopyOf(const Step& step, const std::string& path, const std::string& name) {
    const Disk& disk = At(play_.world, step.machine).disk;
    std::vector<std::string> found;
    const std::string mark = path + ".conflict-" + name;
    for (auto it = disk.names.lower_bound(mark);
         it != disk.names.end() && it->first.compare(0, mark.size(), mark) == 0; ++it)
      if (name.empty() || it->first == mark) found.push_back(it->first);
    if (found.size() == 1) return found[0];
    Refuse(step, std::to_string(found.size()) + " copies of " + path + " fit; expected one");
    return {};
  }

  bool DoCopies(const Step& step) {
    UserOp op;
    if (step.verb == "delete-copy") {
      op.act = UserAct::kDelete;
    } else if (step.verb == "edit-copy") {
      op.act = UserAct::kWrite;
      op.content = step.words[2];
    } else if (step.verb == "move-copy") {
      op.act = UserAct::kRename;
      op.other = step.words[2];
    } else {
      return false;
    }
    op.path = CopyOf(step, step.words[0], step.words.size() > 1 ? step.words[1] : "");
    if (op.path.empty()) return true;
    const std::string error = DoUserOp(play_.world, step.machine, op);
    if (!error.empty()) Refuse(step, error);
    return true;
  }

  bool DoCommand(const Step& step) {
    const bool known = step.verb == "scan" || step.verb == "poll" || step.verb == "resolve" ||
                       step.verb == "restore" || step.verb == "approve-deletes" ||
                       step.verb == "undo-deletes";
    if (!known || !Needs(step, true)) return known;
    World& world = play_.world;
    if (step.verb == "scan") FailIf(step, play_.ScanNow(step.machine));
    if (step.verb == "poll") FailIf(step, play_.PollNow(step.machine));
    if (step.verb == "resolve") Resolve(step);
    if (step.verb == "restore") Restore(step);
    if (step.verb == "approve-deletes" || step.verb == "undo-deletes")
      Feed(world, play_.oracles, step.machine,
           DeletesDecided{world.next_command++, step.verb == "approve-deletes"});
    return true;
  }

  void Resolve(const Step& step) {
    World& world = play_.world;
    Tables& tables = At(world, step.machine).agent->tables;
    VersionChosen chosen;
    chosen.command = world.next_command++;
    chosen.path = PathIdOf(tables, step.words[0]);
    const std::string& how = step.words[1];
    if (how == "mine") chosen.choice = VersionChosen::Choice::kMine;
    if (how.rfind("theirs", 0) == 0) {
      chosen.choice = VersionChosen::Choice::kTheirs;
      for (const Listed& listed : world.store.collective)
        if (how == "theirs:" + listed.name)
          chosen.theirs = ParticipantIdOf(tables, listed.directory);
      if (how != "theirs" && !chosen.theirs)
        return Refuse(step, "no participant of that name; expected one of the folder");
    }
    if (how == "merge") {
      chosen.choice = VersionChosen::Choice::kGiven;
      const BlobId blob = world.blobs.Intern(step.words[2]);
      chosen.given = Local(tables, {Kind::kFile, blob, false});
      tables.contents.at(chosen.given.content.value).staged = true;
      At(world, step.machine).agent->tables_changed = true;
      NoteDeed(world, step.machine, Deed::kUserWrote, step.words[0], blob);
    }
    FailIf(step, play_.Command(step.machine, chosen, chosen.command));
  }

  void Restore(const Step& step) {
    World& world = play_.world;
    Machine& m = At(world, step.machine);
    const std::vector<TruthId> history = LinearHistory(world, m.state.directory, step.words[0]);
    const auto number = ReadNumber(step.words[1]);
    std::optional<std::size_t> at;
    if (number) at = static_cast<std::size_t>(*number);
    for (std::size_t i = 1; step.words[1] == "before-delete" && i < history.size(); ++i)
      if (NodeOf(world.truth, history[i]).version.kind == Kind::kDeleted) at = i - 1;
    if (!at || *at >= history.size())
      return Refuse(step, "no such version; expected one of " + std::to_string(history.size()));
    VersionChosen chosen;
    chosen.command = world.next_command++;
    chosen.path = PathIdOf(m.agent->tables, step.words[0]);
    chosen.choice = VersionChosen::Choice::kGiven;
    chosen.settles_conflicts = false;
    chosen.given = Local(m.agent->tables, NodeOf(world.truth, history[*at]).version);
    if (chosen.given.content) {
      ContentRow& row = m.agent->tables.contents.at(chosen.given.content.value);
      for (const StoredSnapshot& stored : world.store.snapshots)
        if (stored.truth == history[*at] && row.cap == 0) row.cap = stored.content;
      m.agent->tables_changed = true;
    }
    FailIf(step, play_.Command(step.machine, chosen, chosen.command));
  }

  const Scenario& scenario_;
  Play play_;
  RunResult result_;
};

}  // namespace

std::vector<TruthId> LinearHistory(const World& world, std::uint32_t directory,
                                   const std::string& path) {
  if (directory == 0) return {};
  const Directory& now = world.store.directories.at(directory - 1).now;
  const auto head = now.find(path);
  if (head == now.end()) return {};
  std::map<TruthId, Cap> caps;
  for (std::size_t i = 0; i < world.store.snapshots.size(); ++i)
    caps.emplace(world.store.snapshots[i].truth, static_cast<Cap>(i + 1));
  std::vector<TruthId> open = Ancestry(world.truth, SnapshotOf(world.store, head->second).truth);
  const auto order = [&](TruthId id) {
    return std::make_pair(NodeOf(world.truth, id).created_ms,
                          RankOf(caps.count(id) ? caps.at(id) : 0));
  };
  std::vector<TruthId> sorted;
  std::set<TruthId> done;
  while (!open.empty()) {
    auto best = open.end();
    for (auto it = open.begin(); it != open.end(); ++it) {
      bool ready = true;
      for (TruthId parent : NodeOf(world.truth, *it).parents) ready = ready && done.count(parent);
      if (ready && (best == open.end() || order(*it) < order(*best))) best = it;
    }
    done.insert(*best);
    sorted.push_back(*best);
    open.erase(best);
  }
  return sorted;
}

RunResult RunScenario(const Scenario& scenario, bool log) {
  RunResult first = Runner(scenario).Run(log);
  const RunResult second = Runner(scenario).Run(false);
  if (first.chain != second.chain && first.ending == Ending::kHolds) {
    first.ending = Ending::kFails;
    first.oracle = "I12";
    first.what = "invariant I12 does not hold: a second run went another way";
  }
  return first;
}

}  // namespace kinfolder::sim
