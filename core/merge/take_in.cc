#include "core/merge/take_in.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/base/check.h"
#include "core/merge/three_way.h"

namespace kinfolder {
namespace {

using Ids = std::set<SnapshotId>;

std::vector<SnapshotId> Sorted(const Ids& ids) { return {ids.begin(), ids.end()}; }

// A head whose change we are to take in, and the version that comes of it.
struct Take {
  SnapshotId head;
  Version version;
};

// What one round finds when all heads are held against one tip.
struct Judgement {
  Ids equal;
  Ids conflicts;
  std::vector<Take> takes;  // in the order all machines share
  Ids left_out;
  Ids missing;
};

class Rounds {
 public:
  Rounds(const Dag& dag, PathId path, const TakeInInput& input)
      : in_(input), path_(path), view_(dag, path), mine_(input.mine) {
    for (const EqualNote& note : in_.equal) {
      noted_.insert(note.head);
      if (note.absorb_due) absorb_due_.insert(note.head);
    }
    heads_.insert(in_.heads.begin(), in_.heads.end());
    heads_.insert(in_.conflicts.begin(), in_.conflicts.end());
    heads_.insert(noted_.begin(), noted_.end());
    heads_.erase(SnapshotId{});
    CHECK(!mine_ || view_.Find(mine_));
  }

  TakeInOutput Run() {
    Discard();
    if (!mine_) StartWithNothing();
    Judgement judged;
    // Every merge names a head that was not below the tip before, so there are at most as many
    // rounds as heads, and one more that finds nothing to do.
    for (std::size_t round = 0; round <= heads_.size(); ++round) {
      FastForward();
      judged = Judge();
      if (!in_.may_merge) judged = TakeWithoutMerge(std::move(judged));
      if (!Merge(judged)) break;
    }
    return Output(judged);
  }

 private:
  const Node& Get(SnapshotId id) const {
    const Node* node = view_.Find(id);
    CHECK(node);
    return *node;
  }

  // "a <= b" for a judgement about `theirs`: if it is not known, theirs is left out, unless it
  // waited long enough to count as concurrent.
  Answer Below(SnapshotId a, SnapshotId b, SnapshotId theirs, Judgement* judged) const {
    std::vector<SnapshotId> missing;
    const Answer answer = IsAncestor(view_, a, b, &missing);
    if (answer != Answer::kUnknown) return answer;
    if (Waited(theirs) || Waited(b)) return Answer::kNo;  // it hangs on what is below b
    LeaveOut(theirs, missing, judged);
    return answer;
  }

  bool Below(SnapshotId a, SnapshotId b) const {
    std::vector<SnapshotId> missing;
    return IsAncestor(view_, a, b, &missing) == Answer::kYes;
  }

  bool Waited(SnapshotId head) const {
    return std::find(in_.as_concurrent.begin(), in_.as_concurrent.end(), head) !=
           in_.as_concurrent.end();
  }

  static void LeaveOut(SnapshotId head, const std::vector<SnapshotId>& missing, Judgement* judged) {
    judged->left_out.insert(head);
    judged->missing.insert(missing.begin(), missing.end());
  }

  // Content before a delete, then an order that all machines share, then our own.
  bool Before(SnapshotId a, SnapshotId b) const {
    const auto key = [this](SnapshotId id) {
      const Node& node = Get(id);
      return std::tuple(node.version.kind == Kind::kDeleted, node.rank, id);
    };
    return key(a) < key(b);
  }

  SnapshotId Preferred(const std::vector<SnapshotId>& ids) const {
    return *std::min_element(ids.begin(), ids.end(),
                             [this](SnapshotId a, SnapshotId b) { return Before(a, b); });
  }

  SnapshotId PreferredMaximal(std::vector<SnapshotId> ids) const {
    std::vector<SnapshotId> missing;
    return Preferred(Maximal(view_, std::move(ids), &missing));
  }

