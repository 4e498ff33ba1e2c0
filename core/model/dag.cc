#include "core/model/dag.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "core/base/check.h"

namespace kinfolder {

void Dag::Add(SnapshotId id, Node node) {
  CHECK(id);
  auto& table = IsLocalId(id) ? local_ : remote_;
  const std::size_t at = id.value & ~kLocalSnapshotBit;
  if (at >= table.size()) table.resize(at + 1);
  if (table[at]) return;
  table[at] = std::move(node);
  ++count_;
}

void Dag::Replace(SnapshotId id, Node node) {
  CHECK(Find(id) != nullptr);
  (IsLocalId(id) ? local_ : remote_)[id.value & ~kLocalSnapshotBit] = std::move(node);
}

const Node* Dag::Find(SnapshotId id) const {
  const auto& table = IsLocalId(id) ? local_ : remote_;
  const std::size_t at = id.value & ~kLocalSnapshotBit;
  return at < table.size() && table[at] ? &*table[at] : nullptr;
}

const Node* DagView::Find(SnapshotId id) const {
  const Node* node = dag_->Find(id);
  for (std::size_t i = 0; !node && i < extra_.size(); ++i)
    if (extra_[i].first == id) node = &extra_[i].second;
  return node && (!only_ || node->path == only_) ? node : nullptr;
}

void DagView::Consider(SnapshotId id, Node node) {
  CHECK(id && !dag_->Find(id));
  extra_.emplace_back(id, std::move(node));
}

std::uint64_t UsableGeneration(const DagView& dag, const Node& node) {
  std::uint64_t largest = 0;
  bool all_known = true;
  for (SnapshotId parent : node.parents) {
    const Node* known = dag.Find(parent);
    if (!known) {
      all_known = false;
    } else if (known->generation == 0) {
      return 0;
    } else {
      largest = std::max(largest, known->generation);
    }
  }
  const bool fits = all_known ? node.generation == largest + 1 : node.generation > largest;
  return fits ? node.generation : 0;
}

Answer IsAncestor(const DagView& dag, SnapshotId a, SnapshotId b,
                  std::vector<SnapshotId>* missing) {
  if (a == b) return Answer::kYes;
  const Node* target = dag.Find(a);
  const std::uint64_t limit = target ? UsableGeneration(dag, *target) : 0;
  std::vector<SnapshotId> queue{b};  // nearest first; all that was ever put there
  std::set<SnapshotId> seen{b};
  std::vector<SnapshotId> unread;
  for (std::size_t next = 0; next < queue.size(); ++next) {
    const Node* node = dag.Find(queue[next]);
    if (!node) {
      unread.push_back(queue[next]);
      continue;
    }
    if (std::find(node->parents.begin(), node->parents.end(), a) != node->parents.end())
      return Answer::kYes;
    if (limit != 0) {
      const std::uint64_t generation = UsableGeneration(dag, *node);
      if (generation != 0 && generation <= limit) continue;  // its ancestors are not above a
    }
    for (SnapshotId parent : node->parents)
      if (seen.insert(parent).second) queue.push_back(parent);
  }
  missing->insert(missing->end(), unread.begin(), unread.end());
  return unread.empty() ? Answer::kNo : Answer::kUnknown;
}

std::vector<SnapshotId> Maximal(const DagView& dag, std::vector<SnapshotId> of,
                                std::vector<SnapshotId>* missing) {
  std::sort(of.begin(), of.end());
  of.erase(std::unique(of.begin(), of.end()), of.end());
  std::vector<SnapshotId> result;
  std::vector<SnapshotId> ignored;  // whether y <= x only matters if x <= y
  for (SnapshotId x : of) {
    const bool below = std::any_of(of.begin(), of.end(), [&](SnapshotId y) {
      return x != y && IsAncestor(dag, x, y, missing) == Answer::kYes &&
             (y < x || IsAncestor(dag, y, x, &ignored) != Answer::kYes);
    });
    if (!below) result.push_back(x);
  }
  return result;
}

namespace {

// Paints what is below a and below b, from the youngest generation down. What is below something
// that has both colours is stale: no nearest common ancestor. Every snapshot is painted again when
// it gains a colour, so the outcome does not hang on the order; the order only allows to stop
// early.
class Painter {
 public:
  explicit Painter(const DagView& dag) : dag_(dag) {}

  std::optional<std::vector<SnapshotId>> Run(SnapshotId a, SnapshotId b,
                                             std::vector<SnapshotId>* missing) {
    Paint(a, kA, kFirst);
    Paint(b, kB, kFirst);
    // With usable generations nothing that is still queued can be above what was found.
    while (!queue_.empty() && (live_ > 0 || !ordered_)) Step();
    if (!unread_.empty()) {
      missing->insert(missing->end(), unread_.begin(), unread_.end());
      return std::nullopt;
    }
    std::vector<SnapshotId> result;
    for (const auto& [id, mark] : marks_)
      if (mark.colours == (kA | kB)) result.push_back(id);
    return result;
  }

 private:
  static constexpr unsigned kA = 1, kB = 2, kStale = 4;
  static constexpr std::uint64_t kFirst = ~std::uint64_t{0};

  struct Mark {
    unsigned colours = 0;
    bool queued = false;
    std::uint64_t order = 0;  // the usable generation; of an unread snapshot the largest possible
  };

  void Paint(SnapshotId id, unsigned colours, std::uint64_t largest) {
    Mark& mark = marks_[id];
    if ((mark.colours | colours) == mark.colours) return;
    if (mark.colours == 0) mark.order = Order(id, largest);
    if (mark.queued && !(mark.colours & kStale)) --live_;
    mark.colours |= colours;
    if (!(mark.colours & kStale)) ++live_;
    if (!mark.queued) queue_.emplace(mark.order, id);
    mark.queued = true;
  }

  std::uint64_t Order(SnapshotId id, std::uint64_t largest) {
    const Node* node = dag_.Find(id);
    if (!node) return largest;
    const std::uint64_t generation = UsableGeneration(dag_, *node);
    if (generation != 0) return generation;
    ordered_ = false;
    return kFirst;
  }

  void Step() {
    const auto last = std::prev(queue_.end());
    const SnapshotId id = last->second;
    queue_.erase(last);
    Mark& mark = marks_[id];
    mark.queued = false;
    if (!(mark.colours & kStale)) --live_;
    const Node* node = dag_.Find(id);
    if (!node) {
      unread_.insert(id);
      return;
    }
    const unsigned both = kA | kB;
    const unsigned colours = mark.colours | ((mark.colours & both) == both ? kStale : 0u);
    const std::uint64_t largest = mark.order == kFirst ? kFirst : mark.order - 1;
    for (SnapshotId parent : node->parents) Paint(parent, colours, largest);
  }

  const DagView& dag_;
  std::map<SnapshotId, Mark> marks_;
  std::set<std::pair<std::uint64_t, SnapshotId>> queue_;  // the youngest last
  std::set<SnapshotId> unread_;
  std::size_t live_ = 0;  // queued and not stale
  bool ordered_ = true;   // every generation met was usable
};

}  // namespace

std::optional<std::vector<SnapshotId>> NearestCommonAncestors(const DagView& dag, SnapshotId a,
                                                              SnapshotId b,
                                                              std::vector<SnapshotId>* missing) {
  return Painter(dag).Run(a, b, missing);
}

}  // namespace kinfolder
