// Taking in heads: from what the rule says to what becomes of the path.
#include <algorithm>

#include "core/agent/context.h"
#include "core/merge/take_in.h"

namespace kinfolder {

namespace {

constexpr std::uint8_t kPollsBeforeAbsorb = 2;
// A head that could not be judged for that long counts as concurrent.
constexpr std::int64_t kGiveUpMs = 24 * 60 * 60 * 1000;

bool IsHeldHead(Context& c, const PathRecord& r, SnapshotId head) {
  if (!r.held || !r.held->receiver) return false;
  const Node* node = c.s.dag.Find(head);
  return head == r.held->snapshot ||
         (node != nullptr && node->version.kind == Kind::kDeleted && !node->approved);
}

TakeInInput InputFor(Context& c, PathId path) {
  const PathState& p = c.Path(path);
  TakeInInput input;
  input.mine = p.record.tip();
  input.unpublished = p.record.chain;
  for (const EqualRecord& e : p.record.equal)
    if (!IsHeldHead(c, p.record, e.head))
      input.equal.push_back({e.head, e.polls >= kPollsBeforeAbsorb});
  for (const ConflictRecord& conflict : p.record.conflicts)
    input.conflicts.push_back(conflict.head);
  for (const Head& head : p.heads)
    if (!IsHeldHead(c, p.record, head.snapshot) && !IsLost(p.record, head.snapshot))
      input.heads.push_back(head.snapshot);
  std::sort(input.heads.begin(), input.heads.end());
  input.heads.erase(std::unique(input.heads.begin(), input.heads.end()), input.heads.end());
  if (p.work != 0)
    for (const auto& [head, since_ms] : c.s.work[p.work].left_out)
      if (c.s.now.mono_ms - since_ms >= kGiveUpMs) input.as_concurrent.push_back(head);
  input.may_merge = !c.s.read_only;
  input.next_local = c.s.folder.next_local;
  return input;
}

// The remote snapshot that the first merge stands on when it does not stand on our tip.
SnapshotId BaseOf(Context& c, const TakeInInput& input, const TakeInOutput& out) {
  const auto& parents = out.merges.front().parents;
  const DagView view(c.s.dag);
  std::vector<SnapshotId> missing;
  for (const SnapshotId parent : parents)
    if (!input.mine || IsAncestor(view, input.mine, parent, &missing) == Answer::kYes)
      return parent;
  return parents.front();
}

ParticipantId OwnerOf(const PathState& p, SnapshotId head) {
  for (const Head& h : p.heads)
    if (h.snapshot == head) return h.participant;
  for (const ConflictRecord& conflict : p.record.conflicts)
    if (conflict.head == head) return conflict.owner;
  return {};
}

void AddMergeNodes(Context& c, PathId path, const TakeInOutput& out, Plan& plan) {
  for (const MergeToMake& m : out.merges) {
    Node node = NewNode(c, path, m.version, m.size, m.mtime_ns, m.parents);
    node.generation = m.generation;
    node.approved = m.approved;
    plan.nodes.emplace_back(m.id, std::move(node));
  }
  // Durable with the nodes: a plan that comes to nothing leaves no trace.
  c.s.folder.next_local += static_cast<std::uint32_t>(out.merges.size());
}

// Remembers since when which heads could not be judged.
void NoteLeftOut(Context& c, PathId path, const std::vector<SnapshotId>& left_out) {
  PathWork& w = c.Work(path);
  std::map<SnapshotId, std::int64_t> now;
  for (const SnapshotId head : left_out) {
    const auto old = w.left_out.find(head);
    now[head] = old == w.left_out.end() ? c.s.now.mono_ms : old->second;
    if (old == w.left_out.end()) c.ArmIn(TimerKind::kGiveUp, path.value, kGiveUpMs);
  }
  w.left_out = std::move(now);
}

Plan PlanFor(Context& c, PathId path, const TakeInInput& input, const TakeInOutput& out) {
  const PathState& p = c.Path(path);
  Plan plan;
  IntentRecord& t = plan.intent;
  t.mine = out.mine;
  if (!out.merges.empty()) {
    const auto& parents = out.merges.front().parents;
    const bool on_tip =
        input.mine && std::find(parents.begin(), parents.end(), input.mine) != parents.end();
    t.drops_chain = !on_tip;
    if (t.drops_chain) t.current = BaseOf(c, input, out);
    for (const MergeToMake& m : out.merges) t.added.push_back(m.id);
    t.version = out.merges.back().version;
  } else {
    t.drops_chain = out.mine != input.mine;
    if (t.drops_chain) t.current = out.mine;
    t.version = c.VersionOf(out.mine);
  }
  for (const EqualNote& note : out.equal) {
    EqualRecord e{note.head, 0};
    for (const EqualRecord& old : p.record.equal)
      if (old.head == note.head) e.polls = old.polls;
    t.equal.push_back(e);
  }
  for (const SnapshotId head : out.conflicts) t.conflicts.push_back({head, OwnerOf(p, head)});
  AddMergeNodes(c, path, out, plan);
  return plan;
}

bool SameAsRecord(const PathRecord& r, const IntentRecord& t) {
  return !t.drops_chain && t.added.empty() && t.equal == r.equal && t.conflicts == r.conflicts;
}

// What the disk has to become: nothing, another content, or no file.
void CarryOutPlan(Context& c, PathId path, Plan plan) {
  const PathRecord& r = c.Record(path);
  const bool gone_but_held = r.held && !r.held->receiver;
  const bool there = r.disk.there && !gone_but_held;
  const bool wanted = plan.intent.version.kind != Kind::kDeleted;
  if (gone_but_held && plan.intent.mine == r.tip())  // a person decides, or a newer version does
    return StepFileMachine(c, path, FileEvent::kDecidedStay);
  if (there == wanted && (!there || r.disk.version == plan.intent.version)) {
    AddNodes(c, plan);
    if (!SameAsRecord(r, plan.intent)) ApplyPlan(c, path, plan);
    if (plan.by_choice) FinishChoice(c, path, Outcome::kDone, Reason::kNone);
    return StepFileMachine(c, path, FileEvent::kDecidedStay);
  }
  if (wanted && YieldsToClash(c, path, plan)) return;
  plan.intent.remove = !wanted;
  c.Work(path).plan = std::move(plan);
  StepFileMachine(c, path, wanted ? FileEvent::kDecidedReplace : FileEvent::kDecidedRemove);
}

// A person's decision: one snapshot that descends from mine, what was noted, and what it settles.
bool DecideChoice(Context& c, PathId path) {
  const VersionChosen chosen = c.Work(path).choices.front();
  const PathRecord& r = c.Record(path);
  Version version = chosen.given;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = c.s.now.wall_ms * 1'000'000;
  if (chosen.choice == VersionChosen::Choice::kMine) {
    version = r.tip() ? c.VersionOf(r.tip()) : kDeletedVersion;
    if (const Node* node = c.s.dag.Find(r.tip())) size = node->size, mtime_ns = node->mtime_ns;
  } else if (chosen.choice == VersionChosen::Choice::kTheirs) {
    const Node* theirs = nullptr;
    for (const ConflictRecord& conflict : r.conflicts)
      if ((!chosen.theirs || conflict.owner == chosen.theirs) && !IsLost(r, conflict.head))
        theirs = c.s.dag.Find(conflict.head);
    if (theirs == nullptr) return false;
    version = theirs->version;
    size = theirs->size;
    mtime_ns = theirs->mtime_ns;
  } else {
    c.s.dag.ForEach([&](SnapshotId, const Node& node) {
      if (node.path == path && node.version == version) size = node.size;
    });
  }
  if (c.s.read_only) return false;
  std::vector<SnapshotId> parents{r.tip()};
  for (const EqualRecord& e : r.equal) parents.push_back(e.head);
  Plan plan;
  // With file tools only the version that was chosen is settled, other copies are left as they are.
  const bool by_tools = chosen.command == 0;
  for (const ConflictRecord& conflict : r.conflicts) {
    const Node* theirs = c.s.dag.Find(conflict.head);
    const bool same = theirs != nullptr && theirs->version == version;
    if (chosen.settles_conflicts && (same || !by_tools))
      parents.push_back(conflict.head);
    else
      plan.intent.conflicts.push_back(conflict);
  }
  plan.by_choice = true;
  plan.intent.version = version;
  plan.intent.mine = NewLocalId(c);
  plan.intent.added.push_back(plan.intent.mine);
  plan.nodes.emplace_back(plan.intent.mine,
                          NewNode(c, path, version, size, mtime_ns, std::move(parents)));
  CarryOutPlan(c, path, std::move(plan));
  return true;
}

// Whether all that the unpublished snapshots stand on is below `head`.
bool ContainsBase(Context& c, PathId path, const TakeInInput& input, SnapshotId head) {
  const DagView view(c.s.dag, path);
  std::vector<SnapshotId> missing;
  for (const SnapshotId ours : input.unpublished)
    for (const SnapshotId parent : c.NodeOf(ours).parents) {
      const auto& chain = input.unpublished;
      if (std::find(chain.begin(), chain.end(), parent) != chain.end()) continue;
      if (IsAncestor(view, parent, head, &missing) != Answer::kYes) return false;
    }
  return true;
}

// Rule 8 by itself, at once: were it part of a replacement, an upload under way could end before
// that does, and what it published would not be below the head.
bool Discard(Context& c, PathId path, const TakeInInput& input) {
  std::vector<SnapshotId> heads = input.heads;
  heads.insert(heads.end(), input.conflicts.begin(), input.conflicts.end());
  for (const EqualNote& note : input.equal) heads.push_back(note.head);
  for (const SnapshotId head : heads) {
    const Node* node = c.s.dag.Find(head);
    if (node == nullptr || node->path != path || node->version != c.VersionOf(input.mine) ||
        !ContainsBase(c, path, input, head))
      continue;
    Plan plan;
    plan.intent.mine = plan.intent.current = head;
    plan.intent.version = node->version;
    plan.intent.drops_chain = true;
    plan.intent.equal = c.Record(path).equal;
    plan.intent.conflicts = c.Record(path).conflicts;
    ApplyPlan(c, path, plan);
    c.Work(path).judge = true;  // the other rules come next
    return true;
  }
  return false;
}

bool HasLocalOnlyEdit(Context& c, const PathRecord& r) {
  const bool there = r.tip() && c.VersionOf(r.tip()).kind != Kind::kDeleted;
  return r.disk.there != there || (there && r.disk.version != c.VersionOf(r.tip()));
}

// A hold ends with the delete it is bound to: another's that is contained in what we have now, ours
// when there is a newer tip.
bool LetsGo(Context& c, PathId path, const HeldRecord& held) {
  const SnapshotId tip = c.Record(path).tip();
  if (!held.receiver) return tip != held.snapshot;
  std::vector<SnapshotId> missing;
  return tip && IsAncestor(DagView(c.s.dag, path), held.snapshot, tip, &missing) == Answer::kYes;
}

}  // namespace

void FinishChoice(Context& c, PathId path, Outcome outcome, Reason reason) {
  PathWork& w = c.Work(path);
  if (w.choices.empty()) return;
  if (w.choices.front().command != 0)
    c.Tell(AnswerCommand{w.choices.front().command, outcome, reason});
  w.choices.erase(w.choices.begin());
  if (c.Record(path).keeps_copy_of) {
    c.Record(path).keeps_copy_of = {};
    c.Touch(path);
  }
  w.judge = true;  // heads that came meanwhile, or the next choice
}

namespace {

void DecideHeads(Context& c, PathId path) {
  const TakeInInput input = InputFor(c, path);
  const TakeInOutput out = TakeIn(c.s.dag, path, input);
  for (const SnapshotId missing : out.missing) Want(c, path, missing);
  NoteLeftOut(c, path, out.left_out);
  if (out.discarded && Discard(c, path, input))
    return StepFileMachine(c, path, FileEvent::kDecidedStay);
  Plan plan = PlanFor(c, path, input, out);
  if (SettleEmptyDirectory(c, path, plan)) NoteClash(c, path, false);
  CarryOutPlan(c, path, std::move(plan));
}

void DecideAny(Context& c, PathId path) {
  if (c.s.copy_owner_of.count(path) !=
      0) {  // the name is a conflict copy's as long as that is there
    if (!c.Path(path).heads.empty()) BlockFile(c, path, Reason::kNameClash);
    return StepFileMachine(c, path, FileEvent::kDecidedStay);
  }
  if (!c.Record(path).tip() && c.Record(path).disk.there) {
    // If it has to wait, what it waits for wakes it.
    if (AdoptUnrecorded(c, path)) c.Wake(path);
    return StepFileMachine(c, path, FileEvent::kDecidedStay);
  }
  if (DecideReturned(c, path)) return StepFileMachine(c, path, FileEvent::kDecidedStay);
  if (!c.Work(path).choices.empty()) {
    if (DecideChoice(c, path)) return;
    FinishChoice(c, path, Outcome::kRefused, Reason::kNotFound);
  }
  if (c.s.read_only && HasLocalOnlyEdit(c, c.Record(path))) {
    BlockFile(c, path, Reason::kPermission);
    return StepFileMachine(c, path, FileEvent::kDecidedStay);
  }
  SettleLostConflicts(c, path);
  DecideHeads(c, path);
}

}  // namespace

void Decide(Context& c, PathId path) {
  c.Work(path).judge = c.Work(path).aside = false;
  c.s.clashes.erase(path);
  DecideAny(c, path);
}

void AddNodes(Context& c, const Plan& plan) {
  if (plan.nodes.empty()) return;
  for (const auto& [id, node] : plan.nodes) AddNode(c, id, node);
  c.TouchFolder();
}

void ApplyPlan(Context& c, PathId path, const Plan& plan) {
  const IntentRecord& t = plan.intent;
  PathRecord& r = c.Record(path);
  const std::vector<SnapshotId> old_chain = r.chain;
  if (t.drops_chain) {
    r.current = t.current;
    r.chain.clear();
  }
  r.chain.insert(r.chain.end(), t.added.begin(), t.added.end());
  r.equal = t.equal;
  r.conflicts = t.conflicts;
  r.keeps_copy_of = {};
  if (r.held && LetsGo(c, path, *r.held)) r.held.reset();
  c.Touch(path);
  const auto in = [](const std::vector<SnapshotId>& list, SnapshotId id) {
    return std::find(list.begin(), list.end(), id) != list.end();
  };
  for (const SnapshotId id : t.added) UseContent(c, id);
  for (const SnapshotId id : old_chain)
    if (!in(r.chain, id)) UnuseContent(c, id);
  const PathWork* w = c.FindWork(path);
  if (w != nullptr && w->uploading && !in(r.chain, w->uploading)) DropUpload(c, path);
  c.s.to_absorb.erase(path);
  for (const EqualRecord& e : t.equal)
    if (const Node* node = c.s.dag.Find(e.head); node != nullptr && node->version != t.version)
      c.s.to_absorb.insert(path);
  MarkDue(c, path);
  c.Wake(path);
}

}  // namespace kinfolder
