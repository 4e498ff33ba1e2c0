// Carrying out the actions of the pollers: the collective, and every participant's personal DMD.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

constexpr std::uint8_t kEnoughPolls = 2;
// A joiner that cannot read a participant goes on without it after that many tries.
constexpr std::uint32_t kTriesBeforeJoinedWithout = 3;

void AskRead(Context& c, ParticipantId who, ParticipantState& p) {
  if (who == kCollective)
    p.effect = c.Ask(ReadCollective{});
  else if (who == kForeign)
    p.effect = c.Ask(ReadOwn{});
  else
    p.effect = c.Ask(ReadHeads{0, who});
}

void SetHead(Context& c, ParticipantId who, PathId path, SnapshotId snapshot) {
  std::vector<Head>& heads = c.Path(path).heads;
  const auto at =
      std::lower_bound(heads.begin(), heads.end(), who,
                       [](const Head& h, ParticipantId p) { return h.participant < p; });
  const bool found = at != heads.end() && at->participant == who;
  if (found && at->snapshot == snapshot) return;
  if (!snapshot) {
    // An entry that is missing is never a delete; what it named is just not offered any more.
    if (found) heads.erase(at);
    return;
  }
  if (found)
    at->snapshot = snapshot;
  else
    heads.insert(at, {who, snapshot});
  const PathRecord& r = c.Record(path);
  if (r.link_held_since_wall_ms != 0) MarkDue(c, path);
  const bool open = !r.conflicts.empty();  // its owner may have left what is shown
  if (!open && (snapshot == r.tip() || snapshot == r.current)) return;  // theirs <= mine
  if (c.s.dag.Find(snapshot) == nullptr) return Want(c, path, snapshot);
  c.Work(path).judge = true;
  c.Wake(path);
}

// Rule 7 counts the polls in which the owner of a noted head has not moved though ours is there.
void CountPolls(Context& c, ParticipantId who) {
  const std::set<PathId> paths = c.s.to_absorb;
  for (const PathId path : paths) {
    PathRecord& r = c.Record(path);
    if (r.current != r.last_written || !r.chain.empty()) continue;
    for (EqualRecord& e : r.equal) {
      const auto& heads = c.Path(path).heads;
      const bool owners = std::any_of(heads.begin(), heads.end(), [&](const Head& h) {
        return h.participant == who && h.snapshot == e.head;
      });
      if (!owners || e.polls >= kEnoughPolls) continue;
      ++e.polls;
      c.Touch(path);
      if (e.polls < kEnoughPolls) continue;
      c.Work(path).judge = true;
      c.Wake(path);
    }
  }
}

}  // namespace

void StepPoller(Context& c, ParticipantId who, PollEvent event) {
  ParticipantState& p = c.s.participants[who];
  const auto from = p.poll.phase;
  const auto asked = StepPoll(p.poll, event);
  const auto result = c.Noted(MachineKind::kPoll, from, event, p.poll.phase, asked);
  if (result.verdict != Verdict::kTaken) return;
  c.Disarm(TimerKind::kPollDue, who.value);
  c.Disarm(TimerKind::kPollRetry, who.value);
  switch (result.action) {
    case PollAction::kNone:
      return;
    case PollAction::kAsk:
      return AskRead(c, who, p);
    case PollAction::kRest:
      return c.ArmIn(TimerKind::kPollDue, who.value, c.s.config.poll_interval_ms);
    case PollAction::kBackOff:
      return c.ArmRetry(TimerKind::kPollRetry, who.value, p.poll.failures);
  }
}

void AskAll(Context& c) {
  std::vector<ParticipantId> all;
  for (const auto& [id, p] : c.s.participants) all.push_back(id);
  for (const ParticipantId id : all) StepPoller(c, id, PollEvent::kAsked);
}

