// Time passing in a scenario: until something is done, or until all is at rest.
#include "sim/scenario/play.h"

#include <algorithm>
#include <utility>

#include "sim/world/file_names.h"

namespace kinfolder::sim {

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDay = 24 * 60 * kMinute;

// Longer than the longest delay before failed work is tried again.
constexpr std::int64_t kRetriedMs = 7 * kMinute;

bool HasFailedWork(const AgentState& state) {
  for (const auto& [id, participant] : state.participants)
    if (participant.poll.phase == PollPhase::kWaiting) return true;
  for (const auto& [id, entry] : state.cache)
    if (entry.cache.phase == CachePhase::kWaiting) return true;
  const FolderMood mood = View(state).mood;
  return !IsQuiet(state) || mood == FolderMood::kBlocked || mood == FolderMood::kOffline;
}

bool WaitsForNothing(const AgentState& state, bool polls_count) {
  if (IsQuiet(state, polls_count)) return true;
  const FolderMood mood = View(state).mood;
  return mood == FolderMood::kBlocked || mood == FolderMood::kPaused ||
         mood == FolderMood::kOffline;
}

}  // namespace

void Play::Await(Wait::For what, int machine, std::int64_t leg_ms, std::int64_t patience_ms) {
  wait_ = {what, machine, 0, world.now_ms, leg_ms, world.now_ms + patience_ms, 1, 0};
  why_.clear();
}

void Play::Over(std::string why) {
  wait_ = {};
  why_ = std::move(why);
}

bool Play::Proceed(const DoDeed& deeds) {
  if (!waiting()) return false;
  if (!Advance(world, oracles, wait_.leg_ms)) EndLeg();
  while (!world.moment.deeds.empty()) DoDeeds(deeds);
  return waiting();
}

void Play::DoDeeds(const DoDeed& deeds) {
  const Moment moment = std::exchange(world.moment, {});
  const Wait wait = wait_;
  for (const std::uint32_t deed : moment.deeds)
    if (!world.violation) deeds(deed);
  wait_ = wait;
  why_.clear();
  if (moment.effect_follows) Advance(world, oracles, wait_.leg_ms);
}

bool Play::GiveUp(int machine) {
  const bool asked = wait_.machine == machine &&
                     (wait_.what == Wait::For::kAnswer || wait_.what == Wait::For::kScan ||
                      wait_.what == Wait::For::kPoll);
  if (asked) Over();
  return asked;
}

void Play::StartBegin(const std::vector<std::string>& names, const std::set<int>& late,
                      const std::set<int>& read_only) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    world.machines[i].name = names[i];
    world.machines[i].late = late.count(static_cast<int>(i)) != 0;
    world.machines[i].read_only = read_only.count(static_cast<int>(i)) != 0;
    if (!world.machines[i].late) Join(world, oracles, static_cast<int>(i));
  }
  Await(Wait::For::kBegin, -1, world.now_ms + 5 * kMinute, 5 * kMinute);
}

void Play::StartUntil(std::int64_t until_ms) {
  Await(Wait::For::kTime, -1, until_ms, until_ms - world.now_ms);
}

void Play::Begin(const std::vector<std::string>& names, const std::set<int>& late,
                 const std::set<int>& read_only) {
  StartBegin(names, late, read_only);
  while (Proceed({})) {
  }
}

void Play::RunUntil(std::int64_t until_ms, const DoDeed& deeds) {
  StartUntil(until_ms);
  while (Proceed(deeds)) {
  }
}

std::string Play::Settle(const DoDeed& deeds) {
  StartSettle();
  while (Proceed(deeds)) {
  }
  return why_;
}

