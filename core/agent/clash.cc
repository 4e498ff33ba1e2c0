// A file here, a directory there: what can't be at one place at once.
//
// The machine that has the file gives way: it renames it, as a user would, and what follows (a
// delete of the one name, the same version at the other) is a move like any other; a crash leaves a
// move that the next scan finds. A machine that has the directory waits for that, and shows the
// file as a conflict copy where nobody who could move it is left.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

bool IsFile(Kind kind) { return kind == Kind::kFile || kind == Kind::kLink; }

bool IsThere(const PathRecord& r) {
  const bool gone_but_held = r.held && !r.held->receiver;
  return r.disk.there && !gone_but_held;
}

bool IsFileHere(const PathRecord& r) { return IsThere(r) && IsFile(r.disk.version.kind); }

// A head of the path is not known yet and soon may be.
bool AwaitsHeads(const AgentState& s, PathId path) {
  constexpr std::uint32_t kTries = 3;
  const auto& heads = s.paths[path.value].heads;
  return std::any_of(heads.begin(), heads.end(), [&](const Head& head) {
    if (s.dag.Find(head.snapshot) != nullptr) return false;
    const auto entry = s.cache.find(head.snapshot);
    return entry != s.cache.end() && entry->second.cache.phase != CachePhase::kInvalid &&
           entry->second.cache.failures < kTries;
  });
}

// Nothing is under way that could make the path something else.
bool IsAtRest(Context& c, PathId path) {
  if (path.value >= c.s.paths.size()) return true;
  const PathState& p = c.Path(path);
  if (p.record.intent || AwaitsHeads(c.s, path)) return false;
  if (p.work == 0) return true;
  const PathWork& w = c.s.work[p.work];
  return (w.file == FilePhase::kIdle || w.file == FilePhase::kWaiting) && !w.changed && !w.judge &&
         !w.absent && !w.plan && w.choices.empty();
}

// The nearest file here that the path would lie in; none if there is none.
PathId FileAbove(Context& c, PathId path) {
  for (PathId above = c.s.tree.Parent(path); above; above = c.s.tree.Parent(above))
    if (above.value < c.s.paths.size() && IsFileHere(c.s.paths[above.value].record)) return above;
  return {};
}

// Something in a directory above is under way, or heads of one: a delete may be among them.
bool IsAnyAboveBusy(Context& c, PathId path) {
  for (PathId above = c.s.tree.Parent(path); above; above = c.s.tree.Parent(above))
    if (!IsAtRest(c, above)) return true;
  return false;
}

// A head says that something is there, and is not what we have or had.
bool IsWanted(Context& c, PathId path) {
  const PathState& p = c.Path(path);
  const DagView view(c.s.dag, path);
  std::vector<SnapshotId> missing;
  return std::any_of(p.heads.begin(), p.heads.end(), [&](const Head& head) {
    const Node* node = c.s.dag.Find(head.snapshot);
    return node != nullptr && node->version.kind != Kind::kDeleted &&
           (!p.record.tip() ||
            IsAncestor(view, head.snapshot, p.record.tip(), &missing) == Answer::kNo);
  });
}

enum class Inside : std::uint8_t { kNothing, kBusy, kFiles };

// What is, or soon may be, in a directory of this name.
Inside LookInside(Context& c, PathId path) {
  Inside found = Inside::kNothing;
  c.s.tree.ForEachBelow(path, [&](PathId below) {
    if (below.value >= c.s.paths.size()) return true;
    if (!IsAtRest(c, below))
      found = Inside::kBusy;
    else if (found == Inside::kNothing && (IsThere(c.Record(below)) || IsWanted(c, below)))
      found = Inside::kFiles;
    return found != Inside::kBusy;
  });
  return found;
}

// It follows the rules, and will be back: it gives way when it sees the directory.
bool GivesWay(const AgentState& s, ParticipantId who) {
  const auto at = s.participants.find(who);
  if (at == s.participants.end() || who == kForeign) return false;
  const ParticipantFacts& facts = at->second.facts;
  return !facts.peer && !facts.retired && !facts.read_only;
}

