// The store contract on the real thing: the host's StorePort over a directory store.
//
// Answers are lost and delayed by a wrapper around each agent's store; for the rest the store's own
// files are changed, moved away and put back.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/base/check.h"
#include "shells/host/disk_port.h"
#include "shells/host/store_port.h"
#include "shells/setup/folders.h"
#include "shells/setup/state_dir.h"
#include "shells/store/dir_store.h"
#include "tests/contract/faulty_store.h"
#include "tests/contract/store_contract.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

template <class T>
T Must(Result<T> result) {
  EXPECT_TRUE(result.ok()) << result.error().text;
  CHECK(result.ok());
  return std::move(result).value();
}

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

// The ports of one agent, as its host has them, without the core: answers are kept.
class PortOfOne {
 public:
  PortOfOne(EventLoop& loop, const FolderSetup& setup, const std::string& store,
            const std::string& staging)
      : parts_(loop, setup),
        store_(std::make_shared<FaultyStore>(Must(DirStore::Open(store)))),
        disk_(parts_, [] {}),
        port_(parts_) {
    parts_.state_id = "state";
    parts_.state = [this]() -> const AgentState& { return state_; };
    parts_.feed = [this](EventBody body) { said_.push_back(std::move(body)); };
    parts_.store = store_;
    parts_.staging = Must(StagingArea::Open(staging));
    parts_.key = std::make_shared<SigningKey>(Must(SigningKey::FromSeed(setup.key_seed)));
    CHECK(parts_.tables.PersonOf(setup.participant) == kSelf);
    parts_.tables.SetKey(kSelf, parts_.key->public_key());
  }

  HostParts& parts() { return parts_; }
  FaultyStore& store() { return *store_; }
  AgentState& state() { return state_; }

  void OpenRoot(const std::string& state_id) {
    parts_.state_id = state_id;
    disk_.Add(LookAtRoot{1});
    disk_.Pump();
    const EventBody looked = Await(1);
    CHECK(std::get<RootLooked>(looked).reason == Reason::kNone);
  }
  // When this returns, heads have been read; their answer waits for the loop.
  void Begin(const Effect& effect) {
    const std::size_t reads = store_->troubles().reads();
    std::visit(
        [this](const auto& e) {
          if constexpr (requires { port_.Add(e); }) {
            port_.Add(e);
          } else {
            ADD_FAILURE() << "not an effect of this port";
          }
        },
        effect);
    port_.Pump();
    if (!std::holds_alternative<ReadHeads>(effect)) return;
    for (int i = 0; i < 10'000 && store_->troubles().reads() == reads; ++i) usleep(1'000);
  }
  EventBody Await(EffectId id) {
    for (int i = 0; i < 1000; ++i) {
      for (auto body = said_.begin(); body != said_.end(); ++body) {
        if (IdOf(*body) != id) continue;
        const EventBody answer = *body;
        said_.erase(body);
        return answer;
      }
      parts_.loop.RunOnce(10);
    }
    ADD_FAILURE() << "no answer";
    return Ticked{};
  }
  std::vector<bool> LinkNews() {
    std::vector<bool> news;
    std::erase_if(said_, [&](const EventBody& body) {
      const auto* link = std::get_if<StoreLinkChanged>(&body);
      if (link != nullptr) news.push_back(link->up);
      return link != nullptr;
    });
    return news;
  }

 private:
  static EffectId IdOf(const EventBody& body) {
    return std::visit(
        [](const auto& b) -> EffectId {
          if constexpr (requires { b.id; }) return b.id;
          return 0;
        },
        body);
  }

  HostParts parts_;
  std::shared_ptr<FaultyStore> store_;
  AgentState state_ = NewAgentState();
  std::vector<EventBody> said_;
  DiskPort disk_;
  StorePort port_;
};

// A participant's machine: what setting up the folder leaves there.
struct Seat {
  explicit Seat(const std::string& base, const std::string& name, const std::string& url)
      : root(base + "/" + name), state(MakeState(base + "/" + name + ".state", url)) {
    fs::create_directories(root);
    wanted.path = root;
    wanted.name = "docs";
    wanted.participant = name;
  }
  static StateDir MakeState(const std::string& path, const std::string& url) {
    return Must(StateDir::Create(path, url));
  }

  std::string root;
  StateDir state;
  NewFolder wanted;
};

class RealStore : public StoreFixture {
 public:
  RealStore() : base_(MakeBase()), store_(base_ + "/store"), loop_(Must(EventLoop::Create())) {
    CHECK(DirStore::Create(store_).ok());
    const auto store = Must(DirStore::Open(store_));
    Seat me(base_, "me", "dir:" + store_), ben(base_, "ben", "dir:" + store_);
    const FolderSetup mine = Must(CreateFolder(me.state, *store, me.wanted));
    const std::int64_t now_s = EventLoop::WallMs() / 1000;
    const std::string invitation =
        Must(MakeInvitation(me.state, *store, "docs", "ben", false, now_s + 3600));
    const FolderSetup bens = Must(JoinFolder(ben.state, *store, invitation, ben.wanted, now_s));
    const FolderSetup inviting = Must(me.state.FindFolder("docs"));
    CHECK(AcceptJoiners(*store, inviting, now_s).joined.size() == 1);
    for (const auto& [setup, name] : {std::pair(mine, "me"), {bens, "ben"}, {mine, "twin"}})
      ports_.push_back(
          std::make_unique<PortOfOne>(*loop_, setup, store_, base_ + "/" + name + ".staging"));
    Port(Who::kBen).OpenRoot(ben.state.info().state_id);
  }
  ~RealStore() override {
    ports_.clear();
    fs::remove_all(base_);
  }