// What a delayed write brought back in a machine's directory is found when that is read again. So
// is what was linked though the store, which was rolled back, has lost it.
bool DirectoryWentBack(const World& world, const Machine& m) {
  const AgentState& state = m.agent->driver.state();
  if (m.read_only || state.folder.foreign_write) return false;
  if (world.store.rolled_back_ms != 0 && !state.folder.unverified.empty()) return true;
  const Directory& now = world.store.directories.at(m.state.directory - 1).now;
  const Tables& tables = m.agent->tables;
  for (std::uint32_t i = 1; i < state.paths.size(); ++i) {
    const SnapshotId written = state.paths[i].record.last_written;
    if (!written) continue;
    const auto entry = now.find(tables.paths.at(i));
    if (entry == now.end() || entry->second != CapOf(tables, written)) return true;
  }
  return false;
}

// Every timed fault is over, nothing is delayed, and no machine that takes part has work left.
bool Play::Resting() const {
  if (EndOfFaultsMs(world.store.faults) > world.now_ms) return false;
  for (const auto& [when, item] : world.queue)
    if (std::holds_alternative<DelayedWrite>(item) || std::holds_alternative<SlowPart>(item))
      return false;
  if (!Restless().empty()) return false;
  for (const Machine& m : world.machines)
    if (m.agent && !m.offline && !m.paused && DirectoryWentBack(world, m)) return false;
  // Where work has failed, it has been tried again since anything changed.
  for (const Machine& m : world.machines)
    if (m.agent && !m.offline && !m.paused && HasFailedWork(m.agent->driver.state()) &&
        world.now_ms < std::max({world.last_change_ms, settling_since_ms_,
                                 EndOfFaultsMs(world.store.faults)}) +
                           kRetriedMs)
      return false;
  return true;
}

// A slow store is always being asked for something: that alone is no work.
std::string Play::Restless() const {
  for (const Machine& m : world.machines)
    if (!m.offline && ((m.agent && !WaitsForNothing(m.agent->driver.state(), false)) ||
                       (m.peer && IsBusy(*m.peer))))
      return m.name;
  return {};
}

void Play::StartSettle() {
  std::int64_t poll_ms = 1;
  for (std::size_t i = 0; i < world.machines.size(); ++i) {
    Machine& m = world.machines[i];
    poll_ms = std::max(poll_ms, m.config.poll_interval_ms);
    if (m.agent) Feed(world, oracles, static_cast<int>(i), WatchLost{});
    if (m.peer) ScanPeer(world, static_cast<int>(i));
  }
  settling_since_ms_ = world.now_ms;
  Await(Wait::For::kRest, -1,
        std::max({world.now_ms, world.last_change_ms, EndOfFaultsMs(world.store.faults)}) +
            2 * poll_ms,
        kDay);
  wait_.poll_ms = poll_ms;
}

void Play::EndRestLeg() {
  if (world.violation) return Over();
  const bool late = world.now_ms > wait_.end_ms;
  if (world.now_ms < world.last_change_ms + 2 * wait_.poll_ms) {
    if (late) return Over("it kept changing: " + world.last_change);
  } else if (Resting()) {
    FoldRest(world);
    oracles.AtRest(world);
    return Over();
  } else if (late) {
    const std::string who = Restless();
    return Over(who.empty() ? "the store's faults do not end" : who + " never comes to rest");
  } else {
    wait_.leg_ms = world.now_ms + wait_.poll_ms;
  }
  wait_.leg_ms = std::max({wait_.leg_ms, world.last_change_ms + 2 * wait_.poll_ms,
                           EndOfFaultsMs(world.store.faults) + 2 * wait_.poll_ms});
}

void Play::StartCommand(int machine, EventBody body, CommandId command) {
  Await(Wait::For::kAnswer, machine, world.now_ms, kDay);
  wait_.command = command;
  Feed(world, oracles, machine, std::move(body));
  EndLeg();
}

