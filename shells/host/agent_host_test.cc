// Whole agents on real directories, a real database and a real store: two hosts in one process.
#include "shells/host/agent_host.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/trace/replay.h"
#include "shells/setup/folders.h"
#include "shells/setup/state_dir.h"
#include "shells/setup/store_url.h"
#include "shells/store/dir_store.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::int64_t kLongMs = 20'000;

class TempDir {
 public:
  TempDir() {
    const char* base = std::getenv("TEST_TMPDIR");
    path_ = std::string(base != nullptr ? base : "/tmp") + "/agent_host_XXXXXX";
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
  }
  ~TempDir() { fs::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void WriteFile(const std::string& path, const std::string& bytes) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
  ASSERT_TRUE(out.good());
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return in.good() ? bytes.str() : "(none)";
}

// All files of a folder with their bytes; directories end in '/', links have "-> target".
std::map<std::string, std::string> TreeOf(const std::string& root) {
  std::map<std::string, std::string> tree;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    const std::string path = it->path().lexically_relative(root).string();
    if (path == ".kinfolder") {
      it.disable_recursion_pending();
      continue;
    }
    if (it->is_symlink())
      tree[path] = "-> " + fs::read_symlink(it->path()).string();
    else if (it->is_directory())
      tree[path + "/"] = "";
    else
      tree[path] = ReadFile(it->path().string());
  }
  return tree;
}

// One machine: a state directory, a folder's root, and an agent that can be stopped and started.
class Machine {
 public:
  Machine(EventLoop& loop, const std::string& base, const std::string& name,
          const std::string& store)
      : loop_(loop), name_(name), root_(base + "/" + name), state_path_(root_ + ".state") {
    fs::create_directories(root_);
    Result<StateDir> state = StateDir::Create(state_path_, "dir:" + store);
    EXPECT_TRUE(state.ok()) << state.error().text;
    state_ = std::make_unique<StateDir>(std::move(state).value());
    Result<std::unique_ptr<ObjectStore>> opened = OpenStore("dir:" + store);
    EXPECT_TRUE(opened.ok()) << opened.error().text;
    store_ = std::move(opened).value();
  }

  void Create() {
    const Result<FolderSetup> made = CreateFolder(*state_, *store_, Wanted());
    ASSERT_TRUE(made.ok()) << made.error().text;
    setup_ = made.value();
  }
  std::string Invite(const std::string& participant) {
    const auto line = MakeInvitation(*state_, *store_, "shared", participant, false,
                                     EventLoop::WallMs() / 1000 + 3600);
    EXPECT_TRUE(line.ok()) << line.error().text;
    return line.value();
  }
  void Join(const std::string& invitation) {
    const Result<FolderSetup> made =
        JoinFolder(*state_, *store_, invitation, Wanted(), EventLoop::WallMs() / 1000);
    ASSERT_TRUE(made.ok()) << made.error().text;
    setup_ = made.value();
  }
  void Accept() {
    const Result<FolderSetup> record = state_->FindFolder("shared");
    ASSERT_TRUE(record.ok());
    const Acceptance accepted = AcceptJoiners(*store_, record.value(), EventLoop::WallMs() / 1000);
    EXPECT_EQ(accepted.joined.size(), 1u);
    FolderSetup saved = record.value();
    saved.invitations = accepted.left;
    ASSERT_TRUE(state_->SaveFolder(saved).ok());
  }

  void Start() {
    Result<std::unique_ptr<AgentHost>> host = AgentHost::Open(loop_, *state_);
    ASSERT_TRUE(host.ok()) << host.error().text;
    host_ = std::move(host).value();
    host_->AddFolder(
        setup_, [](const Result<json>& added) { EXPECT_TRUE(added.ok()) << added.error().text; });
  }
  void Stop() { host_.reset(); }

  AgentHost& host() { return *host_; }
  std::string Path(const std::string& path) const { return root_ + "/" + path; }
  const std::string& root() const { return root_; }
  const std::string& state_path() const { return state_path_; }
  std::map<std::string, std::string> Tree() const { return TreeOf(root_); }
  json Status() { return host_->GetStatus("shared").value()["folders"][0]; }