  // A path that is new here starts as if with nothing: any newest head fast-forwards it.
  void StartWithNothing() {
    std::vector<SnapshotId> readable;
    for (SnapshotId head : heads_)
      if (view_.Find(head)) readable.push_back(head);
    if (!readable.empty()) mine_ = PreferredMaximal(std::move(readable));
  }

  // Rule 8: our unpublished snapshots add nothing to a head that has their version and contains all
  // that they stand on. All of the chain or nothing: an older version in it exists nowhere else.
  void Discard() {
    if (in_.unpublished.empty() || in_.unpublished.back() != mine_) return;
    std::vector<SnapshotId> instead;
    for (SnapshotId head : heads_) {
      if (!view_.Find(head) || Below(head, mine_)) continue;
      if (AddsNothingTo(head)) instead.push_back(head);
    }
    if (instead.empty()) return;
    mine_ = PreferredMaximal(std::move(instead));
    discarded_ = true;
  }

  // While it is not known, the head is only noted under rule 3: nothing is lost by keeping ours.
  bool AddsNothingTo(SnapshotId head) const {
    const Ids chain(in_.unpublished.begin(), in_.unpublished.end());
    return std::all_of(chain.begin(), chain.end(), [&](SnapshotId ours) {
      const Node& node = Get(ours);
      return node.version == Get(head).version &&
             std::all_of(node.parents.begin(), node.parents.end(), [&](SnapshotId parent) {
               return chain.count(parent) != 0 || Below(parent, head);
             });
    });
  }

  // Whether mine < head for certain. The ordinary cases are settled by one look at either's
  // parents.
  bool Newer(SnapshotId head) const {
    const Node* theirs = view_.Find(head);
    if (!theirs || head == mine_ || HasParent(Get(mine_), head)) return false;
    return HasParent(*theirs, mine_) || (Below(mine_, head) && !Below(head, mine_));
  }

  static bool HasParent(const Node& node, SnapshotId id) {
    return std::find(node.parents.begin(), node.parents.end(), id) != node.parents.end();
  }

  // Rule 2: mine <= theirs.
  void FastForward() {
    for (std::size_t hop = 0; mine_ && hop <= heads_.size(); ++hop) {
      std::vector<SnapshotId> newer;
      for (SnapshotId head : heads_)
        if (Newer(head)) newer.push_back(head);
      if (newer.empty()) break;
      mine_ = PreferredMaximal(std::move(newer));
    }
  }

  // The heads that are certainly concurrent with mine and below no other such head.
  std::vector<SnapshotId> Concurrent(Judgement* judged) const {
    std::vector<SnapshotId> candidates;
    for (SnapshotId head : heads_) {
      if (head == mine_) continue;
      if (!view_.Find(head)) {
        LeaveOut(head, {head}, judged);
        continue;
      }
      const Answer older = Below(head, mine_, head, judged);  // rule 1
      if (older == Answer::kNo && Below(mine_, head, head, judged) == Answer::kNo)
        candidates.push_back(head);
    }
    // If it is not known whether x is below y, it is y whose ancestry is not known. Without y, what
    // is below y is to be judged itself.
    std::vector<SnapshotId> newest;
    for (std::size_t before = ~std::size_t{0}; before != judged->left_out.size();) {
      before = judged->left_out.size();
      std::vector<SnapshotId> missing;
      newest = Maximal(view_, candidates, &missing);
      for (SnapshotId x : newest)
        for (SnapshotId y : newest) Below(x, y, y, judged);
      const auto left_out = [judged](SnapshotId head) { return judged->left_out.count(head) != 0; };
      candidates.erase(std::remove_if(candidates.begin(), candidates.end(), left_out),
                       candidates.end());
    }
    std::sort(newest.begin(), newest.end(),
              [this](SnapshotId a, SnapshotId b) { return Before(a, b); });
    return newest;
  }