void Play::EndAnswerLeg() {
  const Machine& m = At(world, wait_.machine);
  if (world.violation || !m.agent) return Over();
  const auto answer = m.answers.find(wait_.command);
  if (answer == m.answers.end()) {
    if (world.now_ms >= wait_.end_ms) return Over("the agent never answered");
    wait_.leg_ms = world.now_ms + 100;
  } else if (answer->second.outcome == Outcome::kDone) {
    Over();
  } else {
    Over("the agent refused (reason " + std::to_string(static_cast<int>(answer->second.reason)) +
         ")");
  }
}

void Play::EndLeg() {
  const bool over = world.violation || (wait_.machine >= 0 && !IsRunning(At(world, wait_.machine)));
  const auto again = [&](bool done, std::int64_t leg_ms, const char* why) {
    if (over || done) return Over();
    if (world.now_ms >= wait_.end_ms) return Over(why);
    wait_.leg_ms = world.now_ms + leg_ms;
  };
  const auto at_rest = [&] {
    if (over) return true;
    const Machine& m = At(world, wait_.machine);
    if (m.agent) return WaitsForNothing(m.agent->driver.state(), true);
    return m.peer->run->poll_wedged || (m.peer->run->polls >= wait_.polls && !IsBusy(*m.peer));
  };
  switch (wait_.what) {
    case Wait::For::kNothing:
      return;
    case Wait::For::kTime:
      return Over();
    case Wait::For::kBegin:
      for (Machine& m : world.machines) m.counters = {};
      return Over();
    case Wait::For::kRest:
      return EndRestLeg();
    case Wait::For::kAnswer:
      return EndAnswerLeg();
    case Wait::For::kScan:
      return again(over || Captured(wait_.machine), 20, "the scan does not end");
    case Wait::For::kPoll:
      return again(at_rest(), 500, "the poll does not end");
    case Wait::For::kJoin:
      return again(at_rest(), 500, "");
  }
}

// Everything on the disk is known to the core and taken down.
bool Play::Captured(int machine) const {
  const Machine& m = world.machines.at(static_cast<std::size_t>(machine));
  if (!m.agent) return true;
  const AgentState& state = m.agent->driver.state();
  if (state.scan_effect != 0 || !state.absences.empty()) return false;
  if (!m.agent->noticed.empty()) return false;
  const std::map<std::string, Reason> nameless = NamelessFiles(m, m.agent->tables);
  for (const auto& [path, number] : m.disk.names) {
    if (nameless.count(path) != 0 || HasChildren(m.disk, path) ||
        m.disk.io_errors.count(path) != 0 || Unreadable(m.disk, path))
      continue;
    const auto id = m.agent->tables.path_ids.find(*WirePath(path));
    if (id == m.agent->tables.path_ids.end() || id->second >= state.paths.size()) return false;
  }
  for (const PathWork& work : state.work)
    if (work.reason == Reason::kNone && (work.changed || work.absent)) return false;
  return true;
}

void Play::StartScan(int machine) {
  if (At(world, machine).peer)
    ScanPeer(world, machine);
  else
    Feed(world, oracles, machine, WatchLost{});
  Await(Wait::For::kScan, machine, world.now_ms + 20, 60 * kMinute);
}

void Play::StartPoll(int machine) {
  if (At(world, machine).peer) {
    const std::uint64_t polls = PollPeer(world, machine);
    Await(Wait::For::kPoll, machine, world.now_ms + 500, 60 * kMinute);
    wait_.polls = polls;
    return;
  }
  const std::vector<std::uint32_t> others = At(world, machine).agent->tables.participants;
  Feed(world, oracles, machine, StoreChanged{});
  for (std::uint32_t id = kSelf.value + 1; id < others.size(); ++id)
    Feed(world, oracles, machine, StoreChanged{ParticipantId{id}});
  Await(Wait::For::kPoll, machine, world.now_ms + 500, 60 * kMinute);
}

void Play::StartJoin(int machine) {
  Join(world, oracles, machine);
  Await(Wait::For::kJoin, machine, world.now_ms + 500, 10 * kMinute);
  wait_.polls = 1;
}

}  // namespace kinfolder::sim