 private:
  NewFolder Wanted() const {
    NewFolder wanted;
    wanted.path = root_;
    wanted.name = "shared";
    wanted.participant = name_;
    return wanted;
  }

  EventLoop& loop_;
  std::string name_;
  std::string root_;
  std::string state_path_;
  std::unique_ptr<StateDir> state_;
  std::unique_ptr<ObjectStore> store_;
  FolderSetup setup_;
  std::unique_ptr<AgentHost> host_;
};

class TwoMachines : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
    ASSERT_TRUE(loop.ok());
    loop_ = std::move(loop).value();
    store_ = dir_.path() + "/store";
    const auto made = DirStore::Create(store_);
    ASSERT_TRUE(made.ok()) << made.error().text;
    ann_ = std::make_unique<Machine>(*loop_, dir_.path(), "ann", store_);
    bob_ = std::make_unique<Machine>(*loop_, dir_.path(), "bob", store_);
    ann_->Create();
    bob_->Join(ann_->Invite("bob"));
    ann_->Accept();
  }
  void StartBoth() {
    ann_->Start();
    bob_->Start();
  }

  // Serves the loop until `done`; false: it took too long.
  bool WaitFor(const std::function<bool()>& done, std::int64_t timeout_ms = kLongMs) {
    const std::int64_t end = EventLoop::MonoMs() + timeout_ms;
    while (!done()) {
      if (EventLoop::MonoMs() > end) return false;
      loop_->RunOnce(20);
    }
    return true;
  }
  Result<json> Answer(const std::function<void(Reply)>& ask) {
    std::optional<Result<json>> answer;
    ask([&](Result<json> got) { answer = std::move(got); });
    if (!WaitFor([&] { return answer.has_value(); }))
      return MakeError(ErrorKind::kInternal, "no answer");
    return *answer;
  }
  // Both scan, publish and poll until nothing is left to do.
  void SyncBoth() {
    for (int round = 0; round < 3; ++round) {
      for (Machine* machine : {ann_.get(), bob_.get()}) {
        const Result<json> done = Answer([&](Reply reply) {
          if (machine->host().FindHost("shared") == nullptr)
            WaitFor([&] { return machine->host().FindHost("shared") != nullptr; });
          machine->host().Sync("shared", kLongMs, std::move(reply));
        });
        ASSERT_TRUE(done.ok()) << done.error().text << machine->Status().dump(1);
      }
    }
  }
  bool WaitSame() {
    const bool same = WaitFor([this] { return ann_->Tree() == bob_->Tree(); });
    if (!same) {
      std::string trees = "ann:";
      for (const auto& [path, bytes] : ann_->Tree()) trees += " " + path;
      trees += "\nbob:";
      for (const auto& [path, bytes] : bob_->Tree()) trees += " " + path;
      ADD_FAILURE() << trees << ann_->Status().dump(1) << bob_->Status().dump(1);
    }
    return same;
  }

  TempDir dir_;
  std::string store_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Machine> ann_;
  std::unique_ptr<Machine> bob_;
};

