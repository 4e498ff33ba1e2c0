// What the contract of the store port (store_contract.h) is asked of, and its common steps.
//
// A fixture is one folder of two participants, each with the port of its own agent and tables of
// its own, over one store whose faults can be called for.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/agent/effect.h"
#include "core/agent/event.h"
#include "core/model/dag.h"

namespace kinfolder {

// kTwin runs on a copy of kMe's state directory: it writes the same personal directory.
enum class Who : std::uint8_t { kMe = 0, kBen = 1, kTwin = 2 };

class StoreFixture {
 public:
  virtual ~StoreFixture() = default;

  // --- tables: what ids stand for with one agent ---
  virtual PathId Id(Who who, const std::string& path) = 0;
  virtual std::string PathOf(Who who, PathId id) = 0;
  virtual ContentId ContentOf(Who who, const std::string& bytes) = 0;
  // The other participant.
  virtual ParticipantId Other(Who who) = 0;
  // Stages a content, as a capture does.
  virtual ContentId Keep(Who who, const std::string& bytes) = 0;
  // Makes a snapshot known to the agent's core, as one that was made here.
  virtual void Know(Who who, SnapshotId id, const Node& node) = 0;
  // The bytes that were staged beside the folder.
  virtual std::string BytesBeside(Who who, std::uint64_t token) = 0;

  // --- the port ---
  // Has the effect carried out; what its answer says is settled when this returns.
  virtual void Begin(Who who, const Effect& effect) = 0;
  // The answer to it.
  virtual EventBody Finish(Who who, EffectId id) = 0;
  // What was said of the connection since the last call.
  virtual std::vector<bool> LinkNews(Who who) = 0;
  // Lets time pass until the connection is said to be there.
  virtual void AwaitLink(Who who) = 0;

  // --- the store ---
  virtual void SetAway(bool away) = 0;
  virtual void SetFull(bool full) = 0;
  // Of what this agent asks for next: it takes place but the answer is lost, or is lost itself.
  virtual void LoseAnswer(Who who) = 0;
  virtual void LoseRequest(Who who) = 0;
  // The next directory write of this agent takes place at LetThrough only; it is told at once that
  // this is unclear.
  virtual void DelayWrite(Who who) = 0;
  virtual void LetThrough() = 0;
  // Of a snapshot that this agent has put there: the snapshot itself or its content is damaged; or
  // all that came with it is gone.
  virtual void DamageSnapshot(Who who, SnapshotId id) = 0;
  virtual void DamageContent(Who who, SnapshotId id) = 0;
  virtual void Drop(Who who, SnapshotId id) = 0;
  // The store becomes again what it was at Remember.
  virtual void Remember() = 0;
  virtual void RollBack() = 0;
};

using StoreFixtureFactory = std::unique_ptr<StoreFixture> (*)();
// What a directory says: of each path, which snapshot.
using Listing = std::map<std::string, SnapshotId>;

class StoreContract : public testing::TestWithParam<StoreFixtureFactory> {
 protected:
  static constexpr std::int64_t kTime = 1'600'000'000'123'456'789;

  StoreContract() : store_(GetParam()()) {
    // As every agent begins: who is there, and what they sign with.
    for (const Who who : {Who::kMe, Who::kBen, Who::kTwin})
      EXPECT_EQ(Ask<CollectiveRead>(who, ReadCollective{}).outcome, Outcome::kDone);
  }

  template <class Answer>
  Answer FinishAs(Who who, EffectId id) {
    const EventBody body = store_->Finish(who, id);
    const Answer* answer = std::get_if<Answer>(&body);
    EXPECT_NE(answer, nullptr);
    if (answer == nullptr) return {};
    EXPECT_EQ(answer->id, id);
    return *answer;
  }
  template <class Answer, class E>
  Answer Ask(Who who, E effect) {
    effect.id = ++last_id_;
    store_->Begin(who, effect);
    return FinishAs<Answer>(who, effect.id);
  }

  // Bytes that no capability holds by itself, and of which no two places look alike.
  static std::string Noise(std::uint32_t seed, std::size_t size = 200) {
    std::string bytes(size, '\0');
    std::uint32_t state = seed;
    for (char& c : bytes) c = static_cast<char>('!' + ((state = state * 1664525u + 7u) >> 25) % 90);
    return bytes;
  }