  PathId Id(Who who, const std::string& path) override {
    return Must(Tab(who).names().InsertPath(path));
  }
  std::string PathOf(Who who, PathId id) override { return Tab(who).names().WirePath(id); }
  ContentId ContentOf(Who who, const std::string& bytes) override {
    return Tab(who).ContentOf(Sha256Of(bytes), bytes.size());
  }
  ParticipantId Other(Who who) override {
    return Tab(who).PersonOf(who == Who::kBen ? "me" : "ben");
  }
  ContentId Keep(Who who, const std::string& bytes) override {
    const ContentId id = ContentOf(who, bytes);
    StagingArea& staging = *Port(who).parts().staging;
    const auto writer = staging.Begin(bytes.size());
    CHECK(writer->Write(std::as_bytes(std::span(bytes))).ok());
    Tab(who).SetStaged(id, Must(writer->Commit()));
    contents_[id] = bytes;
    return id;
  }
  void Know(Who who, SnapshotId id, const Node& node) override {
    Port(who).state().dag.Add(id, node);
  }
  std::string BytesBeside(Who who, std::uint64_t token) override {
    const HostParts& parts = Port(who).parts();
    return ReadAll(parts.setup.path + "/.kinfolder/tmp/" + Applier::TmpName(token));
  }

  void Begin(Who who, const Effect& effect) override { Port(who).Begin(effect); }
  EventBody Finish(Who who, EffectId id) override { return Port(who).Await(id); }
  std::vector<bool> LinkNews(Who who) override { return Port(who).LinkNews(); }
  void AwaitLink(Who who) override {
    std::vector<bool> news;
    for (int i = 0; i < 1000 && news.empty(); ++i) {
      loop_->RunOnce(10);
      news = LinkNews(who);
    }
    EXPECT_EQ(news, std::vector<bool>{true});
  }

  void SetAway(bool away) override {
    fs::rename(away ? store_ : store_ + ".away", away ? store_ + ".away" : store_);
  }
  void SetFull(bool full) override {
    for (const auto& port : ports_) port->store().troubles().SetFull(full);
  }
  void LoseAnswer(Who who) override { Trouble(who, StoreTroubles::Trouble::kLoseAnswer); }
  void LoseRequest(Who who) override { Trouble(who, StoreTroubles::Trouble::kLoseRequest); }
  void DelayWrite(Who who) override { Trouble(who, StoreTroubles::Trouble::kDelay); }
  void LetThrough() override {
    std::size_t writes = 0;
    for (const auto& port : ports_) writes += port->store().troubles().LetThrough();
    EXPECT_EQ(writes, 1u);
  }

  void DamageSnapshot(Who who, SnapshotId id) override {
    const std::string name = "\"" + PathOf(who, NodeOf(who, id).path) + "\"";
    for (const auto& [file, at] : Packs(name)) Flip(file, at + name.size() / 2);
  }
  void DamageContent(Who who, SnapshotId id) override {
    const std::string& bytes = contents_.at(NodeOf(who, id).version.content);
    for (const auto& [file, at] : Packs(bytes)) Flip(file, at + bytes.size() / 2);
  }
  void Drop(Who who, SnapshotId id) override {
    const Node& node = NodeOf(who, id);
    for (const std::string& what :
         {"\"" + PathOf(who, node.path) + "\"", contents_.at(node.version.content)})
      for (const auto& [file, at] : Packs(what)) fs::remove(file);
  }
  void Remember() override { fs::copy(store_, base_ + "/backup", fs::copy_options::recursive); }
  void RollBack() override {
    fs::remove_all(store_);
    fs::rename(base_ + "/backup", store_);
  }

 private:
  static std::string MakeBase() {
    const char* base = std::getenv("TEST_TMPDIR");
    std::string made = std::string(base != nullptr ? base : "/tmp") + "/store_contract_XXXXXX";
    CHECK(mkdtemp(made.data()) != nullptr);
    return made;
  }
  PortOfOne& Port(Who who) { return *ports_.at(static_cast<std::size_t>(who)); }
  Tables& Tab(Who who) { return Port(who).parts().tables; }
  const Node& NodeOf(Who who, SnapshotId id) { return *Port(who).state().dag.Find(id); }
  void Trouble(Who who, StoreTroubles::Trouble trouble) {
    Port(who).store().troubles().Set(trouble);
  }
  // Where these bytes lie in the store's immutable objects.
  std::vector<std::pair<fs::path, std::size_t>> Packs(const std::string& bytes) const {
    std::vector<std::pair<fs::path, std::size_t>> found;
    for (const auto& entry : fs::recursive_directory_iterator(store_ + "/packs")) {
      if (!entry.is_regular_file()) continue;
      const std::size_t at = ReadAll(entry.path()).find(bytes);
      if (at != std::string::npos) found.emplace_back(entry.path(), at);
    }
    return found;
  }
  static void Flip(const fs::path& path, std::size_t at) {
    std::string bytes = ReadAll(path);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    std::fstream out(path, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(at));
    out.put(bytes[at]);
    EXPECT_TRUE(out.good());
  }

  std::string base_;
  std::string store_;
  std::unique_ptr<EventLoop> loop_;
  std::vector<std::unique_ptr<PortOfOne>> ports_;
  std::map<ContentId, std::string> contents_;
};

std::unique_ptr<StoreFixture> Make() { return std::make_unique<RealStore>(); }

}  // namespace

INSTANTIATE_TEST_SUITE_P(Real, StoreContract, testing::Values(&Make));

}  // namespace kinfolder