TEST_F(TwoMachines, WhatIsThereArrives) {
  WriteFile(ann_->Path("hello.txt"), "hello");
  WriteFile(ann_->Path("deep/er/file"), std::string(300'000, 'x'));
  WriteFile(ann_->Path("big"), std::string(3 * 1024 * 1024 + 17, 'b'));
  WriteFile(ann_->Path("empty"), "");
  WriteFile(ann_->Path("run.sh"), "#!/bin/sh\n");
  fs::permissions(ann_->Path("run.sh"), fs::perms::owner_exec, fs::perm_options::add);
  fs::create_symlink("hello.txt", ann_->Path("link"));
  fs::create_directories(ann_->Path("empty-directory"));
  StartBoth();
  ASSERT_TRUE(WaitSame());
  auto tree = bob_->Tree();
  EXPECT_EQ(tree["hello.txt"], "hello");
  EXPECT_EQ(tree["link"], "-> hello.txt");
  EXPECT_EQ(tree["big"].size(), 3u * 1024 * 1024 + 17);
  EXPECT_TRUE(tree.contains("empty-directory/"));
  EXPECT_EQ(fs::status(bob_->Path("run.sh")).permissions() & fs::perms::owner_exec,
            fs::perms::owner_exec);
  SyncBoth();
  EXPECT_EQ(bob_->Status()["state"], "in-sync") << bob_->Status().dump(1);
  EXPECT_EQ(bob_->Status()["files"], 7);
}

TEST_F(TwoMachines, EditsAndDeletesArriveByThemselves) {
  WriteFile(ann_->Path("a"), "one");
  WriteFile(ann_->Path("dir/b"), "two");
  StartBoth();
  ASSERT_TRUE(WaitSame());
  SyncBoth();
  WriteFile(bob_->Path("a"), "edited by bob");
  ASSERT_TRUE(WaitFor([&] { return ReadFile(ann_->Path("a")) == "edited by bob"; }));
  fs::remove_all(ann_->Path("dir"));
  ASSERT_TRUE(WaitFor([&] { return !fs::exists(bob_->Path("dir")); }));
  fs::rename(ann_->Path("a"), ann_->Path("moved"));
  ASSERT_TRUE(WaitFor([&] { return ReadFile(bob_->Path("moved")) == "edited by bob"; }));
  ASSERT_TRUE(WaitSame());
  EXPECT_FALSE(fs::exists(bob_->Path("a")));
}

TEST_F(TwoMachines, WhatHappenedWhileStoppedArrivesAfterwards) {
  WriteFile(ann_->Path("kept"), "kept");
  WriteFile(ann_->Path("changed"), "old");
  WriteFile(ann_->Path("removed"), "x");
  StartBoth();
  ASSERT_TRUE(WaitSame());
  SyncBoth();
  ann_->Stop();
  WriteFile(ann_->Path("changed"), "new");
  fs::remove(ann_->Path("removed"));
  WriteFile(bob_->Path("from-bob"), "b");
  WaitFor([] { return false; }, 1000);
  ann_->Start();
  ASSERT_TRUE(WaitFor([&] { return fs::exists(ann_->Path("from-bob")); }));
  ASSERT_TRUE(WaitSame());
  EXPECT_EQ(ReadFile(bob_->Path("changed")), "new");
  EXPECT_FALSE(fs::exists(bob_->Path("removed")));
}

TEST_F(TwoMachines, AConflictIsKeptOnBothSidesAndCanBeResolved) {
  WriteFile(ann_->Path("f"), "base");
  StartBoth();
  ASSERT_TRUE(WaitSame());
  SyncBoth();
  ann_->Stop();
  bob_->Stop();
  WriteFile(ann_->Path("f"), "ann's");
  WriteFile(bob_->Path("f"), "bob's edit");
  StartBoth();
  SyncBoth();
  ASSERT_TRUE(WaitFor([&] {
    return fs::exists(ann_->Path("f.conflict-bob")) && fs::exists(bob_->Path("f.conflict-ann"));
  })) << ann_->Status().dump(1)
      << bob_->Status().dump(1);
  EXPECT_EQ(ReadFile(ann_->Path("f")), "ann's");
  EXPECT_EQ(ReadFile(ann_->Path("f.conflict-bob")), "bob's edit");
  EXPECT_EQ(ReadFile(bob_->Path("f.conflict-ann")), "ann's");
  const json conflicts = ann_->host().GetConflicts("shared").value()["conflicts"];
  ASSERT_EQ(conflicts.size(), 1u);
  EXPECT_EQ(conflicts[0]["theirs"][0]["participant"], "bob");
  ResolveRequest request;
  request.folder = "shared";
  request.path = "f";
  request.choice = ResolveChoice::kTheirs;
  const Result<json> resolved =
      Answer([&](Reply reply) { ann_->host().Resolve(std::move(request), std::move(reply)); });
  ASSERT_TRUE(resolved.ok()) << resolved.error().text;
  ASSERT_TRUE(WaitFor([&] {
    return ReadFile(ann_->Path("f")) == "bob's edit" && !fs::exists(ann_->Path("f.conflict-bob")) &&
           !fs::exists(bob_->Path("f.conflict-ann"));
  })) << ann_->Status().dump(1)
      << bob_->Status().dump(1);
  ASSERT_TRUE(WaitSame());
}

TEST_F(TwoMachines, HistoryCanBeListedShownAndRestored) {
  WriteFile(ann_->Path("f"), "first");
  StartBoth();
  ASSERT_TRUE(WaitSame());
  SyncBoth();
  WriteFile(ann_->Path("f"), "second!");
  ASSERT_TRUE(WaitFor([&] { return ReadFile(bob_->Path("f")) == "second!"; }));
  SyncBoth();
  const Result<json> log =
      Answer([&](Reply reply) { bob_->host().Log("shared", "f", std::move(reply)); });
  ASSERT_TRUE(log.ok()) << log.error().text;
  ASSERT_EQ(log.value()["versions"].size(), 2u) << log.value().dump(1);
  EXPECT_EQ(log.value()["versions"][0]["size"], 5);
  EXPECT_EQ(log.value()["versions"][1]["author"], "ann");
  EXPECT_EQ(log.value()["versions"][1]["current"], true);
  const std::string out = dir_.path() + "/out";
  const Result<json> shown = Answer([&](Reply reply) {
    bob_->host().Cat("shared", "f", "-1",
                     Fd(::open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)),
                     std::move(reply));
  });
  ASSERT_TRUE(shown.ok()) << shown.error().text;
  EXPECT_EQ(ReadFile(out), "first");
  const Result<json> restored =
      Answer([&](Reply reply) { bob_->host().Restore("shared", "f", "0", std::move(reply)); });
  ASSERT_TRUE(restored.ok()) << restored.error().text;
  ASSERT_TRUE(WaitFor([&] { return ReadFile(ann_->Path("f")) == "first"; }))
      << bob_->Status().dump(1);
  const Result<json> none =
      Answer([&](Reply reply) { bob_->host().Log("shared", "nothing", std::move(reply)); });
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::kNotFound);
}

