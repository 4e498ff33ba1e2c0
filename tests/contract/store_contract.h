// What every store port promises: one suite of effects and expected events, for the real one and
// for the simulated one, so that the model can't drift away from the store.
//
//   INSTANTIATE_TEST_SUITE_P(Real, StoreContract, testing::Values(&MakeRealStore));
//
// What a port may do either way is left open: when an answer of heads is whole, the order of the
// entries, what a delayed write does to paths that it does not name.
#pragma once

#include "tests/contract/store_fixture.h"

namespace kinfolder {

// --- snapshots and contents ---

TEST_P(StoreContract, ASnapshotIsReadAsItWasMade) {
  const std::string bytes = Noise(1, 201);  // odd: executable
  const SnapshotId root = Make(Who::kMe, "d/f", Kind::kFile, bytes);
  const SnapshotId child = Make(Who::kMe, "d/f", Kind::kDeleted, "", {root});
  const SnapshotId link = Make(Who::kMe, "l", Kind::kLink, "target");
  const SnapshotId empty = Make(Who::kMe, "d/e", Kind::kDirectory, "");
  std::map<std::string, SnapshotId> bens;
  for (const auto& [path, id] : std::vector<std::pair<std::string, SnapshotId>>{
           {"d/f", root}, {"d/f", child}, {"l", link}, {"d/e", empty}}) {
    const Uploaded uploaded = PutUp(Who::kMe, id);
    ASSERT_EQ(uploaded.outcome, Outcome::kDone);
    ASSERT_EQ(Write(Who::kMe, {{path, id}}).outcome, Outcome::kDone);
    const SnapshotId seen = BensView(path);
    const SnapshotFetched fetched = Fetch(Who::kBen, path, seen);
    ASSERT_EQ(fetched.outcome, Outcome::kDone);
    EXPECT_EQ(fetched.snapshot, seen);
    const Node& node = made_.at(id);
    SnapshotFacts wanted;
    wanted.path = store_->Id(Who::kBen, path);
    wanted.version = node.version;
    if (node.version.content)
      wanted.version.content = store_->ContentOf(Who::kBen, id == link ? "target" : bytes);
    wanted.size = node.size;
    wanted.generation = node.generation;
    wanted.rank = uploaded.rank;
    wanted.created_ms = node.created_ms;
    wanted.mtime_ns = node.mtime_ns;
    wanted.author = store_->Other(Who::kBen);
    wanted.approved = node.approved;
    if (!node.parents.empty()) wanted.parents = {bens.at(path)};
    EXPECT_EQ(fetched.facts, wanted) << path;
    bens[path] = seen;
  }
}

TEST_P(StoreContract, EqualBytesAreOneContent) {
  const std::string bytes = Noise(2);
  Stored(Who::kMe, "a", bytes);
  const SnapshotId b = Stored(Who::kMe, "b", bytes);
  EXPECT_EQ(made_.at(b).version.content, store_->ContentOf(Who::kMe, bytes));
  ASSERT_EQ(Write(Who::kMe, {{"b", b}}).outcome, Outcome::kDone);
  const SnapshotFetched fetched = Fetch(Who::kBen, "b", BensView("b"));
  EXPECT_EQ(fetched.facts.version.content, store_->ContentOf(Who::kBen, bytes));
}

TEST_P(StoreContract, AnUploadMayBeDoneTwice) {
  const SnapshotId id = Stored(Who::kMe, "f", Noise(3));
  EXPECT_EQ(PutUp(Who::kMe, id).outcome, Outcome::kDone);
  ASSERT_EQ(Write(Who::kMe, {{"f", id}}).outcome, Outcome::kDone);
  EXPECT_EQ(Fetch(Who::kBen, "f", BensView("f")).outcome, Outcome::kDone);
  EXPECT_EQ(Check(Who::kMe, id).outcome, Outcome::kDone);
}

TEST_P(StoreContract, AContentComesWholeBesideTheFolder) {
  for (const std::size_t size : {std::size_t{20}, std::size_t{4'000}, std::size_t{1'200'000}}) {
    const std::string bytes = Noise(4, size);
    const std::string path = "f" + std::to_string(size);
    const SnapshotId id = Stored(Who::kMe, path, bytes);
    ASSERT_EQ(Write(Who::kMe, {{path, id}}).outcome, Outcome::kDone);
    const SnapshotId seen = BensView(path);
    const SnapshotFetched fetched = Fetch(Who::kBen, path, seen);
    ASSERT_EQ(fetched.outcome, Outcome::kDone);
    const Staged staged = StageAt(Who::kBen, path, seen, fetched.facts.version);
    ASSERT_EQ(staged.outcome, Outcome::kDone) << path;
    EXPECT_TRUE(store_->BytesBeside(Who::kBen, staged.token) == bytes);
    EXPECT_EQ(staged.stat.size, size);
    EXPECT_EQ(staged.stat.mtime_ns, kTime);
    EXPECT_FALSE(staged.stat.exec);
  }
}

// --- directories ---

TEST_P(StoreContract, TheCollectiveNamesTheOthers) {
  for (const Who who : {Who::kMe, Who::kBen, Who::kTwin}) {
    const CollectiveRead read = Ask<CollectiveRead>(who, ReadCollective{});
    ASSERT_EQ(read.participants.size(), 1u);
    EXPECT_EQ(read.participants[0].id, store_->Other(who));
    EXPECT_NE(read.participants[0].id, kSelf);
    EXPECT_FALSE(read.participants[0].retired);
    EXPECT_FALSE(read.participants[0].read_only);
    EXPECT_FALSE(read.participants[0].peer);
  }
}

TEST_P(StoreContract, NothingIsPublishedAtFirst) {
  EXPECT_TRUE(Own(Who::kMe).empty());
  const HeadsRead read = ReadOthers(Who::kBen);
  EXPECT_EQ(read.outcome, Outcome::kDone);
  EXPECT_TRUE(read.whole);
  EXPECT_TRUE(read.entries.empty());
}

TEST_P(StoreContract, HeadsTellEveryChange) {
  std::map<std::string, SnapshotId> ids;
  for (const char* path : {"a", "b", "d/c", "z"})
    ids[path] = Stored(Who::kMe, path, Noise(5, 100 + ids.size()));
  const SnapshotId newer = Stored(Who::kMe, "a", Noise(6));
  const auto write = [&](const std::vector<std::pair<std::string, SnapshotId>>& entries) {
    EXPECT_EQ(Write(Who::kMe, entries).outcome, Outcome::kDone);
    Listing own = Own(Who::kMe);
    const Listing bens = Follow(Who::kBen);
    EXPECT_EQ(PathsOf(own), PathsOf(bens));
    return std::make_pair(own, bens);
  };
  const auto [first, bens_first] = write({{"z", ids["z"]}, {"a", ids["a"]}, {"d/c", ids["d/c"]}});
  EXPECT_EQ(first, (Listing{{"a", ids["a"]}, {"d/c", ids["d/c"]}, {"z", ids["z"]}}));
  const auto [second, bens_second] = write({{"a", newer}, {"d/c", {}}, {"b", ids["b"]}});
  EXPECT_EQ(second, (Listing{{"a", newer}, {"b", ids["b"]}, {"z", ids["z"]}}));
  EXPECT_NE(bens_second.at("a"), bens_first.at("a"));
  EXPECT_EQ(bens_second.at("z"), bens_first.at("z"));
  // An older entry comes back as what it was; one that was not there is not there.
  const auto [third, bens_third] = write({{"a", ids["a"]}, {"none", {}}});
  EXPECT_EQ(third.at("a"), ids["a"]);
  EXPECT_EQ(bens_third.at("a"), bens_first.at("a"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Follow(Who::kBen), bens_third);
  const auto [last, bens_last] = write({{"a", {}}, {"b", {}}, {"z", {}}});
  EXPECT_TRUE(last.empty());
}

TEST_P(StoreContract, OfSeveralEntriesTheLastCounts) {
  const SnapshotId one = Stored(Who::kMe, "f", Noise(7)), two = Stored(Who::kMe, "f", Noise(8));
  ASSERT_EQ(Write(Who::kMe, {{"f", one}, {"f", two}}).outcome, Outcome::kDone);
  EXPECT_EQ(Own(Who::kMe), (Listing{{"f", two}}));
  ASSERT_EQ(Write(Who::kMe, {{"f", one}, {"f", {}}}).outcome, Outcome::kDone);
  EXPECT_TRUE(Own(Who::kMe).empty());
}

TEST_P(StoreContract, EachWritesItsOwnDirectoryOnly) {
  const SnapshotId mine = Stored(Who::kMe, "f", Noise(9)), bens = Stored(Who::kBen, "g", Noise(10));
  ASSERT_EQ(Write(Who::kMe, {{"f", mine}}).outcome, Outcome::kDone);
  ASSERT_EQ(Write(Who::kBen, {{"g", bens}}).outcome, Outcome::kDone);
  EXPECT_EQ(Own(Who::kMe), (Listing{{"f", mine}}));
  EXPECT_EQ(Own(Who::kBen), (Listing{{"g", bens}}));
  EXPECT_EQ(PathsOf(Follow(Who::kMe)), (std::set<std::string>{"g"}));
  // Taking in somebody's version is to link the very same snapshot.
  const SnapshotId taken = Follow(Who::kMe).at("g");
  ASSERT_EQ(Write(Who::kMe, {{"g", taken}}).outcome, Outcome::kDone);
  EXPECT_EQ(BensView("g"), bens);
}

// There is no compare-and-set: who writes is not told of another writer, and the later write of a
// path is what stands there.
TEST_P(StoreContract, TwoWritersOfOneDirectoryAreNotTold) {
  const SnapshotId mine = Stored(Who::kMe, "f", Noise(11));
  const SnapshotId other = Stored(Who::kMe, "mine", Noise(12));
  const SnapshotId twins = Stored(Who::kTwin, "f", Noise(13));
  ASSERT_EQ(Write(Who::kMe, {{"f", mine}, {"mine", other}}).outcome, Outcome::kDone);
  EXPECT_EQ(Own(Who::kTwin).size(), 2u);
  ASSERT_EQ(Write(Who::kTwin, {{"f", twins}}).outcome, Outcome::kDone);
  EXPECT_EQ(Own(Who::kTwin).at("f"), twins);
  const Listing seen = Own(Who::kMe);
  EXPECT_EQ(PathsOf(seen), (std::set<std::string>{"f", "mine"}));
  EXPECT_EQ(seen.at("mine"), other);
  EXPECT_NE(seen.at("f"), mine);
  const SnapshotFetched fetched = Fetch(Who::kMe, "f", seen.at("f"));
  EXPECT_EQ(fetched.outcome, Outcome::kDone);
  EXPECT_EQ(fetched.facts.author, kSelf);
  ASSERT_EQ(Write(Who::kMe, {{"f", mine}}).outcome, Outcome::kDone);
  EXPECT_EQ(Own(Who::kMe).at("f"), mine);
  EXPECT_NE(Own(Who::kTwin).at("f"), twins);
}

// --- late and lost ---

TEST_P(StoreContract, ALateAnswerIsOfItsTime) {
  const SnapshotId one = Stored(Who::kMe, "f", Noise(14)), two = Stored(Who::kMe, "f", Noise(15));
  ASSERT_EQ(Write(Who::kMe, {{"f", one}}).outcome, Outcome::kDone);
  const SnapshotId first = BensView("f");
  const SnapshotId third = Stored(Who::kMe, "g", Noise(16));
  ASSERT_EQ(Write(Who::kMe, {{"g", third}}).outcome, Outcome::kDone);
  store_->Begin(Who::kBen, ReadHeads{++last_id_, store_->Other(Who::kBen)});
  const EffectId late = last_id_;
  ASSERT_EQ(Write(Who::kMe, {{"f", two}, {"g", {}}}).outcome, Outcome::kDone);
  const Listing then = Follow(Who::kBen, FinishAs<HeadsRead>(Who::kBen, late));
  EXPECT_EQ(PathsOf(then), (std::set<std::string>{"f", "g"}));
  EXPECT_EQ(then.at("f"), first);
  const Listing now = Follow(Who::kBen);
  EXPECT_EQ(PathsOf(now), (std::set<std::string>{"f"}));
  EXPECT_NE(now.at("f"), first);
}

TEST_P(StoreContract, AWriteWhoseAnswerIsLostTookPlace) {
  const SnapshotId id = Make(Who::kMe, "f", Kind::kFile, Noise(17));
  store_->LoseAnswer(Who::kMe);
  const Uploaded uploaded = PutUp(Who::kMe, id);
  EXPECT_EQ(uploaded.outcome, Outcome::kUnclear);
  EXPECT_EQ(uploaded.reason, Reason::kStore);
  EXPECT_EQ(PutUp(Who::kMe, id).outcome, Outcome::kDone);
  store_->LoseAnswer(Who::kMe);
  const DirectoryWritten written = Write(Who::kMe, {{"f", id}});
  EXPECT_EQ(written.outcome, Outcome::kUnclear);
  EXPECT_EQ(written.reason, Reason::kStore);
  EXPECT_EQ(Own(Who::kMe), (Listing{{"f", id}}));
  EXPECT_EQ(Fetch(Who::kBen, "f", BensView("f")).outcome, Outcome::kDone);
}

TEST_P(StoreContract, AWriteThatIsLostDidNotTakePlace) {
  const SnapshotId id = Make(Who::kMe, "f", Kind::kFile, Noise(18));
  store_->LoseRequest(Who::kMe);
  EXPECT_EQ(PutUp(Who::kMe, id).outcome, Outcome::kUnclear);
  EXPECT_EQ(PutUp(Who::kMe, id).outcome, Outcome::kDone);
  store_->LoseRequest(Who::kMe);
  const DirectoryWritten written = Write(Who::kMe, {{"f", id}});
  EXPECT_EQ(written.outcome, Outcome::kUnclear);
  EXPECT_EQ(written.reason, Reason::kStore);
  EXPECT_TRUE(Own(Who::kMe).empty());
}

TEST_P(StoreContract, AnUnclearWriteMayComeLate) {
  const SnapshotId one = Stored(Who::kMe, "f", Noise(19)), two = Stored(Who::kMe, "f", Noise(20));
  store_->DelayWrite(Who::kMe);
  EXPECT_EQ(Write(Who::kMe, {{"f", one}}).outcome, Outcome::kUnclear);
  EXPECT_TRUE(Own(Who::kMe).empty());
  ASSERT_EQ(Write(Who::kMe, {{"f", two}}).outcome, Outcome::kDone);
  EXPECT_EQ(Own(Who::kMe).at("f"), two);
  store_->LetThrough();
  EXPECT_EQ(Own(Who::kMe).at("f"), one);
}

TEST_P(StoreContract, AReadWhoseAnswerIsLostChangesNothing) {
  const SnapshotId one = Stored(Who::kMe, "f", Noise(21));
  ASSERT_EQ(Write(Who::kMe, {{"f", one}}).outcome, Outcome::kDone);
  const SnapshotId first = BensView("f");
  const SnapshotId two = Stored(Who::kMe, "g", Noise(22));
  ASSERT_EQ(Write(Who::kMe, {{"g", two}}).outcome, Outcome::kDone);
  for (const bool request : {false, true}) {
    const auto lose = [&] {
      return request ? store_->LoseRequest(Who::kBen) : store_->LoseAnswer(Who::kBen);
    };
    lose();
    const HeadsRead read = ReadOthers(Who::kBen);
    EXPECT_EQ(read.outcome, Outcome::kFailed);
    EXPECT_EQ(read.reason, Reason::kStore);
    lose();
    EXPECT_EQ(Fetch(Who::kBen, "f", first).outcome, Outcome::kFailed);
    lose();
    const CollectiveRead collective = Ask<CollectiveRead>(Who::kBen, ReadCollective{});
    EXPECT_EQ(collective.outcome, Outcome::kFailed);
    EXPECT_EQ(collective.reason, Reason::kStore);
    lose();
    EXPECT_EQ(Ask<OwnRead>(Who::kBen, ReadOwn{}).outcome, Outcome::kFailed);
  }
  EXPECT_EQ(PathsOf(Follow(Who::kBen)), (std::set<std::string>{"f", "g"}));
}

// --- away, full ---

TEST_P(StoreContract, AStoreThatIsAwayFailsEverythingAndComesBack) {
  const std::string small = Noise(23), large = Noise(24, 1'200'000);
  const SnapshotId one = Stored(Who::kMe, "small", small), two = Stored(Who::kMe, "large", large);
  ASSERT_EQ(Write(Who::kMe, {{"small", one}, {"large", two}}).outcome, Outcome::kDone);
  const Listing there = Follow(Who::kBen);
  const Version version = Fetch(Who::kBen, "large", there.at("large")).facts.version;
  const Version other = Fetch(Who::kBen, "small", there.at("small")).facts.version;
  const SnapshotId next = Make(Who::kBen, "new", Kind::kFile, Noise(25));
  EXPECT_TRUE(store_->LinkNews(Who::kBen).empty());

  store_->SetAway(true);
  const auto fails = [](const auto& answer) {
    EXPECT_EQ(answer.outcome, Outcome::kFailed);
    EXPECT_EQ(answer.reason, Reason::kStore);
  };
  fails(ReadOthers(Who::kBen));
  EXPECT_EQ(store_->LinkNews(Who::kBen), std::vector<bool>{false});
  fails(Ask<OwnRead>(Who::kBen, ReadOwn{}));
  fails(Ask<CollectiveRead>(Who::kBen, ReadCollective{}));
  fails(Fetch(Who::kBen, "large", there.at("large")));
  fails(StageAt(Who::kBen, "large", there.at("large"), version));
  fails(StageAt(Who::kBen, "small", there.at("small"), other));
  fails(PutUp(Who::kBen, next));
  fails(Write(Who::kMe, {{"small", {}}}));
  fails(Check(Who::kMe, one));
  EXPECT_TRUE(store_->LinkNews(Who::kBen).empty());

  store_->SetAway(false);
  store_->AwaitLink(Who::kBen);
  EXPECT_EQ(Follow(Who::kBen), there);
  EXPECT_EQ(StageAt(Who::kBen, "large", there.at("large"), version).outcome, Outcome::kDone);
  EXPECT_EQ(PutUp(Who::kBen, next).outcome, Outcome::kDone);
  EXPECT_EQ(Check(Who::kMe, one).outcome, Outcome::kDone);
  EXPECT_EQ(Own(Who::kMe), (Listing{{"large", two}, {"small", one}}));
}

TEST_P(StoreContract, AFullStoreIsReadAllTheSame) {
  const SnapshotId one = Stored(Who::kMe, "f", Noise(26));
  ASSERT_EQ(Write(Who::kMe, {{"f", one}}).outcome, Outcome::kDone);
  const SnapshotId two = Make(Who::kMe, "f", Kind::kFile, Noise(27), {one});
  store_->SetFull(true);
  const Uploaded uploaded = PutUp(Who::kMe, two);
  EXPECT_EQ(uploaded.outcome, Outcome::kFailed);
  EXPECT_EQ(uploaded.reason, Reason::kQuota);
  const DirectoryWritten written = Write(Who::kMe, {{"f", {}}});
  EXPECT_EQ(written.outcome, Outcome::kFailed);
  EXPECT_EQ(written.reason, Reason::kQuota);
  EXPECT_EQ(Own(Who::kMe), (Listing{{"f", one}}));
  EXPECT_EQ(Fetch(Who::kBen, "f", BensView("f")).outcome, Outcome::kDone);
  EXPECT_TRUE(store_->LinkNews(Who::kMe).empty());
  store_->SetFull(false);
  EXPECT_EQ(PutUp(Who::kMe, two).outcome, Outcome::kDone);
  EXPECT_EQ(Write(Who::kMe, {{"f", two}}).outcome, Outcome::kDone);
}

// --- gone, damaged, rolled back ---

TEST_P(StoreContract, WhatIsGoneIsSaidToBe) {
  for (const std::size_t size : {std::size_t{300}, std::size_t{1'200'000}}) {
    const std::string bytes = Noise(28, size);
    const std::string first = "first" + std::to_string(size), second = "2" + std::to_string(size);
    const SnapshotId one = Stored(Who::kMe, first, bytes), two = Stored(Who::kMe, second, bytes);
    ASSERT_EQ(Write(Who::kMe, {{first, one}, {second, two}}).outcome, Outcome::kDone);
    store_->Drop(Who::kMe, one);  // the content of both came with it
    const SnapshotFetched fetched = Fetch(Who::kBen, first, BensView(first));
    EXPECT_EQ(fetched.outcome, Outcome::kFailed);
    EXPECT_EQ(fetched.reason, Reason::kNotFound);
    const SnapshotId seen = BensView(second);
    const SnapshotFetched whole = Fetch(Who::kBen, second, seen);
    ASSERT_EQ(whole.outcome, Outcome::kDone);
    const Staged staged = StageAt(Who::kBen, second, seen, whole.facts.version);
    EXPECT_EQ(staged.outcome, Outcome::kFailed);
    EXPECT_EQ(staged.reason, Reason::kNotFound);
    EXPECT_TRUE(store_->LinkNews(Who::kBen).empty());
    for (const SnapshotId id : {one, two}) {
      const StoredChecked checked = Check(Who::kMe, id);
      EXPECT_EQ(checked.outcome, Outcome::kRefused);
      EXPECT_EQ(checked.reason, Reason::kNotFound);
    }
    // Its content is not taken for stored any more: it is sent along.
    EXPECT_EQ(PutUp(Who::kMe, two).outcome, Outcome::kDone);
    EXPECT_EQ(Check(Who::kMe, two).outcome, Outcome::kDone);
  }
}

TEST_P(StoreContract, DamagedBytesAreNeverUsed) {
  for (const std::size_t size : {std::size_t{300}, std::size_t{1'200'000}}) {
    const std::string bytes = Noise(29, size);
    const std::string path = "content" + std::to_string(size);
    const SnapshotId id = Stored(Who::kMe, path, bytes);
    ASSERT_EQ(Write(Who::kMe, {{path, id}}).outcome, Outcome::kDone);
    store_->DamageContent(Who::kMe, id);
    const SnapshotId seen = BensView(path);
    const SnapshotFetched fetched = Fetch(Who::kBen, path, seen);
    ASSERT_EQ(fetched.outcome, Outcome::kDone);
    const Staged staged = StageAt(Who::kBen, path, seen, fetched.facts.version);
    EXPECT_EQ(staged.outcome, Outcome::kFailed) << path;
    EXPECT_EQ(staged.reason, Reason::kCorrupt) << path;
    if (size > 1'000'000) continue;  // of a large one only the first pieces are read
    const StoredChecked checked = Check(Who::kMe, id);
    EXPECT_EQ(checked.outcome, Outcome::kRefused);
    EXPECT_EQ(checked.reason, Reason::kCorrupt);
  }
  const SnapshotId id = Stored(Who::kMe, "snapshot", Noise(30));
  ASSERT_EQ(Write(Who::kMe, {{"snapshot", id}}).outcome, Outcome::kDone);
  store_->DamageSnapshot(Who::kMe, id);
  const SnapshotFetched fetched = Fetch(Who::kBen, "snapshot", BensView("snapshot"));
  EXPECT_EQ(fetched.outcome, Outcome::kFailed);
  EXPECT_EQ(fetched.reason, Reason::kCorrupt);
  EXPECT_EQ(Check(Who::kMe, id).reason, Reason::kCorrupt);
}

TEST_P(StoreContract, AStoreThatWasRolledBackSaysWhatItHas) {
  const SnapshotId one = Stored(Who::kMe, "f", Noise(31));
  ASSERT_EQ(Write(Who::kMe, {{"f", one}}).outcome, Outcome::kDone);
  const Listing before = Follow(Who::kBen);
  store_->Remember();
  const SnapshotId two = Stored(Who::kMe, "f", Noise(32)), three = Stored(Who::kMe, "g", Noise(33));
  ASSERT_EQ(Write(Who::kMe, {{"f", two}, {"g", three}}).outcome, Outcome::kDone);
  const Listing later = Follow(Who::kBen);
  EXPECT_EQ(later.size(), 2u);
  store_->RollBack();
  EXPECT_EQ(Own(Who::kMe), (Listing{{"f", one}}));
  EXPECT_EQ(Follow(Who::kBen), before);
  EXPECT_EQ(Fetch(Who::kBen, "f", before.at("f")).outcome, Outcome::kDone);
  const SnapshotFetched lost = Fetch(Who::kBen, "g", later.at("g"));
  EXPECT_EQ(lost.outcome, Outcome::kFailed);
  EXPECT_EQ(lost.reason, Reason::kNotFound);
  EXPECT_EQ(Check(Who::kMe, one).outcome, Outcome::kDone);
  const StoredChecked checked = Check(Who::kMe, two);
  EXPECT_EQ(checked.outcome, Outcome::kRefused);
  EXPECT_EQ(checked.reason, Reason::kNotFound);
  ASSERT_EQ(PutUp(Who::kMe, two).outcome, Outcome::kDone);
  ASSERT_EQ(Write(Who::kMe, {{"f", two}}).outcome, Outcome::kDone);
  EXPECT_EQ(Fetch(Who::kBen, "f", BensView("f")).outcome, Outcome::kDone);
}

}  // namespace kinfolder
