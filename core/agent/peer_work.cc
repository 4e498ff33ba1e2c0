// What is done for the sake of peers, participants that are a magic-folder 24.3.0.
//
// Two offers of one delete wedge it, and it takes a file that comes back after its delete for a
// conflict (docs/domain.md, "Writing the personal DMD").
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

constexpr std::int64_t kHoldMs = 24 * 60 * 60 * 1000;

bool IsHere(const ParticipantFacts& who) { return who.peer && !who.retired; }

bool HasPeers(const AgentState& s) {
  const auto& all = s.folder.participants;
  return std::any_of(all.begin(), all.end(), IsHere);
}

// Whether every peer's head of the path is its current snapshot or a newer one.
bool AllPeersShowIt(Context& c, PathId path) {
  const PathState& p = c.Path(path);
  const DagView view(c.s.dag, path);
  const auto& all = c.s.folder.participants;
  return std::all_of(all.begin(), all.end(), [&](const ParticipantFacts& who) {
    if (!IsHere(who)) return true;
    return std::any_of(p.heads.begin(), p.heads.end(), [&](const Head& head) {
      std::vector<SnapshotId> missing;
      return head.participant == who.id &&
             (head.snapshot == p.record.current ||
              IsAncestor(view, p.record.current, head.snapshot, &missing) == Answer::kYes);
    });
  });
}

bool MustWait(Context& c, PathId path) {
  const PathRecord& r = c.Record(path);
  // A write that was asked for before may have happened: it is repeated as always.
  if (!r.current || r.current == r.last_written || r.current == r.about_to_write) return false;
  const Node* node = c.s.dag.Find(r.current);
  if (node == nullptr || node->version.kind != Kind::kDeleted || !HasPeers(c.s)) return false;
  // What comes back would be a conflict where the delete was seen: it is never shown.
  if (c.VersionOf(r.tip()).kind != Kind::kDeleted) return true;
  return node->author != kSelf && !AllPeersShowIt(c, path);
}

// The chain without its first snapshot, whose parents those get that stood on it.
void DropFirst(Context& c, PathId path) {
  std::vector<SnapshotId> kept = c.Record(path).chain;
  const SnapshotId drop = kept.front();
  kept.erase(kept.begin());
  const std::vector<SnapshotId> instead = c.NodeOf(drop).parents;
  RemakeChain(c, path, kept, [&](const Node& old, const NewIds& made) {
    std::vector<SnapshotId> parents;
    for (const SnapshotId parent : old.parents) {
      const auto at = made.find(parent);
      if (parent == drop)
        parents.insert(parents.end(), instead.begin(), instead.end());
      else
        parents.push_back(at == made.end() ? parent : at->second);
    }
    return parents;
  });
}

}  // namespace

bool HoldsLink(Context& c, PathId path) {
  PathRecord& r = c.Record(path);
  const auto held = c.s.held_links.find(path);
  if (!MustWait(c, path)) {
    if (held != c.s.held_links.end()) {
      c.s.held_links.erase(held);
      c.Disarm(TimerKind::kHeldLink, path.value);
    }
    if (r.link_held_since_wall_ms != 0) c.Touch(path);
    r.link_held_since_wall_ms = 0;
    return false;
  }
  if (held != c.s.held_links.end()) return c.s.now.mono_ms < held->second;
  if (r.link_held_since_wall_ms == 0) {
    r.link_held_since_wall_ms = std::max<std::int64_t>(c.s.now.wall_ms, 1);
    c.Touch(path);
  }
  // Time is monotonic within a run; a wall clock that jumped between two runs can only make it
  // anything from nothing to the whole time again.
  const std::int64_t waited_ms =
      std::clamp<std::int64_t>(c.s.now.wall_ms - r.link_held_since_wall_ms, 0, kHoldMs);
  c.s.held_links[path] = c.s.now.mono_ms + kHoldMs - waited_ms;
  c.ArmIn(TimerKind::kHeldLink, path.value, kHoldMs - waited_ms);
  return waited_ms < kHoldMs;
}

void JudgeHeldLinks(Context& c) {
  const std::map<PathId, std::int64_t> held = c.s.held_links;
  for (const auto& [path, until_ms] : held) MarkDue(c, path);
}

void SquashRecreation(Context& c, PathId path) {
  const PathRecord& r = c.Record(path);
  if (!HasPeers(c.s)) return;
  // A decision that is being carried out stands on the chain as it was.
  if (r.intent || c.Work(path).plan) return;
  while (r.chain.size() > 1 && c.NodeOf(r.chain.front()).version.kind == Kind::kDeleted)
    DropFirst(c, path);
}

}  // namespace kinfolder