void TakeHeads(Context& c, ParticipantId who, const std::vector<DirectoryEntry>& entries,
               bool whole) {
  if (whole) {
    std::set<PathId> named;
    for (const DirectoryEntry& e : entries) named.insert(e.path);
    for (std::uint32_t i = 1; i < c.s.paths.size(); ++i)
      if (!c.s.paths[i].heads.empty() && named.count(PathId{i}) == 0)
        SetHead(c, who, PathId{i}, SnapshotId{});
  }
  for (const DirectoryEntry& e : entries) SetHead(c, who, e.path, e.snapshot);
}

void OnHeadsRead(Context& c, const HeadsRead& event) {
  const auto it = c.s.participants.find(event.participant);
  if (it == c.s.participants.end() || it->second.effect != event.id) return;
  ParticipantState& p = it->second;
  p.effect = 0;
  p.reason = event.reason;
  if (event.outcome == Outcome::kDone) {
    p.read_once = true;
    TakeHeads(c, event.participant, event.entries, event.whole);
    CountPolls(c, event.participant);
    c.s.last_poll_wall_ms = c.s.now.wall_ms;
  }
  StepPoller(c, event.participant,
             event.outcome == Outcome::kDone ? PollEvent::kAnswered : PollEvent::kFailed);
  CheckJoined(c);
}

void OnCollectiveRead(Context& c, const CollectiveRead& event) {
  ParticipantState& collective = c.s.participants[kCollective];
  if (collective.effect != event.id) return;
  collective.effect = 0;
  collective.reason = event.reason;
  if (event.outcome == Outcome::kDone) {
    collective.read_once = true;
    c.s.last_poll_wall_ms = c.s.now.wall_ms;
    // One that is missing now is never taken for a delete: what is known of it stays.
    bool changed = false;
    for (const ParticipantFacts& facts : event.participants) {
      const bool known = c.s.participants.count(facts.id) != 0;
      ParticipantState& p = c.s.participants[facts.id];
      p.facts = facts;
      if (!known) StepPoller(c, facts.id, PollEvent::kAsked);
      auto& list = c.s.folder.participants;
      const auto at = std::find_if(list.begin(), list.end(),
                                   [&](const ParticipantFacts& f) { return f.id == facts.id; });
      if (at != list.end() && *at == facts) continue;
      if (at == list.end())
        list.push_back(facts);
      else
        *at = facts;
      changed = true;
    }
    if (changed) {
      c.TouchFolder();
      JudgeHeldLinks(c);
      JudgeAllClashes(c);
    }
  }
  StepPoller(c, kCollective,
             event.outcome == Outcome::kDone ? PollEvent::kAnswered : PollEvent::kFailed);
  CheckJoined(c);
}

bool AllWereRead(const AgentState& s) {
  return std::all_of(s.participants.begin(), s.participants.end(),
                     [](const auto& p) { return p.second.read_once || p.second.facts.retired; });
}

void CheckJoined(Context& c) {
  if (c.s.folder.joined || c.s.may_adopt) return;
  for (const auto& [id, p] : c.s.participants) {
    const bool gave_up = id != kCollective && p.poll.failures >= kTriesBeforeJoinedWithout;
    if (!p.read_once && !gave_up) return;
  }
  c.s.may_adopt = true;
  for (std::uint32_t i = 1; i < c.s.paths.size(); ++i) {
    const PathRecord& r = c.s.paths[i].record;
    if (r.tip() || !r.disk.there) continue;
    c.Work(PathId{i}).judge = true;
    c.Wake(PathId{i});
  }
}

void CheckAllAdopted(Context& c) {
  if (c.s.folder.joined || !c.s.may_adopt || c.s.phase != FolderPhase::kRunning) return;
  while (!c.s.unrecorded.empty()) {
    const PathId path = *c.s.unrecorded.begin();
    const PathRecord& r = c.Record(path);
    const bool waits = !r.tip() && (r.disk.there || c.FindWork(path) != nullptr);
    if (waits) return;
    c.s.unrecorded.erase(path);
  }
  c.s.folder.joined = true;
  c.TouchFolder();
}

}  // namespace kinfolder
