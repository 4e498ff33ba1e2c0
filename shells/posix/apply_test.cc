#include "shells/posix/apply.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "shells/posix/look.h"
#include "shells/posix/test_tree.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

class TextSource : public ContentSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> Read(std::span<std::byte> out) override {
    if (fail) return MakeError(ErrorKind::kUnavailable, "store down");
    const std::size_t n = std::min(out.size(), text_.size() - at_);
    std::copy_n(reinterpret_cast<const std::byte*>(text_.data()) + at_, n, out.begin());
    at_ += n;
    return n;
  }
  bool fail = false;

 private:
  std::string text_;
  std::size_t at_ = 0;
};

// With and without an atomic exchange.
class ApplyTest : public testing::TestWithParam<bool> {
 protected:
  ApplyTest() {
    options_.avoid_exchange = GetParam();
    umask(022);
  }
  Applier With(std::function<void()> gap = nullptr) {
    ApplyOptions options = options_;
    options.in_gap = std::move(gap);
    return Applier(tree_.root(), options);
  }
  std::string Stage(const std::string& text, StageRequest request = {}) {
    const std::string name = Applier::TmpName(++last_);
    TextSource source(text);
    EXPECT_TRUE(With().Stage(name, request, &source).ok());
    EXPECT_TRUE(With().SyncStaged({name}).ok());
    return name;
  }
  std::string NewName() { return Applier::TmpName(++last_); }
  FileStat Look(const DiskPath& path) {
    const DiskLook look = LookAt(tree_.root(), path);
    EXPECT_EQ(look.presence, DiskPresence::kThere);
    return look.stat;
  }
  std::string Tmp(const std::string& name) { return tree_.Read(".kinfolder/tmp/" + name); }
  std::vector<std::string> TmpList() { return tree_.List(".kinfolder/tmp"); }
  using Names = std::vector<std::string>;

  TestTree tree_;
  ApplyOptions options_;
  std::uint64_t last_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Renames, ApplyTest, testing::Values(false, true),
                         [](const auto& info) { return info.param ? "Plain" : "Exchange"; });

TEST_P(ApplyTest, StagedFilesHaveTheirTimesAndModes) {
  StageRequest request;
  request.mtime_ns = 1234567890123456789;
  TextSource plain("text");
  Result<FileStat> stat = With().Stage("1", request, &plain);
  ASSERT_TRUE(stat.ok());
  EXPECT_EQ(stat.value().mtime_ns, request.mtime_ns);
  EXPECT_EQ(stat.value().mode, 0644u);
  EXPECT_EQ(stat.value().size, 4u);

  request.exec = true;
  request.mtime_ns = -1500000000;
  TextSource program("text");
  stat = With().Stage("2", request, &program);
  ASSERT_TRUE(stat.ok());
  EXPECT_EQ(stat.value().mode, 0755u);
  EXPECT_EQ(stat.value().mtime_ns, -1500000000);

  const std::pair<unsigned, std::pair<unsigned, unsigned>> kept[] = {
      {0600, {0600, 0700}}, {0664, {0664, 0775}}, {0755, {0644, 0755}}, {04711, {0600, 0700}}};
  int n = 3;
  for (const auto& [replaced, expected] : kept) {
    for (const bool exec : {false, true}) {
      request.exec = exec;
      request.replaced_mode = replaced;
      TextSource source("x");
      stat = With().Stage(std::to_string(n++), request, &source);
      EXPECT_EQ(stat.value().mode, exec ? expected.second : expected.first) << replaced;
    }
  }
}