  // A new local snapshot with a version; its content is staged.
  SnapshotId Make(Who who, const std::string& path, Kind kind, const std::string& bytes,
                  std::vector<SnapshotId> parents = {}) {
    const SnapshotId id{kLocalSnapshotBit | ++last_snapshot_};
    Node node;
    node.path = store_->Id(who, path);
    node.version.kind = kind;
    node.version.exec = kind == Kind::kFile && bytes.size() % 2 == 1;
    if (kind == Kind::kFile || kind == Kind::kLink) {
      node.version.content = store_->Keep(who, bytes);
      node.size = bytes.size();
    }
    node.generation = 1 + parents.size();
    node.created_ms = 1'700'000'000'000 + last_snapshot_;
    node.mtime_ns = kTime + last_snapshot_;
    node.author = kSelf;
    node.approved = kind == Kind::kDeleted;
    node.parents = std::move(parents);
    store_->Know(who, id, node);
    made_[id] = node;
    return id;
  }
  Uploaded PutUp(Who who, SnapshotId id) {
    return Ask<Uploaded>(who, Upload{0, made_.at(id).path, id});
  }
  // A file of these bytes, in the store.
  SnapshotId Stored(Who who, const std::string& path, const std::string& bytes) {
    const SnapshotId id = Make(who, path, Kind::kFile, bytes);
    const Uploaded uploaded = PutUp(who, id);
    EXPECT_EQ(uploaded.outcome, Outcome::kDone);
    ranks_[id] = uploaded.rank;
    return id;
  }

  DirectoryWritten Write(Who who, const std::vector<std::pair<std::string, SnapshotId>>& entries) {
    return Ask<DirectoryWritten>(who, EffectOf(who, entries));
  }
  WriteDirectory EffectOf(Who who, const std::vector<std::pair<std::string, SnapshotId>>& entries) {
    WriteDirectory write;
    for (const auto& [path, snapshot] : entries)
      write.entries.push_back({store_->Id(who, path), snapshot});
    return write;
  }
  Listing Own(Who who) {
    const OwnRead read = Ask<OwnRead>(who, ReadOwn{});
    EXPECT_EQ(read.outcome, Outcome::kDone);
    Listing listing;
    Apply(who, true, read.entries, &listing);
    return listing;
  }
  HeadsRead ReadOthers(Who who) { return Ask<HeadsRead>(who, ReadHeads{0, store_->Other(who)}); }
  // What the other participant publishes, as this agent has followed it so far.
  const Listing& Follow(Who who) { return Follow(who, ReadOthers(who)); }
  const Listing& Follow(Who who, const HeadsRead& read) {
    EXPECT_EQ(read.outcome, Outcome::kDone);
    EXPECT_EQ(read.participant, store_->Other(who));
    Apply(who, read.whole, read.entries, &heads_[who]);
    return heads_[who];
  }
  void Apply(Who who, bool whole, const std::vector<DirectoryEntry>& entries, Listing* listing) {
    if (whole) listing->clear();
    std::set<PathId> paths;
    for (const DirectoryEntry& entry : entries) {
      EXPECT_TRUE(paths.insert(entry.path).second) << "two entries of one path in one answer";
      if (entry.snapshot) {
        (*listing)[store_->PathOf(who, entry.path)] = entry.snapshot;
      } else {
        EXPECT_FALSE(whole) << "an entry that is gone in a whole answer";
        listing->erase(store_->PathOf(who, entry.path));
      }
    }
  }
  static std::set<std::string> PathsOf(const Listing& listing) {
    std::set<std::string> paths;
    for (const auto& [path, snapshot] : listing) paths.insert(path);
    return paths;
  }
  SnapshotFetched Fetch(Who who, const std::string& path, SnapshotId id) {
    return Ask<SnapshotFetched>(who, FetchSnapshot{0, store_->Id(who, path), id});
  }
  // The snapshot that ben finds at a path of ours.
  SnapshotId BensView(const std::string& path) {
    const Listing& listing = Follow(Who::kBen);
    const auto found = listing.find(path);
    EXPECT_NE(found, listing.end()) << path;
    return found == listing.end() ? SnapshotId{} : found->second;
  }
  StoredChecked Check(Who who, SnapshotId id) {
    return Ask<StoredChecked>(who, CheckStored{0, made_.at(id).path, id, true});
  }
  Staged StageAt(Who who, const std::string& path, SnapshotId id, const Version& version) {
    return Ask<Staged>(who, StageTarget{0, store_->Id(who, path), id, version, kTime});
  }
  Version FileOf(Who who, const std::string& bytes) {
    return Version{Kind::kFile, store_->ContentOf(who, bytes), false};
  }

  std::unique_ptr<StoreFixture> store_;
  EffectId last_id_ = 0;
  std::uint32_t last_snapshot_ = 0;
  std::map<SnapshotId, Node> made_;
  std::map<SnapshotId, std::uint64_t> ranks_;
  std::map<Who, Listing> heads_;
};

}  // namespace kinfolder
