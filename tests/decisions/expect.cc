#include "tests/decisions/expect.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kinfolder::decisions {

namespace {

using Set = std::set<int>;

Set Both(const Set& a, const Set& b) {
  Set both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

class Rules {
 public:
  explicit Rules(const Situation& situation) : s_(situation), story_(StoryOf(situation)) {
    for (const StorySnapshot& snapshot : story_.snapshots)
      Make(snapshot.content, Set(snapshot.parents.begin(), snapshot.parents.end()), snapshot.name);
    mine_ = story_.tip();
    if (story_.conflict >= 0) conflicts_.insert(story_.conflict);
  }

  Decision Decide() {
    file_ = story_.disk;
    if (s_.path == Path::kPaused || s_.path == Path::kIgnored) return Say();  // nothing is done
    if (!TakeUsersAct()) return Say();
    TakeInHeads();
    file_ = ContentOf(mine_);
    return Say();
  }

 private:
  std::uint32_t ContentOf(int snapshot) const {
    return snapshot < 0 ? 0 : content_[static_cast<std::size_t>(snapshot)];
  }
  const Set& Below(int snapshot) const { return below_[static_cast<std::size_t>(snapshot)]; }
  bool AtOrBelow(int a, int b) const { return Below(b).count(a) != 0; }

  int Make(std::uint32_t content, const Set& parents, std::string name = "") {
    const int made = static_cast<int>(content_.size());
    Set all{made};
    std::vector<std::string> names;
    for (const int parent : parents) {
      all.insert(Below(parent).begin(), Below(parent).end());
      names.push_back(names_[static_cast<std::size_t>(parent)]);
    }
    if (name.empty()) name = parents.empty() ? std::to_string(content) : MadeName(content, names);
    content_.push_back(content);
    below_.push_back(all);
    names_.push_back(name);
    return made;
  }

  Set Heads() const {
    Set heads;
    if (story_.conflict >= 0) heads.insert(story_.conflict);
    if (story_.theirs >= 0 && s_.theirs != Theirs::kUnreadable) heads.insert(story_.theirs);
    return heads;
  }

  // False: that is all that happens.
  bool TakeUsersAct() {
    if (mine_ < 0) return file_ == 0 || TakeFileWithoutRecord();
    if (file_ == ContentOf(mine_)) return true;
    if (s_.path == Path::kReadOnly) return false;  // stays local, and is listed
    if (file_ != 0) {
      unpublished_ = mine_ = Make(file_, {mine_});  // conflicts stay what they are
      return true;
    }
    return TakeRemoval();
  }

  bool TakeRemoval() {
    if (s_.path == Path::kHolding) {
      TakeHeldRemoval();
      return false;
    }
    if (conflicts_.empty()) {
      unpublished_ = mine_ = Make(0, {mine_});
      return true;
    }
    const int theirs = *conflicts_.begin();  // "removing the file keeps theirs"
    mine_ = Make(ContentOf(theirs), {mine_, theirs});
    conflicts_.clear();
    return true;
  }

  // No snapshot is made, and nothing shown beside a file that is gone. What is newer than the one
  // that would have been deleted comes, as it outlives the delete.
  void TakeHeldRemoval() {
    const Set conflicts = conflicts_;
    const int before = DropSuperfluous();
    TakeInHeads();
    if (mine_ != before) {
      file_ = ContentOf(mine_);
      return;
    }
    conflicts_ = conflicts;
    equal_.clear();
  }

  // Joining, and any other file that nothing is known of.
  bool TakeFileWithoutRecord() {
    const int theirs = s_.theirs == Theirs::kUnreadable ? -1 : story_.theirs;
    if (s_.path == Path::kReadOnly && Known(theirs) < 0) return false;
    if (theirs >= 0 && ContentOf(theirs) == 0) {
      mine_ = Make(file_, {theirs});
    } else if (const int known = Known(theirs); known >= 0) {
      mine_ = known;
    } else {
      unpublished_ = mine_ = Make(file_, {});
    }
    return true;
  }
  // The newest snapshot of theirs, or below it, with the file's bytes.
  int Known(int theirs) const {
    if (theirs < 0) return -1;
    int known = -1;
    for (const int snapshot : Below(theirs))
      if (ContentOf(snapshot) == file_) known = std::max(known, snapshot);
    return ContentOf(theirs) == file_ ? theirs : known;
  }

  Set Newest(const Set& snapshots) const {
    Set newest;
    for (const int a : snapshots)
      if (std::none_of(snapshots.begin(), snapshots.end(),
                       [&](int b) { return a != b && AtOrBelow(a, b); }))
        newest.insert(a);
    return newest;
  }

  enum class Rule { kNothing, kForward, kEqual, kTake, kConflict };

  Rule Judge(int theirs) const {
    if (AtOrBelow(theirs, mine_)) return Rule::kNothing;             // 1
    if (AtOrBelow(mine_, theirs)) return Rule::kForward;             // 2
    if (ContentOf(theirs) == ContentOf(mine_)) return Rule::kEqual;  // 3
    const Set nearest = Newest(Both(Below(mine_), Below(theirs)));
    const auto all_have = [&](std::uint32_t content) {
      return !nearest.empty() && std::all_of(nearest.begin(), nearest.end(),
                                             [&](int x) { return ContentOf(x) == content; });
    };
    if (all_have(ContentOf(theirs))) return Rule::kEqual;  // 4: only we changed it
    if (all_have(ContentOf(mine_))) return Rule::kTake;    // 4: only they did
    if (ContentOf(mine_) == 0) return Rule::kTake;         // 5
    if (ContentOf(theirs) == 0) return Rule::kEqual;       // 5
    return Rule::kConflict;                                // 6
  }

  // 8: what was not published yet, and stands on nothing that the head does not stand on.
  bool IsSuperfluous(int theirs) const {
    if (unpublished_ < 0 || unpublished_ != mine_) return false;
    if (ContentOf(theirs) != ContentOf(mine_)) return false;
    Set parents = Below(mine_);
    parents.erase(mine_);
    return std::all_of(parents.begin(), parents.end(), [&](int p) { return AtOrBelow(p, theirs); });
  }

  // Returns what is ours then.
  int DropSuperfluous() {
    if (unpublished_ < 0 && mine_ == story_.queued) unpublished_ = mine_;
    for (const int theirs : Heads())
      if (IsSuperfluous(theirs)) mine_ = theirs;
    return mine_;
  }

  // A delete that would take a file from the disk is held: it counts as not seen.
  void TakeInHeads() {
    const bool removes = s_.path == Path::kHolding && file_ != 0;
    const int before = mine_;
    TakeIn(Heads());
    if (!removes || ContentOf(mine_) != 0) return;
    Set seen;
    for (const int theirs : Heads())
      if (ContentOf(theirs) != 0) seen.insert(theirs);
    mine_ = before;
    TakeIn(seen);
  }

  void TakeIn(Set heads) {
    if (mine_ < 0 && !heads.empty()) mine_ = *heads.begin();
    if (mine_ < 0) return;
    DropSuperfluous();
    for (bool again = true; again;) {
      again = false;
      equal_.clear();
      conflicts_.clear();
      int take = -1;
      for (const int theirs : heads) {
        const Rule rule = Judge(theirs);
        if (rule == Rule::kForward) mine_ = theirs, again = true;
        if (rule == Rule::kEqual) equal_.insert(theirs);
        if (rule == Rule::kConflict) conflicts_.insert(theirs);
        if (rule == Rule::kTake) take = theirs;
      }
      if (again || take < 0) continue;
      again = true;
      if (s_.path == Path::kReadOnly) {  // makes no snapshots: it goes over to theirs
        heads.insert(std::exchange(mine_, take));
        continue;
      }
      Set parents = equal_;
      parents.insert({mine_, take});
      mine_ = Make(ContentOf(take), parents);
    }
  }

  std::string NameOf(int snapshot) const {
    return snapshot < 0 ? "" : names_[static_cast<std::size_t>(snapshot)];
  }
  std::vector<std::string> NamesOf(const Set& snapshots) const {
    std::vector<std::string> names;
    for (const int snapshot : snapshots) names.push_back(NameOf(snapshot));
    std::sort(names.begin(), names.end());
    return names;
  }

  // 7: theirs that its owner does not take in gets a merge with our version.
  int AfterPolls() {
    const bool due = s_.path != Path::kReadOnly &&
                     std::any_of(equal_.begin(), equal_.end(),
                                 [&](int theirs) { return ContentOf(theirs) != ContentOf(mine_); });
    if (!due) return mine_;
    Set parents = equal_;
    parents.insert(mine_);
    return Make(ContentOf(mine_), parents);
  }

  Decision Say() {
    Decision d;
    d.file = file_;
    std::set<std::uint32_t> copies;
    for (const int conflict : conflicts_) copies.insert(ContentOf(conflict));
    d.copies.assign(copies.begin(), copies.end());
    d.mine = NameOf(mine_);
    d.equal = NamesOf(equal_);
    d.conflicts = NamesOf(conflicts_);
    d.own = d.mine;
    if (s_.path == Path::kReadOnly) d.own = "";
    if (s_.path == Path::kPaused)
      d.own = NameOf(s_.own == Own::kBehind ? story_.behind : story_.current);
    d.polls = NameOf(AfterPolls());
    return d;
  }

  const Situation s_;
  const Story story_;
  std::vector<std::uint32_t> content_;
  std::vector<Set> below_;  // each with itself
  std::vector<std::string> names_;
  int mine_ = -1;
  int unpublished_ = -1;  // mine, if it is ours and nobody has seen it
  std::uint32_t file_ = 0;
  Set equal_, conflicts_;
};

}  // namespace

Decision Expect(const Situation& situation) { return Rules(situation).Decide(); }

}  // namespace kinfolder::decisions
