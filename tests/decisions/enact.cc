#include "tests/decisions/enact.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/agent/testing/bench.h"

namespace kinfolder::decisions {

namespace {

constexpr PathId kPath{1};
constexpr int kTenthsOfARest = 30;

class Stage {
 public:
  explicit Stage(const Situation& situation) : s_(situation), story_(StoryOf(situation)) {
    ids_.resize(story_.snapshots.size());
    b_.read_only = s_.path == Path::kReadOnly;
    b_.others[kBea];
    b_.others[kCem];
  }

  Decision Play() {
    if (s_.path != Path::kUnrecorded) {
      SetUp();
      CheckSetUp();
    }
    Happen();
    Decision decision = Look();
    for (int i = 0; i < 3; ++i) {
      b_.Feed(StoreChanged{kBea});
      Rest();
    }
    decision.polls = NameOf(b_.Record(kPath).tip());
    if (!b_.broken.empty()) throw std::runtime_error(b_.broken);
    return decision;
  }

 private:
  // --- the world's answers, some of them not given ---
  void AnswerAll() {
    while (!b_.pending.empty()) {
      const Effect effect = b_.pending.front();
      b_.pending.pop_front();
      const Upload* upload = std::get_if<Upload>(&effect);
      const WriteDirectory* write = std::get_if<WriteDirectory>(&effect);
      if (upload != nullptr && holds_uploads_)
        held_.push_back(effect);
      else if (upload != nullptr && fails_uploads_)
        b_.Feed(Uploaded{upload->id, Outcome::kFailed, 0, Reason::kStore});
      else if (write != nullptr && fails_writes_)
        b_.Feed(DirectoryWritten{write->id, Outcome::kFailed, Reason::kStore});
      else
        b_.Answer(effect);
    }
  }
  void Rest() {
    for (int i = 0; i < kTenthsOfARest; ++i) {
      AnswerAll();
      b_.Advance(100);
    }
    AnswerAll();
  }

  SnapshotId PublishBy(ParticipantId who, int snapshot) {
    const StorySnapshot& told = story_.snapshots[static_cast<std::size_t>(snapshot)];
    std::vector<SnapshotId> parents;
    for (const int parent : told.parents) parents.push_back(IdOf(parent));
    const SnapshotId id = b_.Publish(who, kPath, told.content, parents);
    ids_[static_cast<std::size_t>(snapshot)] = id;
    return id;
  }
  SnapshotId IdOf(int snapshot) const { return ids_[static_cast<std::size_t>(snapshot)]; }
  int IndexOf(const std::string& name) const {
    for (std::size_t i = 0; i < story_.snapshots.size(); ++i)
      if (story_.snapshots[i].name == name) return static_cast<int>(i);
    return -1;
  }
  void PublishHistory() {
    if (const int first = IndexOf("P"); first >= 0) PublishBy(kBea, first);
    if (const int base = IndexOf("O"); base >= 0) PublishBy(kBea, base);
  }

  // A person's act whose snapshot the story knows by that name.
  void Do(const char* name, std::uint32_t content) {
    if (content == 0)
      b_.Remove(kPath);
    else
      b_.Write(kPath, content);
    Rest();
    ids_[static_cast<std::size_t>(IndexOf(name))] = b_.Record(kPath).tip();
  }

  void SetUp() {
    PublishHistory();
    const bool behind = s_.own == Own::kBehind;
    fails_writes_ = behind && s_.current == Current::kBase;
    b_.Start();
    Rest();
    fails_writes_ = behind && s_.current != Current::kOursBack;
    if (s_.current == Current::kOurs) Do("A", kOurContent);
    if (s_.current == Current::kOurDelete) Do("D", 0);
    if (s_.current == Current::kOursBack) {
      Do("A", kOurContent);
      fails_writes_ = behind;
      Do("B", kBaseContent);
    }
    holds_uploads_ = s_.queue == Queue::kUploading;
    fails_uploads_ = s_.queue == Queue::kWaiting;
    if (s_.queue != Queue::kEmpty) Do("L", kQueuedContent);
    if (s_.conflict == Conflict::kShown) {
      PublishBy(kCem, story_.conflict);
      b_.Feed(StoreChanged{kCem});
      Rest();
    }
    Limit();
  }

  // What the state of the path is besides.
  void Limit() {
    if (s_.path == Path::kPaused) b_.Feed(PauseAsked{1, true});
    if (s_.path == Path::kIgnored) Ignore();
    if (s_.path != Path::kHolding) return;
    b_.config.max_deletes_percent = 0;
    b_.config.max_deletes_files = 0;
    b_.Feed(ConfigChanged{b_.config});
  }
  void Ignore() {
    Observation seen;
    seen.path = kPath;
    seen.presence = Presence::kUnknown;
    seen.reason = Reason::kIgnored;
    b_.Feed(Observed{{seen}});
  }