  Judgement Judge() const {
    Judgement judged;
    if (mine_) {
      for (SnapshotId theirs : Concurrent(&judged)) JudgeOne(theirs, &judged);
    } else {
      for (SnapshotId head : heads_) LeaveOut(head, {head}, &judged);
    }
    // What can't be judged stays as it is: a copy is not taken away, and a note goes on to be a
    // parent of our next snapshot while mine is what it was noted for.
    for (SnapshotId head : judged.left_out) {
      if (std::count(in_.conflicts.begin(), in_.conflicts.end(), head) != 0)
        judged.conflicts.insert(head);
      else if (mine_ == in_.mine && noted_.count(head) != 0)
        judged.equal.insert(head);
    }
    return judged;
  }

  // Rules 3 to 6 for a head that is concurrent with mine.
  void JudgeOne(SnapshotId theirs, Judgement* judged) const {
    const Version& a = Get(mine_).version;
    const Version& b = Get(theirs).version;
    if (a == b) {  // rule 3
      judged->equal.insert(theirs);
      return;
    }
    std::vector<SnapshotId> missing;
    const auto nearest = NearestCommonAncestors(view_, mine_, theirs, &missing);
    if (!nearest && !Waited(theirs) && !Waited(mine_)) return LeaveOut(theirs, missing, judged);
    std::vector<Version> bases;
    for (SnapshotId base : nearest.value_or(std::vector<SnapshotId>{}))
      bases.push_back(Get(base).version);
    if (const auto merged = MergeVersions(bases, a, b)) {  // rule 4
      if (*merged == a) {
        judged->equal.insert(theirs);
      } else {
        judged->takes.push_back({theirs, *merged});
      }
      return;
    }
    const Answer descends = DescendsFromSame(theirs, judged);  // rule 4's second sentence
    if (descends == Answer::kUnknown) return;
    if (descends == Answer::kYes || a.kind == Kind::kDeleted) {  // or rule 5, mine the delete
      judged->takes.push_back({theirs, b});
    } else if (b.kind == Kind::kDeleted) {  // rule 5, theirs the delete
      judged->equal.insert(theirs);
    } else {  // rule 6
      judged->conflicts.insert(theirs);
    }
  }

  // Whether theirs descends from a head noted in `equal` whose version is mine's.
  Answer DescendsFromSame(SnapshotId theirs, Judgement* judged) const {
    // Not for a machine that never merges: after taking theirs it would have no record of having
    // had mine, would judge mine a conflict the next time, and might go on like this for ever.
    if (!in_.may_merge) return Answer::kNo;
    Answer result = Answer::kNo;
    Judgement unknown;
    for (SnapshotId same : noted_) {
      const Node* node = view_.Find(same);
      if (!node || node->version != Get(mine_).version) continue;
      const Answer answer = Below(same, theirs, theirs, &unknown);
      if (answer == Answer::kYes) return answer;
      if (answer == Answer::kUnknown) result = answer;
    }
    judged->left_out.merge(unknown.left_out);
    judged->missing.merge(unknown.missing);
    return result;
  }

  // A machine that never makes snapshots can't record that it took theirs in. Where mine is its
  // user's own edit, which exists nowhere else, mine stays and theirs is shown beside it. Else mine
  // is somebody's published head: nothing is lost by standing on theirs instead, which is what a
  // machine that merges would show, and mine becomes one of the others' heads. Three heads can each
  // change what another left alone, in a circle; so where to stand must not hang on where we stood,
  // or we would change it at every poll: we start from the head that all machines prefer, never
  // stand on one twice, and show what is left over.
  Judgement TakeWithoutMerge(Judgement judged) {
    const bool own = !in_.unpublished.empty() && in_.unpublished.back() == mine_;
    if (!own && ToStandOn(judged, {mine_})) {
      std::vector<SnapshotId> all{mine_};
      all.insert(all.end(), judged.equal.begin(), judged.equal.end());
      all.insert(all.end(), judged.conflicts.begin(), judged.conflicts.end());
      for (const Take& take : judged.takes) all.push_back(take.head);
      all.erase(std::remove_if(all.begin(), all.end(),
                               [&](SnapshotId id) { return judged.left_out.count(id) != 0; }),
                all.end());
      heads_.insert(mine_);
      Ids stood;
      for (SnapshotId next = Preferred(all); next; next = ToStandOn(judged, stood)) {
        mine_ = next;
        stood.insert(next);
        judged = Judge();
      }
    }
    for (const Take& take : judged.takes) judged.conflicts.insert(take.head);
    judged.takes.clear();
    return judged;
  }