// The heads that are a file, and are not what we have or had.
std::vector<ConflictRecord> FileHeads(Context& c, PathId path) {
  const PathState& p = c.Path(path);
  std::vector<ConflictRecord> found;
  const auto add = [&](SnapshotId head, ParticipantId owner) {
    const Node* node = c.s.dag.Find(head);
    std::vector<SnapshotId> missing;
    if (node == nullptr || node->path != path || !IsFile(node->version.kind)) return;
    if (p.record.tip() &&
        IsAncestor(DagView(c.s.dag, path), head, p.record.tip(), &missing) == Answer::kYes)
      return;
    found.push_back({head, owner});
  };
  for (const Head& head : p.heads) add(head.snapshot, head.participant);
  for (const ConflictRecord& old : p.record.conflicts)
    if (std::none_of(found.begin(), found.end(),
                     [&](const ConflictRecord& x) { return x.head == old.head; }))
      add(old.head, old.owner);
  return found;
}

bool AnyGivesWay(Context& c, PathId path) {
  const auto& heads = c.Path(path).heads;
  return std::any_of(heads.begin(), heads.end(), [&](const Head& head) {
    const Node* node = c.s.dag.Find(head.snapshot);
    return node != nullptr && IsFile(node->version.kind) && GivesWay(c.s, head.participant);
  });
}

// Those that are below no other, one for each snapshot.
std::vector<ConflictRecord> Newest(Context& c, PathId path, std::vector<ConflictRecord> heads) {
  std::vector<SnapshotId> ids, missing;
  for (const ConflictRecord& one : heads) ids.push_back(one.head);
  ids = Maximal(DagView(c.s.dag, path), std::move(ids), &missing);
  std::vector<ConflictRecord> newest;
  for (const ConflictRecord& one : heads) {
    const auto at = std::find(ids.begin(), ids.end(), one.head);
    if (at == ids.end()) continue;
    ids.erase(at);
    newest.push_back(one);
  }
  return newest;
}

// There is a directory here: a file's head waits until its machine has moved it, or is shown
// beside.
void ShowBeside(Context& c, PathId path) {
  PathRecord& r = c.Record(path);
  // Our own file went when the directory came: a conflict copy of it that was left is no reason to
  // bring a file back.
  if (IsFile(c.VersionOf(r.tip()).kind) && !c.s.read_only && !r.held)
    return AppendLocal(c, path, kDeletedVersion, 0, c.s.now.wall_ms * 1'000'000);
  if (AnyGivesWay(c, path)) return NoteClash(c, path, false);
  Plan plan;
  plan.intent.mine = r.tip();
  plan.intent.version = c.VersionOf(r.tip());
  plan.intent.equal = r.equal;
  plan.intent.conflicts = Newest(c, path, FileHeads(c, path));
  if (plan.intent.conflicts != r.conflicts) ApplyPlan(c, path, plan);
  c.s.clashes[path] = false;  // it is no conflict when the directory goes
}

void Refuse(Context& c, PathId path) {
  FinishChoice(c, path, Outcome::kRefused, Reason::kNameClash);
}

void MoveOutOfTheWay(Context& c, PathId file) {
  if (c.s.read_only || c.Record(file).ignore == IgnoreState::kIgnored) return;
  c.Work(file).aside = true;
  c.Wake(file);
}

void JudgeAgain(Context& c, PathId path) {
  c.Work(path).judge = true;
  c.Wake(path);
}

// Whether our personal DMD will say, after the next write, that there is something (`file`: that
// it is a file).
bool IsLinked(Context& c, PathId path, bool file) {
  if (path.value >= c.s.paths.size()) return false;
  const PathRecord& r = c.Record(path);
  const auto says = [&](SnapshotId id) {
    const Node* node = id ? c.s.dag.Find(id) : nullptr;
    if (node == nullptr || node->version.kind == Kind::kDeleted) return false;
    return !file || IsFile(node->version.kind);
  };
  if (c.s.dmd.due.count(path) != 0) return says(r.current);
  // What an entry says whose successor is only held back for peers is known to be over.
  if (c.s.held_links.count(path) != 0) return false;
  return says(r.last_written) || says(r.about_to_write);
}

}  // namespace