  void Require(bool holds, const char* what) const {
    if (!holds) throw std::runtime_error(std::string("the situation did not come about: ") + what);
  }
  void CheckSetUp() const {
    const PathRecord& r = b_.Record(kPath);
    const auto id = [&](int snapshot) { return snapshot < 0 ? SnapshotId{} : IdOf(snapshot); };
    Require(r.current == id(story_.current), "current");
    Require(r.chain.size() == (story_.queued >= 0 ? 1U : 0U), "the queue");
    Require(r.tip() == id(story_.tip()), "the tip");
    const SnapshotId linked = id(s_.own == Own::kBehind ? story_.behind : story_.current);
    Require(r.last_written == (b_.read_only ? SnapshotId{} : linked), "our entry");
    Require(r.conflicts.size() == (story_.conflict >= 0 ? 1U : 0U), "the conflict");
    Require(b_.OnDisk(kPath) == story_.ContentOf(story_.tip()), "the file");
    Require(held_.size() == (s_.queue == Queue::kUploading ? 1U : 0U), "the upload");
  }

  void PublishTheirs() {
    if (s_.path == Path::kUnrecorded) PublishHistory();
    if (s_.theirs == Theirs::kNoHead) {
      b_.others[kBea].erase(kPath);
    } else if (s_.theirs == Theirs::kSame || s_.theirs == Theirs::kOlder) {
      b_.others[kBea][kPath] = IdOf(story_.theirs);
    } else {
      if (const int passing = IndexOf("M"); passing >= 0) PublishBy(kBea, passing);
      PublishBy(kBea, story_.theirs);
      if (s_.theirs == Theirs::kUnreadable) b_.store.erase(IdOf(story_.theirs));
    }
  }

  // The user's act and their news, at once; uploads end when both were judged.
  void Happen() {
    fails_writes_ = fails_uploads_ = false;
    holds_uploads_ = true;
    PublishTheirs();
    if (b_.OnDisk(kPath) != story_.disk) {
      b_.disk.erase(kPath);
      if (story_.disk != 0) b_.WriteUnseen(kPath, story_.disk);
      if (s_.path == Path::kIgnored)
        Ignore();
      else if (s_.path != Path::kUnrecorded)
        b_.Feed(Observed{{b_.See(kPath)}});
    }
    if (s_.path == Path::kUnrecorded) b_.Start();
    b_.Feed(StoreChanged{kBea});
    Rest();
    holds_uploads_ = false;
    for (const Effect& effect : std::exchange(held_, {})) b_.Answer(effect);
    for (int i = 0; i < 10; ++i) Rest();
  }

  std::string NameOf(SnapshotId id) const {
    if (!id) return "";
    for (std::size_t i = 0; i < ids_.size(); ++i)
      if (ids_[i] == id) return story_.snapshots[i].name;
    const Node& node = b_.NodeOf(id);
    if (node.parents.empty()) return std::to_string(node.version.content.value);
    std::vector<std::string> parents;
    for (const SnapshotId parent : node.parents) parents.push_back(NameOf(parent));
    return MadeName(node.version.content.value, std::move(parents));
  }

  Decision Look() const {
    const PathRecord& r = b_.Record(kPath);
    Decision d;
    d.file = b_.OnDisk(kPath);
    for (const auto& [path, file] : b_.disk)
      if (path != kPath) d.copies.push_back(file.version.content.value);
    std::sort(d.copies.begin(), d.copies.end());
    d.mine = NameOf(r.tip());
    for (const EqualRecord& e : r.equal) d.equal.push_back(NameOf(e.head));
    for (const ConflictRecord& c : r.conflicts) d.conflicts.push_back(NameOf(c.head));
    std::sort(d.equal.begin(), d.equal.end());
    std::sort(d.conflicts.begin(), d.conflicts.end());
    if (const auto own = b_.own.find(kPath); own != b_.own.end()) d.own = NameOf(own->second);
    return d;
  }

  const Situation s_;
  const Story story_;
  Bench b_;
  std::vector<SnapshotId> ids_;  // of the story's snapshots
  std::vector<Effect> held_;     // uploads that are under way
  bool holds_uploads_ = false, fails_uploads_ = false, fails_writes_ = false;
};

}  // namespace

Decision Enact(const Situation& situation) { return Stage(situation).Play(); }

}  // namespace kinfolder::decisions