  // The first head that can be taken as it is (a mix of both sides' changes exists nowhere) and is
  // not one of `stood`. None if there is none.
  SnapshotId ToStandOn(const Judgement& judged, const Ids& stood) const {
    for (const Take& take : judged.takes)
      if (take.version == Get(take.head).version && stood.count(take.head) == 0) return take.head;
    return {};
  }

  // One merge snapshot if one is due. What is left is judged again against it.
  bool Merge(const Judgement& judged) {
    if (!in_.may_merge || !mine_) return false;
    if (!judged.takes.empty()) {
      const Take& take = judged.takes.front();
      Ids parents = judged.equal;
      parents.insert(take.head);
      Make(take.version, Get(take.head), std::move(parents));
      return true;
    }
    // Rule 7: the owner of such a head may never merge. Ours shows to all that it is contained.
    const bool due = std::any_of(judged.equal.begin(), judged.equal.end(), [&](SnapshotId head) {
      const Node* node = view_.Find(head);
      return absorb_due_.count(head) != 0 && node && node->version != Get(mine_).version;
    });
    if (due) Make(Get(mine_).version, Get(mine_), judged.equal);
    return due;
  }

  // Makes {mine, others...} the tip, with a version that is theirs or at least partly mine.
  void Make(Version version, const Node& theirs, Ids parents) {
    const Node& ours = Get(mine_);
    const bool taken =
        version.kind == theirs.version.kind && version.content == theirs.version.content;
    const Node& source = taken ? theirs : ours;
    parents.insert(mine_);
    MergeToMake merge{
        .id = SnapshotId{kLocalSnapshotBit |
                         (in_.next_local + static_cast<std::uint32_t>(merges_.size()))},
        .version = version,
        .size = source.size,
        .mtime_ns = source.mtime_ns,
        .generation = NextGeneration(parents),
        .parents = Sorted(parents),
        .approved = source.approved};
    Node node{.path = path_,
              .version = merge.version,
              .size = merge.size,
              .generation = merge.generation,
              .mtime_ns = merge.mtime_ns,
              .author = kSelf,
              .approved = merge.approved,
              .parents = merge.parents};
    view_.Consider(merge.id, std::move(node));
    mine_ = merge.id;
    merges_.push_back(std::move(merge));
    noted_.clear();  // they are below mine now
  }

  std::uint64_t NextGeneration(const Ids& parents) const {
    std::uint64_t largest = 0;
    for (SnapshotId parent : parents) {
      const Node* node = view_.Find(parent);
      if (!node || node->generation == 0) return 0;
      largest = std::max(largest, node->generation);
    }
    return largest + 1;
  }

  TakeInOutput Output(const Judgement& judged) {
    TakeInOutput out{.mine = mine_,
                     .merges = std::move(merges_),
                     .discarded = discarded_,
                     .equal = {},
                     .conflicts = Sorted(judged.conflicts),
                     .missing = Sorted(judged.missing),
                     .left_out = Sorted(judged.left_out)};
    for (SnapshotId head : judged.equal)
      out.equal.push_back({head, noted_.count(head) != 0 && absorb_due_.count(head) != 0});
    return out;
  }

  const TakeInInput& in_;
  const PathId path_;
  DagView view_;
  Ids heads_;  // all that is to be judged: polled, noted and shown
  SnapshotId mine_;
  Ids noted_;  // heads noted in `equal` for mine as it was before this round
  Ids absorb_due_;
  bool discarded_ = false;
  std::vector<MergeToMake> merges_;
};

}  // namespace

TakeInOutput TakeIn(const Dag& dag, PathId path, const TakeInInput& input) {
  return Rounds(dag, path, input).Run();
}

}  // namespace kinfolder
