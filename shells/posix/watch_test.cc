#include "shells/posix/watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>

#include "shells/posix/test_tree.h"

namespace kinfolder {
namespace {

constexpr char kNfd[] = "e\xCC\x81";
constexpr char kNfc[] = "\xC3\xA9";

class WatchTest : public testing::Test {
 protected:
  void Start(std::function<bool(PathId, std::string_view)> ignored = nullptr) {
    auto created = Watcher::Create(tree_.root(), &names_, ignored);
    ASSERT_TRUE(created.ok());
    watcher_ = std::move(created.value());
    Scan(ignored);
  }
  void Scan(std::function<bool(PathId, std::string_view)> ignored = nullptr) {
    ScanOptions options;
    options.ignored = ignored;
    options.on_directory = watcher_->directory_hook();
    Scanner scanner(tree_.root(), &names_, options);
    std::vector<ScanEntry> entries;
    while (scanner.Step(1000, &entries)) {
    }
  }
  // Inotify tells at once: what was done before is there to be read.
  void Read() {
    events_ = watcher_->Read();
    told_.clear();
    for (const WatchEvent& event : events_) {
      told_.insert(KindName(event.kind) + names_.WirePath(event.id));
    }
  }
  static std::string KindName(WatchEventKind kind) {
    switch (kind) {
      case WatchEventKind::kSettled:
        return "+";
      case WatchEventKind::kModified:
        return "~";
      case WatchEventKind::kRemoved:
        return "-";
      case WatchEventKind::kOverflow:
        return "overflow";
      case WatchEventKind::kDied:
        return "died";
    }
    return "?";
  }
  bool Told(const std::string& what) const { return told_.count(what) != 0; }

