// Holds TakeIn against the executable model (tests/model/heads.py), decision by decision.
// The file's format and how it was made: tests/model/export_heads.py.
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "core/merge/take_in.h"
#include "gtest/gtest.h"

namespace kinfolder {
namespace {

constexpr PathId kPath{7};

// The model numbers snapshots from 0, the core from 1.
SnapshotId IdOf(int snapshot) { return SnapshotId{static_cast<std::uint32_t>(snapshot) + 1}; }
SnapshotId OneId(const std::string& text) {
  return text == "-" ? SnapshotId{} : IdOf(std::stoi(text));
}

std::vector<SnapshotId> ListOf(const std::string& text) {
  std::vector<SnapshotId> ids;
  if (text == "-") return ids;
  std::istringstream in(text);
  for (std::string id; std::getline(in, id, ',');) ids.push_back(OneId(id));
  return ids;
}

Node ReadNode(std::istream& in) {
  std::string version, parents;
  Node node{.path = kPath};
  in >> version >> node.rank >> node.generation >> parents;
  if (version != "-") {
    node.version = {Kind::kFile, ContentId{static_cast<std::uint32_t>(std::stoi(version))},
                    version.back() == 'x'};
  }
  node.parents = ListOf(parents);
  return node;
}

// The model absorbs at once what the program absorbs when two polls were in vain.
std::vector<EqualNote> Due(const std::vector<SnapshotId>& heads) {
  std::vector<EqualNote> notes;
  for (SnapshotId head : heads) notes.push_back({head, true});
  return notes;
}

std::vector<SnapshotId> HeadsOf(const std::vector<EqualNote>& notes) {
  std::vector<SnapshotId> heads;
  for (const EqualNote& note : notes) heads.push_back(note.head);
  return heads;
}

class Replay {
 public:
  void Snapshot(std::istream& line) { dag_.Add(IdOf(snapshots_++), ReadNode(line)); }

  void Poll(std::istream& line) {
    std::string mine, unpublished, equal, conflicts, heads, arrow;
    std::string mine_then, equal_then, conflicts_then;
    int discarded, first_merge, merges;
    line >> mine >> unpublished >> equal >> conflicts >> heads >> arrow >> mine_then >> discarded >>
        first_merge >> merges >> equal_then >> conflicts_then;
    ASSERT_TRUE(line && arrow == ">");
    const TakeInInput input{.mine = OneId(mine),
                            .unpublished = ListOf(unpublished),
                            .equal = Due(ListOf(equal)),
                            .conflicts = ListOf(conflicts),
                            .heads = ListOf(heads),
                            .next_local = next_local_};
    std::vector<MergeToMake> made;
    const TakeInOutput out = ToRest(input, &made);
    ASSERT_EQ(made.size(), static_cast<std::size_t>(merges));
    for (int i = 0; i < merges; ++i) CompareMerge(made[i], IdOf(first_merge + i));
    EXPECT_EQ(Modelled(out.mine), OneId(mine_then));
    EXPECT_EQ(discarded_, discarded != 0);
    EXPECT_EQ(HeadsOf(out.equal), ListOf(equal_then));
    EXPECT_EQ(out.conflicts, ListOf(conflicts_then));
    EXPECT_TRUE(out.left_out.empty() && out.missing.empty());
  }

 private:
  // The same heads again until nothing changes.
  TakeInOutput ToRest(TakeInInput input, std::vector<MergeToMake>* made) {
    modelled_.clear();
    discarded_ = false;
    for (;;) {
      TakeInOutput out = TakeIn(dag_, kPath, input);
      discarded_ |= out.discarded;
      for (const MergeToMake& merge : out.merges) {
        made->push_back(merge);
        dag_.Add(merge.id, {.path = kPath,
                            .version = merge.version,
                            .generation = merge.generation,
                            .parents = merge.parents});
        input.unpublished.push_back(merge.id);
        input.next_local = ++next_local_;
      }
      if (out.discarded) input.unpublished.clear();
      const bool rest = out.merges.empty() && out.mine == input.mine &&
                        Due(HeadsOf(out.equal)) == input.equal && out.conflicts == input.conflicts;
      if (rest) return out;
      input.mine = out.mine;
      input.equal = Due(HeadsOf(out.equal));
      input.conflicts = out.conflicts;
    }
  }

  void CompareMerge(const MergeToMake& made, SnapshotId model) {
    const Node& node = *dag_.Find(model);
    EXPECT_EQ(made.version, node.version);
    EXPECT_EQ(made.generation, node.generation);
    std::set<SnapshotId> parents;
    for (SnapshotId parent : made.parents) parents.insert(Modelled(parent));
    EXPECT_EQ(parents, std::set<SnapshotId>(node.parents.begin(), node.parents.end()));
    modelled_.emplace_back(made.id, model);
  }

  SnapshotId Modelled(SnapshotId id) const {
    for (const auto& [made, model] : modelled_)
      if (made == id) return model;
    return id;
  }

  Dag dag_;
  int snapshots_ = 0;
  std::uint32_t next_local_ = 1;
  bool discarded_ = false;
  std::vector<std::pair<SnapshotId, SnapshotId>> modelled_;  // our merges and the model's
};

TEST(Model, DecidesTheSame) {
  std::ifstream file("core/merge/testdata/histories.txt");
  ASSERT_TRUE(file) << "run from the workspace root";
  int histories = 0, polls = 0;
  Replay replay;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string what;
    line >> what;
    SCOPED_TRACE("history " + std::to_string(histories - 1) + ": " + text);
    if (what == "h") {
      ++histories;
      replay = Replay();
    } else if (what == "s") {
      replay.Snapshot(line);
    } else {
      ASSERT_EQ(what, "t");
      ++polls;
      replay.Poll(line);
    }
    if (HasFailure()) return;  // one decision is enough to look at
  }
  EXPECT_GE(histories, 500);
  EXPECT_GE(polls, 10000);
}

}  // namespace
}  // namespace kinfolder