TEST_F(TwoMachines, ASavedTraceReplays) {
  WriteFile(ann_->Path("f"), "first");
  StartBoth();
  ASSERT_TRUE(WaitSame());
  SyncBoth();
  const std::string out = dir_.path() + "/trace";
  const Result<json> saved = Answer([&](Reply reply) {
    ann_->host().SaveTrace("shared", Fd(::open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)),
                           std::move(reply));
  });
  ASSERT_TRUE(saved.ok()) << saved.error().text;
  const std::string trace = ReadFile(out);
  const Result<ReplayResult> replayed = Replay(trace, ReplayOptions{});
  ASSERT_TRUE(replayed.ok()) << replayed.error().text;
  EXPECT_TRUE(replayed.value().matches)
      << replayed.value().first_difference << " " << replayed.value().event;
  EXPECT_FALSE(replayed.value().damage.has_value());
  EXPECT_GT(replayed.value().steps, 10u);
}

TEST_F(TwoMachines, AStoreThatIsAwayIsSaidAndWaitedFor) {
  WriteFile(ann_->Path("f"), "first");
  StartBoth();
  ASSERT_TRUE(WaitSame());
  SyncBoth();
  fs::rename(store_, store_ + ".away");
  WriteFile(ann_->Path("g"), "made while the store is away");
  ASSERT_TRUE(WaitFor([&] { return ann_->Status()["state"] == "offline"; }))
      << ann_->Status().dump(1);
  fs::rename(store_ + ".away", store_);
  ASSERT_TRUE(WaitFor([&] { return fs::exists(bob_->Path("g")); }))
      << ann_->Status().dump(1) << bob_->Status().dump(1);
}

TEST_F(TwoMachines, AMissingRootIsNoDelete) {
  WriteFile(ann_->Path("f"), "first");
  StartBoth();
  ASSERT_TRUE(WaitSame());
  SyncBoth();
  fs::rename(ann_->root(), ann_->root() + ".away");
  ASSERT_TRUE(WaitFor([&] { return ann_->Status()["state"] == "blocked"; }))
      << ann_->Status().dump(1);
  EXPECT_EQ(ReadFile(bob_->Path("f")), "first");
  fs::rename(ann_->root() + ".away", ann_->root());
  WriteFile(ann_->Path("g"), "after");
  ASSERT_TRUE(WaitFor([&] { return ReadFile(bob_->Path("g")) == "after"; }))
      << ann_->Status().dump(1);
  EXPECT_EQ(ReadFile(bob_->Path("f")), "first");
}

}  // namespace
}  // namespace kinfolder