  TestTree tree_;
  NameTable names_;
  std::unique_ptr<Watcher> watcher_;
  std::vector<WatchEvent> events_;
  std::set<std::string> told_;
};

TEST_F(WatchTest, TellsWhatHappensToFiles) {
  tree_.MakeDirs("d");
  tree_.Write("d/old", "x");
  Start();
  Read();
  EXPECT_TRUE(events_.empty());
  tree_.Write("d/new\n", "x");
  pollfd waiting = {watcher_->fd(), POLLIN, 0};
  EXPECT_EQ(poll(&waiting, 1, 0), 1);
  Read();
  EXPECT_TRUE(Told("+d/new\n"));
  tree_.Link("old", "l");
  ASSERT_EQ(chmod(tree_.At("d/old").c_str(), 0700), 0);
  Read();
  EXPECT_EQ(told_, (std::set<std::string>{"+l", "+d/old"}));
  tree_.Rename("d/old", "moved");
  Read();
  EXPECT_EQ(told_, (std::set<std::string>{"-d/old", "+moved"}));
  tree_.Remove("moved");
  Read();
  EXPECT_TRUE(Told("-moved"));
}

TEST_F(WatchTest, AFileBeingWrittenIsModifiedUntilClosed) {
  Start();
  std::ofstream out(tree_.At("log"));
  out << "first" << std::flush;
  Read();
  EXPECT_EQ(told_, std::set<std::string>{"~log"});
  out.close();
  Read();
  EXPECT_EQ(told_, std::set<std::string>{"+log"});
}

TEST_F(WatchTest, NewTreesAreWatchedAndListed) {
  Start();
  std::filesystem::create_directories(tree_.base() + "/outside/a/b");
  std::ofstream(tree_.base() + "/outside/a/b/f") << "x";
  std::filesystem::rename(tree_.base() + "/outside", tree_.At("in"));
  tree_.MakeDirs("made/deep");
  tree_.Write("made/deep/f", "x");  // before anybody had a chance to watch it
  Read();
  for (const char* what :
       {"+in", "+in/a", "+in/a/b", "+in/a/b/f", "+made", "+made/deep", "+made/deep/f"}) {
    EXPECT_TRUE(Told(what)) << what;
  }
  EXPECT_EQ(watcher_->watched_directories(), 6u);
  tree_.Write("in/a/b/g", "x");
  tree_.Write("made/deep/g", "x");
  Read();
  EXPECT_TRUE(Told("+in/a/b/g"));
  EXPECT_TRUE(Told("+made/deep/g"));
}

TEST_F(WatchTest, MovedDirectoriesAreToldByTheirNewNames) {
  tree_.MakeDirs("a/b");
  Start();
  tree_.Rename("a", "z");
  tree_.Write("z/b/f", "x");
  Read();
  EXPECT_TRUE(Told("-a"));
  EXPECT_TRUE(Told("+z/b/f"));
  EXPECT_FALSE(Told("+a/b/f"));
  tree_.Write("z/b/g", "x");
  Read();
  EXPECT_EQ(told_.count("+z/b/g"), 1u);
  EXPECT_EQ(watcher_->watched_directories(), 3u);
}

TEST_F(WatchTest, DirectoriesMovedOutAreNotTold) {
  tree_.MakeDirs("a/b");
  Start();
  std::filesystem::rename(tree_.At("a"), tree_.base() + "/outside");
  Read();
  EXPECT_EQ(told_, std::set<std::string>{"-a"});
  EXPECT_EQ(watcher_->watched_directories(), 1u);
  std::ofstream(tree_.base() + "/outside/b/f") << "x";
  Read();
  EXPECT_TRUE(events_.empty());
}

TEST_F(WatchTest, PassingNamesGetNoIds) {
  Start();
  for (int i = 0; i < 100; ++i) {
    tree_.Write("tmp" + std::to_string(i), "x");
    tree_.Remove("tmp" + std::to_string(i));
  }
  Read();
  EXPECT_TRUE(events_.empty());
  EXPECT_EQ(names_.size(), 0u);
}

TEST_F(WatchTest, ItsOwnAndIgnoredNamesAreNotTold) {
  tree_.MakeDirs("build");
  Start([](PathId, std::string_view name) { return name == "build"; });
  EXPECT_EQ(watcher_->watched_directories(), 1u);
  tree_.Write(".kinfolder/tmp/x", "x");
  tree_.Write("build/x", "x");
  tree_.Remove("build");
  tree_.MakeDirs("build");
  Read();
  EXPECT_TRUE(events_.empty());
}

TEST_F(WatchTest, SpellingsAreOnePath) {
  tree_.Write(kNfd, "x");
  Start();
  const PathId id = names_.FindPath(kNfc);
  tree_.Rename(kNfd, kNfc);
  Read();
  EXPECT_EQ(told_, (std::set<std::string>{std::string("-") + kNfc, std::string("+") + kNfc}));
  EXPECT_EQ(names_.DiskName(id), kNfc);
  tree_.Write(kNfd, "a clash");
  tree_.Write("bad\xFF", "no name");
  Read();
  EXPECT_TRUE(events_.empty()) << "scans report it";
  EXPECT_EQ(names_.DiskName(id), kNfc);
}

TEST_F(WatchTest, OverflowIsTold) {
  Start();
  std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
  int max_events = 0;
  limit >> max_events;
  ASSERT_GT(max_events, 0);
  tree_.Write("a", "x");
  tree_.Write("b", "x");
  for (int i = 0; i < max_events; ++i) {  // equal events in a row would be one
    ASSERT_EQ(chmod(tree_.At(i % 2 == 0 ? "a" : "b").c_str(), 0600), 0);
  }
  Read();
  while (!events_.empty() && !Told("overflow")) Read();
  EXPECT_TRUE(Told("overflow"));
  tree_.Write("after", "x");
  Read();
  while (!events_.empty() && !Told("+after")) Read();
  EXPECT_TRUE(Told("+after")) << "it goes on";
}

TEST_F(WatchTest, TheEndOfTheRootIsTold) {
  Start();
  std::filesystem::rename(tree_.root_path(), tree_.base() + "/away");
  Read();
  EXPECT_TRUE(Told("died"));
  std::filesystem::rename(tree_.base() + "/away", tree_.root_path());
  Read();
  tree_.Remove("");
  Read();
  EXPECT_TRUE(Told("died"));
}

TEST_F(WatchTest, UnreadableDirectoriesAreWatchedOnceReadable) {
  tree_.MakeDirs("locked");
  tree_.Write("locked/f", "x");
  ASSERT_EQ(chmod(tree_.At("locked").c_str(), 0), 0);
  {
    const WithoutPrivilege plain;
    Start();
  }
  EXPECT_EQ(watcher_->watched_directories(), 1u);
  ASSERT_EQ(chmod(tree_.At("locked").c_str(), 0755), 0);
  Read();
  EXPECT_TRUE(Told("+locked/f"));
  EXPECT_EQ(watcher_->watched_directories(), 2u);
}

TEST_F(WatchTest, RunningOutOfWatchesIsReportedAndGoesOn) {
  tree_.MakeDirs("a");
  tree_.MakeDirs("b");
  // A user namespace of its own has limits of its own.
  if (unshare(CLONE_NEWUSER) != 0) GTEST_SKIP() << "no user namespace to be had";
  std::ofstream limit("/proc/sys/user/max_inotify_watches");
  limit << 2 << std::flush;
  if (!limit.good()) GTEST_SKIP() << "the limit can't be set";
  Start();
  const std::vector<WatchProblem> problems = watcher_->TakeProblems();
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].error, ENOSPC);
  EXPECT_EQ(watcher_->watched_directories(), 2u);
  EXPECT_TRUE(watcher_->TakeProblems().empty());
  const std::string watched = names_.WirePath(problems[0].dir) == "a" ? "b" : "a";
  tree_.Write(watched + "/f", "x");
  Read();
  EXPECT_TRUE(Told("+" + watched + "/f"));
}

}  // namespace
}  // namespace kinfolder