void NoteClash(Context& c, PathId path, bool until_rest) {
  BlockFile(c, path, Reason::kNameClash);
  c.s.clashes[path] = until_rest;
}

bool YieldsToClash(Context& c, PathId path, const Plan& plan) {
  const PathRecord& r = c.Record(path);
  if (const PathId file = FileAbove(c, path)) {
    const bool at_rest = !IsAnyAboveBusy(c, path) && c.Work(path).left_out.empty();
    if (plan.by_choice) {
      Refuse(c, path);
    } else {
      NoteClash(c, path, !at_rest);
      if (at_rest) MoveOutOfTheWay(c, file);
    }
  } else if (IsAnyAboveBusy(c, path)) {
    NoteClash(c, path, true);
  } else if (IsFileHere(r) || !IsFile(plan.intent.version.kind)) {
    return false;
  } else {
    const Inside inside = LookInside(c, path);
    if (inside == Inside::kNothing) return false;
    if (plan.by_choice)
      Refuse(c, path);
    else if (inside == Inside::kBusy)
      NoteClash(c, path, true);
    else
      ShowBeside(c, path);
  }
  StepFileMachine(c, path, FileEvent::kDecidedStay);
  return true;
}

bool SettleEmptyDirectory(Context& c, PathId path, Plan& plan) {
  const bool file = IsFile(plan.intent.version.kind);
  if (!file && plan.intent.version.kind != Kind::kDirectory) return false;
  if (file ? c.s.read_only || !IsFileHere(c.Record(path)) : !AnyGivesWay(c, path)) return false;
  const std::size_t others = std::erase_if(plan.intent.conflicts, [&](const ConflictRecord& one) {
    const Kind kind = c.NodeOf(one.head).version.kind;
    return file ? kind == Kind::kDirectory : IsFile(kind);
  });
  if (others == 0) return false;
  if (file) MoveOutOfTheWay(c, path);
  return !file;
}

void JudgeClashesWith(Context& c, PathId path) {
  if (c.s.clashes.empty()) return;
  // What came to rest because it can't be put there is no news but for those that waited for it.
  const bool news = c.s.clashes.count(path) == 0;
  const auto judge = [&](PathId other) {
    const auto at = c.s.clashes.find(other);
    if (at != c.s.clashes.end() && (news || at->second)) JudgeAgain(c, other);
    return true;
  };
  for (PathId above = c.s.tree.Parent(path); above; above = c.s.tree.Parent(above)) judge(above);
  c.s.tree.ForEachBelow(path, judge);
}

void JudgeAllClashes(Context& c) {
  for (const auto& [path, until_rest] : c.s.clashes) JudgeAgain(c, path);
}

void OnMovedAside(Context& c, const MovedAside& event) {
  const PathId path = TakeAwaited(c, event.id);
  if (!path) return;
  PathWork& w = c.Work(path);
  if (w.file_effect != event.id) return;
  w.file_effect = 0;
  if (event.outcome == Outcome::kRefused) {
    w.judge = true;
    return StepFileMachine(c, path, FileEvent::kAsideRefused);
  }
  if (event.outcome != Outcome::kDone) {
    w.reason = event.reason;
    return StepFileMachine(c, path, FileEvent::kAsideFailed);
  }
  w.aside = false;
  Succeeded(w);
  OnObservation(c, event.to);
  Observation gone;
  gone.path = path;
  gone.presence = Presence::kGone;
  OnObservation(c, gone);
  StepFileMachine(c, path, FileEvent::kMovedAside);
}

bool WouldLinkBoth(Context& c, PathId path) {
  const Node* node = c.s.dag.Find(c.Record(path).current);
  if (node == nullptr || node->version.kind == Kind::kDeleted) return false;
  for (PathId above = c.s.tree.Parent(path); above; above = c.s.tree.Parent(above))
    if (IsLinked(c, above, true)) return true;
  if (!IsFile(node->version.kind)) return false;
  bool both = false;
  c.s.tree.ForEachBelow(path, [&](PathId below) { return !(both = IsLinked(c, below, false)); });
  return both;
}

}  // namespace kinfolder
