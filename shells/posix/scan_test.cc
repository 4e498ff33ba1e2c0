#include "shells/posix/scan.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>

#include "shells/posix/directory.h"
#include "shells/posix/test_tree.h"

namespace kinfolder {
namespace {

constexpr char kNfd[] = "e\xCC\x81";
constexpr char kNfc[] = "\xC3\xA9";

class ScanTest : public testing::Test {
 protected:
  Scanner& Scan(ScanOptions options = {}, PathId top = PathId{}, std::size_t slice = 3) {
    scanner_ = std::make_unique<Scanner>(*root_, &names_, std::move(options), top);
    std::vector<ScanEntry> entries;
    while (scanner_->Step(slice, &entries)) {
    }
    seen_.clear();
    for (const ScanEntry& entry : entries) {
      EXPECT_TRUE(seen_.emplace(names_.WirePath(entry.id), entry.stat).second) << "listed twice";
    }
    return *scanner_;
  }
  DiskPresence PresenceOf(const std::string& wire) {
    return scanner_->PresenceOf(names_.InsertPath(wire).value());
  }
  std::vector<std::string> Seen() const {
    std::vector<std::string> paths;
    for (const auto& [path, stat] : seen_) paths.push_back(path);
    return paths;
  }

  TestTree tree_;
  const Root* root_ = &tree_.root();
  NameTable names_;
  std::unique_ptr<Scanner> scanner_;
  std::map<std::string, FileStat> seen_;
};

TEST_F(ScanTest, ListsAllButItsOwn) {
  tree_.MakeDirs("a/b/empty");
  tree_.Write("a/b/f", "123");
  tree_.Write("line\nfeed", "");
  tree_.Write(std::string(255, 'n'), "x");
  tree_.MakeDirs("a/.kinfolder");
  tree_.Link("../..", "a/up");
  ASSERT_EQ(mkfifo(tree_.At("pipe").c_str(), 0600), 0);
  Scanner& scan = Scan();
  EXPECT_TRUE(scan.problems().empty());
  EXPECT_EQ(scan.root_status(), RootStatus::kOk);
  EXPECT_EQ(Seen(),
            (std::vector<std::string>{"a", "a/.kinfolder", "a/b", "a/b/empty", "a/b/f", "a/up",
                                      "line\nfeed", std::string(255, 'n'), "pipe"}));
  EXPECT_EQ(seen_["a/b/f"].size, 3u);
  EXPECT_EQ(seen_["a/up"].kind, FileKind::kLink);
  EXPECT_EQ(seen_["pipe"].kind, FileKind::kOther);
  EXPECT_EQ(seen_["a/b/empty"].kind, FileKind::kDirectory);
}

TEST_F(ScanTest, WhatIsNotListedIsGone) {
  tree_.MakeDirs("photos");
  tree_.MakeDirs("photos-backup");
  tree_.Write("photos-backup/x", "x");
  tree_.Write("was-directory", "x");
  Scan();
  EXPECT_EQ(PresenceOf("photos"), DiskPresence::kThere);
  EXPECT_EQ(PresenceOf("photos/x"), DiskPresence::kGone);
  EXPECT_EQ(PresenceOf("photos/deep/x"), DiskPresence::kGone);
  EXPECT_EQ(PresenceOf("photos-backup/x"), DiskPresence::kThere);
  EXPECT_EQ(PresenceOf("none/deep/x"), DiskPresence::kGone);
  EXPECT_EQ(PresenceOf("was-directory/x"), DiskPresence::kGone);
}

TEST_F(ScanTest, UnreadableMeansUnknown) {
  tree_.MakeDirs("open/locked/d");
  tree_.Write("open/locked/f", "x");
  ASSERT_EQ(chmod(tree_.At("open/locked").c_str(), 0), 0);
  {
    const WithoutPrivilege plain;
    Scanner& scan = Scan();
    ASSERT_EQ(scan.problems().size(), 1u);
    EXPECT_EQ(scan.problems()[0].kind, ScanProblemKind::kUnreadable);
    EXPECT_EQ(scan.problems()[0].id, names_.FindPath("open/locked"));
    EXPECT_EQ(scan.problems()[0].error, EACCES);
  }
  ASSERT_EQ(chmod(tree_.At("open/locked").c_str(), 0755), 0);
  EXPECT_EQ(PresenceOf("open/locked"), DiskPresence::kThere);
  EXPECT_EQ(PresenceOf("open/locked/f"), DiskPresence::kUnknown);
  EXPECT_EQ(PresenceOf("open/locked/none/deep"), DiskPresence::kUnknown);
  EXPECT_EQ(PresenceOf("open/none"), DiskPresence::kGone);
}

TEST_F(ScanTest, EntriesThatCantBeLookedAtAreUnknown) {
  tree_.MakeDirs("d");
  tree_.Write("d/f", "x");
  ASSERT_EQ(chmod(tree_.At("d").c_str(), 0444), 0);  // may be listed, not searched
  {
    const WithoutPrivilege plain;
    EXPECT_EQ(Scan().problems().size(), 1u);
  }
  ASSERT_EQ(chmod(tree_.At("d").c_str(), 0755), 0);
  EXPECT_EQ(PresenceOf("d/f"), DiskPresence::kUnknown);
  EXPECT_EQ(PresenceOf("d/none"), DiskPresence::kGone);
}

TEST_F(ScanTest, ARootThatIsNotOursHasNothingGone) {
  names_.InsertPath("f").value();
  tree_.Remove(".kinfolder");
  EXPECT_EQ(Scan().root_status(), RootStatus::kNoMarker);
  EXPECT_EQ(PresenceOf("f"), DiskPresence::kUnknown);
  std::filesystem::rename(tree_.root_path(), tree_.base() + "/away");
  EXPECT_EQ(Scan().root_status(), RootStatus::kMissing);
  EXPECT_EQ(PresenceOf("f"), DiskPresence::kUnknown);
}

TEST_F(ScanTest, IgnoredIsNeitherListedNorGone) {
  tree_.MakeDirs("d/build/x");
  tree_.Write("d/build/x/f", "x");
  ScanOptions options;
  options.ignored = [this](PathId dir, std::string_view name) {
    return name == "build" && dir == names_.FindPath("d");
  };
  Scan(options);
  EXPECT_EQ(Seen(), std::vector<std::string>{"d"});
  EXPECT_EQ(PresenceOf("d/build/x/f"), DiskPresence::kUnknown);
  tree_.Remove("d/build");
  Scan(options);
  EXPECT_EQ(PresenceOf("d/build/x/f"), DiskPresence::kUnknown) << "also when it is not there";
  EXPECT_EQ(PresenceOf("d/other"), DiskPresence::kGone);
}

TEST_F(ScanTest, BadNamesAreReported) {
  tree_.Write("bad\xFF", "x");
  Scanner& scan = Scan();
  ASSERT_EQ(scan.problems().size(), 1u);
  EXPECT_EQ(scan.problems()[0].kind, ScanProblemKind::kBadName);
  EXPECT_EQ(scan.problems()[0].name, "bad\xFF");
  EXPECT_TRUE(Seen().empty());
  EXPECT_EQ(names_.size(), 0u);
}

TEST_F(ScanTest, TwoSpellingsClash) {
  tree_.Write(kNfd, "decomposed");
  Scan();
  EXPECT_EQ(Seen(), std::vector<std::string>{kNfc});
  const PathId id = names_.FindPath(kNfc);
  EXPECT_EQ(names_.DiskName(id), kNfd);

  tree_.Write(kNfc, "composed too");
  Scanner& scan = Scan();
  ASSERT_EQ(scan.problems().size(), 1u);
  EXPECT_EQ(scan.problems()[0].kind, ScanProblemKind::kClash);
  EXPECT_EQ(scan.problems()[0].id, id);
  EXPECT_EQ(scan.problems()[0].name, kNfc);
  EXPECT_EQ(seen_[kNfc].size, 10u) << "the one known before stays the path's";

  tree_.Remove(kNfd);
  EXPECT_TRUE(Scan().problems().empty());
  EXPECT_EQ(names_.DiskName(id), kNfc) << "the file was renamed on disk only";
  EXPECT_EQ(seen_[kNfc].size, 12u);
}

TEST_F(ScanTest, OneDirectoryAlone) {
  tree_.MakeDirs("a/b");
  tree_.Write("a/b/f", "x");
  tree_.Write("z", "x");
  Scan();
  tree_.Remove("a/b/f");
  tree_.Remove("z");
  tree_.Write("a/b/g", "x");
  Scan({}, names_.FindPath("a"));
  EXPECT_EQ(Seen(), (std::vector<std::string>{"a/b", "a/b/g"}));
  EXPECT_EQ(PresenceOf("a/b/f"), DiskPresence::kGone);
  EXPECT_EQ(PresenceOf("z"), DiskPresence::kUnknown) << "outside of what was scanned";
}

TEST_F(ScanTest, DeeperThanDescriptorsAreKept) {
  std::string path;
  for (int i = 0; i < 200; ++i) {
    path += "d/";
    tree_.MakeDirs(path);
    tree_.Write(path + "f", "x");
    tree_.MakeDirs(path + "e");
  }
  Scanner& scan = Scan();
  EXPECT_TRUE(scan.problems().empty());
  EXPECT_EQ(seen_.size(), 600u);
}

TEST_F(ScanTest, ADirectoryExchangedOnTheWayIsUnknown) {
  std::string path;
  for (int i = 0; i < 100; ++i) path += "d/";
  tree_.MakeDirs(path);
  tree_.MakeDirs("d/e");
  Scanner scanner(tree_.root(), &names_, {});
  std::vector<ScanEntry> entries;
  const std::string last = path.substr(0, path.size() - 1);
  // "d" is closed by now to spare descriptors, if "d/d" is entered before "d/e"; then another one
  // is put in its place.
  while (scanner.Step(1, &entries) && !names_.FindPath(last)) {
  }
  tree_.Rename("d", "moved");
  tree_.MakeDirs("d/e");
  while (scanner.Step(1, &entries)) {
  }
  const DiskPresence inside = scanner.PresenceOf(names_.InsertPath("d/e/none").value());
  EXPECT_NE(inside, DiskPresence::kThere);
  // Either "d/e" was listed while it was the right one, or it is unknown and reported.
  EXPECT_EQ(inside == DiskPresence::kUnknown, !scanner.problems().empty());
}

TEST_F(ScanTest, HookComesBeforeTheListing) {
  tree_.MakeDirs("a/b");
  ScanOptions options;
  std::vector<std::string> hooked;
  options.on_directory = [&](PathId dir, int fd) {
    hooked.push_back(names_.WirePath(dir));
    // What is made now must still be listed.
    const int made = openat(fd, "new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT_GE(made, 0);
    close(made);
  };
  Scan(options);
  EXPECT_EQ(hooked, (std::vector<std::string>{"", "a", "a/b"}));
  EXPECT_EQ(Seen(), (std::vector<std::string>{"a", "a/b", "a/b/new", "a/new", "new"}));
}

TEST_F(ScanTest, OtherFileSystemsAreNotEntered) {
  tree_.MakeDirs("disk");
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("none", tree_.At("disk").c_str(), "tmpfs", 0, nullptr) != 0) {
    GTEST_SKIP() << "may not mount here";
  }
  tree_.Write("disk/f", "x");
  // Anew: what was open before sees the mounts of before.
  const Result<Root> root = Root::Open(tree_.root_path(), {"folder-1", "state-1"});
  ASSERT_TRUE(root.ok());
  root_ = &root.value();
  Scanner& scan = Scan();
  ASSERT_EQ(scan.problems().size(), 1u);
  EXPECT_EQ(scan.problems()[0].kind, ScanProblemKind::kMountPoint);
  EXPECT_EQ(Seen(), std::vector<std::string>{"disk"});
  EXPECT_EQ(PresenceOf("disk/none"), DiskPresence::kUnknown);
  EXPECT_EQ(LookAt(*root_, {"disk", "none"}).presence, DiskPresence::kUnknown);
  EXPECT_EQ(LookAt(*root_, {"disk", "none"}).error, EXDEV);
  ASSERT_EQ(umount2(tree_.At("disk").c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace kinfolder