TEST_P(ApplyTest, AStagingThatFailsLeavesNothing) {
  TextSource source("x");
  source.fail = true;
  EXPECT_EQ(With().Stage("1", {}, &source).error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(TmpList().empty());
  const std::string name = Stage("kept");
  TextSource other("other");
  EXPECT_EQ(With().Stage(name, {}, &other).error().kind, ErrorKind::kExists);
  EXPECT_EQ(Tmp(name), "kept");
}

TEST_P(ApplyTest, PutsNewFilesAndTheirDirectories) {
  const std::string name = Stage("new");
  const ApplyResult result = With().Replace({"a", "b", "f"}, std::nullopt, name);
  ASSERT_EQ(result.outcome, ApplyOutcome::kDone);
  EXPECT_FALSE(result.found.has_value());
  EXPECT_EQ(*result.placed, Look({"a", "b", "f"}));
  EXPECT_EQ(result.touched, (std::vector<DiskPath>{{"a", "b"}, {"a"}, {}}));
  EXPECT_EQ(tree_.Read("a/b/f"), "new");
  EXPECT_TRUE(TmpList().empty());
  EXPECT_TRUE(With().SyncDirectories(result.touched).ok());
}

TEST_P(ApplyTest, NeverReplacesWhatWasNotExpected) {
  tree_.Write("f", "user's");
  const std::string name = Stage("new");
  ApplyResult result = With().Replace({"f"}, std::nullopt, name);
  EXPECT_EQ(result.outcome, ApplyOutcome::kRefused);
  EXPECT_EQ(*result.found, Look({"f"}));
  EXPECT_TRUE(result.touched.empty());

  const FileStat before = Look({"f"});
  tree_.Write("f", "edited");
  result = With().Replace({"f"}, before, name);
  EXPECT_EQ(result.outcome, ApplyOutcome::kRefused);
  EXPECT_EQ(tree_.Read("f"), "edited");

  tree_.Remove("f");
  result = With().Replace({"f"}, before, name);
  EXPECT_EQ(result.outcome, ApplyOutcome::kRefused);
  EXPECT_FALSE(result.found.has_value());
  EXPECT_EQ(Tmp(name), "new") << "what was staged is still there";

  result = With([&] { tree_.Write("f", "came in the gap"); }).Replace({"f"}, std::nullopt, name);
  EXPECT_EQ(result.outcome, ApplyOutcome::kRefused);
  EXPECT_EQ(result.found->size, 15u);
  EXPECT_EQ(tree_.Read("f"), "came in the gap");
  EXPECT_EQ(Tmp(name), "new");
}

TEST_P(ApplyTest, ReplacesAndKeepsTheOldUntilItIsDropped) {
  tree_.Write("f", "old");
  const FileStat old = Look({"f"});
  const std::string name = Stage("new");
  const ApplyResult result = With().Replace({"f"}, old, name);
  ASSERT_EQ(result.outcome, ApplyOutcome::kDone);
  EXPECT_EQ(tree_.Read("f"), "new");
  EXPECT_EQ(Tmp(name), "old");
  EXPECT_EQ(result.found->inode, old.inode);
  EXPECT_EQ(*result.placed, Look({"f"}));
  EXPECT_EQ(With().LookAtDisplaced(name, *result.found), DisplacedState::kUnchanged);
  EXPECT_EQ(With().DropDisplaced(name, *result.found), DisplacedState::kUnchanged);
  EXPECT_EQ(With().DropDisplaced(name, *result.found), DisplacedState::kGone);
  EXPECT_TRUE(TmpList().empty());
}

TEST_P(ApplyTest, AnEditOfTheDisplacedFileIsNotDropped) {
  tree_.Write("f", "old");
  std::ofstream program(tree_.At("f"), std::ios::app);
  const std::string name = Stage("new");
  const ApplyResult result = With().Replace({"f"}, Look({"f"}), name);
  ASSERT_EQ(result.outcome, ApplyOutcome::kDone);
  EXPECT_EQ(With().DropDisplaced(name, *result.found), DisplacedState::kBeingWritten);
  program << " and more" << std::flush;
  EXPECT_EQ(With().DropDisplaced(name, *result.found), DisplacedState::kChanged);
  program.close();
  EXPECT_EQ(With().DropDisplaced(name, *result.found), DisplacedState::kChanged);
  EXPECT_EQ(Tmp(name), "old and more");
}

TEST_P(ApplyTest, AFileReplacedInTheGapIsNotLost) {
  tree_.Write("f", "old");
  const FileStat old = Look({"f"});
  const std::string name = Stage("new");
  const auto gap = [&] {
    tree_.Write("draft", "user's");
    tree_.Rename("draft", "f");
  };
  const ApplyResult result = With(gap).Replace({"f"}, old, name);
  if (options_.avoid_exchange) {  // seen before anything was put
    EXPECT_EQ(result.outcome, ApplyOutcome::kRefused);
    EXPECT_EQ(tree_.Read("f"), "user's");
    EXPECT_EQ(Tmp(name), "new");
    return;
  }
  ASSERT_EQ(result.outcome, ApplyOutcome::kCameOutOther);
  EXPECT_EQ(tree_.Read("f"), "new");
  EXPECT_EQ(Tmp(name), "user's");
  EXPECT_EQ(result.found->size, 6u);
  const ApplyResult back = With().PutBack({"f"}, result.placed, name);
  ASSERT_EQ(back.outcome, ApplyOutcome::kDone);
  EXPECT_EQ(tree_.Read("f"), "user's");
  EXPECT_EQ(Tmp(name), "new");
}

TEST_P(ApplyTest, WhatComesWhileNothingIsThereStays) {
  if (!options_.avoid_exchange) return;  // with an exchange there is no such moment
  tree_.Write("f", "old");
  const FileStat old = Look({"f"});
  const std::string name = Stage("new");
  options_.in_absence = [&] { tree_.Write("f", "user's"); };
  const ApplyResult result = With().Replace({"f"}, old, name);
  EXPECT_EQ(result.outcome, ApplyOutcome::kRefused);
  EXPECT_EQ(result.found->size, 6u);
  EXPECT_EQ(tree_.Read("f"), "user's");
  EXPECT_EQ(Tmp(name), "new");
  EXPECT_EQ(Tmp(result.aside), "old");
}

TEST_P(ApplyTest, AFileEditedInTheGapIsNotLost) {
  tree_.Write("f", "old");
  const FileStat old = Look({"f"});
  const std::string name = Stage("new");
  const ApplyResult result = With([&] { tree_.Write("f", "OLD"); }).Replace({"f"}, old, name);
  EXPECT_EQ(result.outcome,
            options_.avoid_exchange ? ApplyOutcome::kRefused : ApplyOutcome::kCameOutOther);
  EXPECT_EQ(options_.avoid_exchange ? tree_.Read("f") : Tmp(name), "OLD");
}

TEST_P(ApplyTest, AFileRemovedInTheGapStaysRemoved) {
  tree_.Write("f", "old");
  const FileStat old = Look({"f"});
  const std::string name = Stage("new");
  const ApplyResult result = With([&] { tree_.Remove("f"); }).Replace({"f"}, old, name);
  EXPECT_EQ(result.outcome, ApplyOutcome::kRefused);
  EXPECT_FALSE(result.found.has_value());
  EXPECT_FALSE(tree_.Exists("f"));
  EXPECT_EQ(Tmp(name), "new");
}

TEST_P(ApplyTest, ADirectoryThatCameInTheGapStaysWhereItIs) {
  tree_.Write("f", "old");
  const FileStat old = Look({"f"});
  const std::string name = Stage("new");
  const auto gap = [&] {
    tree_.Remove("f");
    tree_.MakeDirs("f/sub");
    tree_.Write("f/sub/x", "user's");
  };
  ApplyResult result = With(gap).Replace({"f"}, old, name);
  EXPECT_EQ(result.outcome, ApplyOutcome::kRefused);
  EXPECT_EQ(result.found->kind, FileKind::kDirectory);
  EXPECT_EQ(tree_.Read("f/sub/x"), "user's");
  EXPECT_EQ(Tmp(name), "new");
  tree_.Write("g", "old");
  const auto gap_g = [&] {
    tree_.Remove("g");
    tree_.Rename("f", "g");
  };
  result = With(gap_g).Remove({"g"}, Look({"g"}), NewName());
  EXPECT_EQ(result.outcome, ApplyOutcome::kRefused);
  EXPECT_EQ(tree_.Read("g/sub/x"), "user's");
  EXPECT_EQ(TmpList(), Names{name});
}

TEST_P(ApplyTest, ALinkSwappedInForAParentIsNotFollowed) {
  fs::create_directory(tree_.base() + "/outside");
  std::ofstream(tree_.base() + "/outside/f") << "outside";
  tree_.MakeDirs("d");
  tree_.Write("d/f", "old");
  const FileStat old = Look({"d", "f"});
  const std::string name = Stage("new");
  tree_.Rename("d", "d2");
  tree_.Link("../outside", "d");
  EXPECT_EQ(With().Replace({"d", "f"}, old, name).outcome, ApplyOutcome::kRefused);
  EXPECT_EQ(With().Replace({"d", "g"}, std::nullopt, name).outcome, ApplyOutcome::kBlocked);
  EXPECT_EQ(With().Replace({"d", "x", "g"}, std::nullopt, name).outcome, ApplyOutcome::kBlocked);
  EXPECT_EQ(With().Remove({"d", "f"}, old, NewName()).outcome, ApplyOutcome::kRefused);
  tree_.Remove("d");
  tree_.Rename("d2", "d");
  // While the replacement is under way: it ends in the directory it began in.
  const auto gap = [&] {
    tree_.Rename("d", "d2");
    tree_.Link("../outside", "d");
  };
  EXPECT_EQ(With(gap).Replace({"d", "f"}, old, name).outcome, ApplyOutcome::kDone);
  EXPECT_EQ(tree_.Read("d2/f"), "new");
  std::ifstream outside(tree_.base() + "/outside/f");
  std::string text;
  outside >> text;
  EXPECT_EQ(text, "outside");
  EXPECT_EQ(std::distance(fs::directory_iterator(tree_.base() + "/outside"), {}), 1);
}

TEST_P(ApplyTest, RemovesAsideAndPutsBack) {
  tree_.MakeDirs("a/b");
  tree_.Write("a/b/f", "old");
  tree_.Write("a/keep", "x");
  const std::string name = NewName();
  ApplyResult result = With().Remove({"a", "b", "f"}, Look({"a", "b", "f"}), name, 2);
  ASSERT_EQ(result.outcome, ApplyOutcome::kDone);
  EXPECT_FALSE(tree_.Exists("a/b")) << "empty, and may be removed";
  EXPECT_TRUE(tree_.Exists("a/keep"));
  EXPECT_EQ(result.touched, std::vector<DiskPath>{{"a"}});
  EXPECT_TRUE(With().SyncDirectories({{"a", "b"}}).ok()) << "the nearest that is there";
  EXPECT_EQ(Tmp(name), "old");
  EXPECT_EQ(With().LookAtDisplaced(name, *result.found), DisplacedState::kUnchanged);

  result = With().PutBack({"a", "b", "f"}, std::nullopt, name);
  ASSERT_EQ(result.outcome, ApplyOutcome::kDone);
  EXPECT_EQ(tree_.Read("a/b/f"), "old");
  EXPECT_TRUE(TmpList().empty());

  result = With().Remove({"a", "b", "f"}, Look({"a", "b", "f"}), NewName());
  EXPECT_EQ(result.outcome, ApplyOutcome::kDone);
  EXPECT_TRUE(tree_.Exists("a/b")) << "not given as removable";
}

TEST_P(ApplyTest, TheRootIsNeverRemoved) {
  tree_.Write("f", "x");
  const std::string name = NewName();
  EXPECT_EQ(With().Remove({"f"}, Look({"f"}), name, 100).outcome, ApplyOutcome::kDone);
  EXPECT_EQ(tree_.root().Check(), RootStatus::kOk);
  EXPECT_EQ(With().Remove({".kinfolder", "tmp", name}, {}, "x").outcome, ApplyOutcome::kBlocked);
  EXPECT_EQ(With().Replace({".kinfolder", "root.json"}, std::nullopt, name).outcome,
            ApplyOutcome::kBlocked);
  for (const DiskPath& path : {DiskPath{}, DiskPath{".."}, DiskPath{"a", "../../f"}}) {
    EXPECT_EQ(With().Replace(path, std::nullopt, name).outcome, ApplyOutcome::kBlocked);
    EXPECT_EQ(With().Remove(path, {}, name).outcome, ApplyOutcome::kBlocked);
  }
}

TEST_P(ApplyTest, RemovesOnlyWhatIsExpected) {
  tree_.Write("f", "old");
  const FileStat old = Look({"f"});
  tree_.Write("f", "newer");
  EXPECT_EQ(With().Remove({"f"}, old, NewName()).outcome, ApplyOutcome::kRefused);
  EXPECT_EQ(tree_.Read("f"), "newer");

  const std::string name = NewName();
  const auto gap = [&] {
    tree_.Write("draft", "user's");
    tree_.Rename("draft", "f");
  };
  const ApplyResult result = With(gap).Remove({"f"}, Look({"f"}), name);
  ASSERT_EQ(result.outcome, ApplyOutcome::kCameOutOther);
  EXPECT_EQ(Tmp(name), "user's");
  EXPECT_EQ(With().PutBack({"f"}, std::nullopt, name).outcome, ApplyOutcome::kDone);
  EXPECT_EQ(tree_.Read("f"), "user's");

  tree_.Remove("f");
  EXPECT_EQ(With().Remove({"f"}, old, NewName()).outcome, ApplyOutcome::kRefused);
}

TEST_P(ApplyTest, LinksAndDirectoriesAreKindsToo) {
  StageRequest link;
  link.kind = FileKind::kLink;
  link.link_target = "../somewhere/else";
  link.mtime_ns = 1000000001;
  StageRequest directory;
  directory.kind = FileKind::kDirectory;

  tree_.Write("f", "old");
  ApplyResult result = With().Replace({"f"}, Look({"f"}), Stage("", link));
  ASSERT_EQ(result.outcome, ApplyOutcome::kDone);
  EXPECT_EQ(fs::read_symlink(tree_.At("f")), "../somewhere/else");
  EXPECT_EQ(Look({"f"}).mtime_ns, link.mtime_ns);

  std::string name = Stage("", directory);
  result = With().Replace({"f"}, Look({"f"}), name);
  ASSERT_EQ(result.outcome, ApplyOutcome::kDone);
  EXPECT_TRUE(fs::is_directory(tree_.At("f")));
  EXPECT_EQ(With().DropDisplaced(name, *result.found), DisplacedState::kUnchanged);

  name = Stage("file again");
  tree_.Write("f/x", "user's");
  EXPECT_EQ(With().Replace({"f"}, Look({"f"}), name).outcome, ApplyOutcome::kRefused);
  EXPECT_EQ(With().Remove({"f"}, Look({"f"}), NewName()).outcome, ApplyOutcome::kRefused);
  tree_.Remove("f/x");
  const FileStat empty = Look({"f"});
  const auto gap = [&] { tree_.Write("f/y", "user's"); };
  EXPECT_EQ(With(gap).Replace({"f"}, empty, name).outcome, ApplyOutcome::kRefused);
  tree_.Remove("f/y");
  ASSERT_EQ(With().Replace({"f"}, Look({"f"}), name).outcome, ApplyOutcome::kDone);
  EXPECT_EQ(tree_.Read("f"), "file again");

  result = With().Replace({"new", "empty"}, std::nullopt, Stage("", directory));
  ASSERT_EQ(result.outcome, ApplyOutcome::kDone);
  result = With().Remove({"new", "empty"}, Look({"new", "empty"}), NewName(), 1);
  ASSERT_EQ(result.outcome, ApplyOutcome::kDone);
  EXPECT_FALSE(result.found.has_value());
  EXPECT_FALSE(tree_.Exists("new"));
}

TEST_P(ApplyTest, RecoveryFindsWhichInodeIsWhere) {
  tree_.Write("f", "old");
  const FileStat old = Look({"f"});
  const std::string name = Stage("new");
  Result<std::vector<TmpEntry>> listing = With().RecoverListing();
  ASSERT_TRUE(listing.ok());
  ASSERT_EQ(listing.value().size(), 1u);
  const std::uint64_t staged_inode = listing.value()[0].stat.inode;
  EXPECT_EQ(listing.value()[0].name, name);
  ASSERT_EQ(With().Replace({"f"}, old, name).outcome, ApplyOutcome::kDone);
  listing = With().RecoverListing();
  EXPECT_EQ(listing.value()[0].stat.inode, old.inode);
  EXPECT_EQ(Look({"f"}).inode, staged_inode);
  EXPECT_TRUE(With().Discard(name).ok());
  EXPECT_TRUE(With().Discard(name).ok()) << "safe to do twice";
  EXPECT_TRUE(With().RecoverListing().value().empty());
}

TEST_P(ApplyTest, ManyAreSyncedAtOnce) {
  StageRequest link;
  link.kind = FileKind::kLink;
  link.link_target = "x";
  std::vector<std::string> names = {Stage("", link)};
  EXPECT_TRUE(With().SyncStaged(names).ok());
  while (names.size() < 20) names.push_back(Stage("text"));
  EXPECT_TRUE(With().SyncStaged(names).ok());
  EXPECT_EQ(With().SyncStaged({"none"}).error().kind, ErrorKind::kNotFound);
  std::vector<DiskPath> touched;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const DiskPath path = {"d" + std::to_string(i % 100), "f" + std::to_string(i)};
    const ApplyResult result = With().Replace(path, std::nullopt, names[i]);
    ASSERT_EQ(result.outcome, ApplyOutcome::kDone);
    touched.insert(touched.end(), result.touched.begin(), result.touched.end());
  }
  EXPECT_TRUE(With().SyncDirectories(touched).ok());
}

TEST_P(ApplyTest, OddNames) {
  for (const std::string& odd :
       {std::string(255, 'n'), std::string("line\nfeed"), std::string(" "), std::string("-rf"),
        std::string("e\xCC\x81"), std::string("\xC3\xA9")}) {
    ASSERT_EQ(With().Replace({odd, odd}, std::nullopt, Stage("x")).outcome, ApplyOutcome::kDone);
    EXPECT_EQ(tree_.Read(odd + "/" + odd), "x");
  }
  const std::string name = Stage("x");
  const ApplyResult result = With().Replace({"new", std::string(256, 'n')}, std::nullopt, name);
  EXPECT_EQ(result.outcome, ApplyOutcome::kBlocked);
  EXPECT_EQ(result.error.kind, ErrorKind::kInvalid);
  EXPECT_FALSE(tree_.Exists("new")) << "directories made for nothing are removed";
}

TEST_P(ApplyTest, NotPermittedIsBlocked) {
  tree_.MakeDirs("d");
  tree_.Write("d/f", "old");
  const FileStat old = Look({"d", "f"});
  const std::string name = Stage("new");
  ASSERT_EQ(chmod(tree_.At("d").c_str(), 0555), 0);
  {
    const WithoutPrivilege plain;
    EXPECT_EQ(With().Replace({"d", "f"}, old, name).error.kind, ErrorKind::kPermission);
    EXPECT_EQ(With().Replace({"d", "g"}, std::nullopt, name).error.kind, ErrorKind::kPermission);
    EXPECT_EQ(With().Remove({"d", "f"}, old, NewName()).error.kind, ErrorKind::kPermission);
  }
  ASSERT_EQ(chmod(tree_.At("d").c_str(), 0755), 0);
  EXPECT_EQ(tree_.Read("d/f"), "old");
  EXPECT_EQ(Tmp(name), "new");
}

}  // namespace
}  // namespace kinfolder
