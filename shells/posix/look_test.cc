#include "shells/posix/look.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "shells/posix/directory.h"
#include "shells/posix/test_tree.h"

namespace kinfolder {
namespace {

TEST(LookTest, SeesWhatIsThere) {
  TestTree tree;
  tree.MakeDirs("d/e");
  tree.Write("d/e/f", "12345");
  tree.Link("f", "d/e/l");
  ASSERT_EQ(chmod(tree.At("d/e/f").c_str(), 0754), 0);
  const DiskLook file = LookAt(tree.root(), {"d", "e", "f"});
  EXPECT_EQ(file.presence, DiskPresence::kThere);
  EXPECT_EQ(file.stat.kind, FileKind::kFile);
  EXPECT_EQ(file.stat.size, 5u);
  EXPECT_TRUE(file.stat.exec);
  EXPECT_EQ(file.stat.mode, 0754u);
  const DiskLook link = LookAt(tree.root(), {"d", "e", "l"});
  EXPECT_EQ(link.stat.kind, FileKind::kLink);
  EXPECT_FALSE(link.stat.exec);
  EXPECT_EQ(LookAt(tree.root(), {"d"}).stat.kind, FileKind::kDirectory);
}

TEST(LookTest, WhatIsNotThereIsGoneForCertain) {
  TestTree tree;
  tree.MakeDirs("d");
  tree.Write("f", "x");
  tree.Link("d", "l");
  tree.Write("d/x", "x");
  EXPECT_EQ(LookAt(tree.root(), {"none"}).presence, DiskPresence::kGone);
  EXPECT_EQ(LookAt(tree.root(), {"none", "x"}).presence, DiskPresence::kGone);
  EXPECT_EQ(LookAt(tree.root(), {"d", "none"}).presence, DiskPresence::kGone);
  EXPECT_EQ(LookAt(tree.root(), {"f", "x"}).presence, DiskPresence::kGone) << "below a file";
  EXPECT_EQ(LookAt(tree.root(), {"l", "x"}).presence, DiskPresence::kGone) << "below a link";
}

TEST(LookTest, NothingIsGoneFromARootThatIsNotOurs) {
  TestTree tree;
  tree.Remove(".kinfolder");
  EXPECT_EQ(LookAt(tree.root(), {"none"}).presence, DiskPresence::kUnknown);
  tree.Remove("");
  EXPECT_EQ(LookAt(tree.root(), {"none"}).presence, DiskPresence::kUnknown);
  EXPECT_EQ(LookAt(tree.root(), {"none", "x"}).presence, DiskPresence::kUnknown);
}

TEST(LookTest, AnUnreadableDirectoryIsUnknown) {
  TestTree tree;
  tree.MakeDirs("locked/d");
  tree.Write("locked/f", "x");
  ASSERT_EQ(chmod(tree.At("locked").c_str(), 0), 0);
  {
    const WithoutPrivilege plain;
    for (const DiskPath& path :
         {DiskPath{"locked", "f"}, DiskPath{"locked", "none"}, DiskPath{"locked", "d", "x"}}) {
      const DiskLook look = LookAt(tree.root(), path);
      EXPECT_EQ(look.presence, DiskPresence::kUnknown);
      EXPECT_EQ(look.error, EACCES);
    }
    EXPECT_EQ(LookAt(tree.root(), {"none"}).presence, DiskPresence::kGone);
  }
  ASSERT_EQ(chmod(tree.At("locked").c_str(), 0755), 0);
}

TEST(LookTest, PathsThatLeaveTheRootAreRefused) {
  TestTree tree;
  for (const DiskPath& path : {DiskPath{}, DiskPath{".."}, DiskPath{"..", "root"}, DiskPath{"a/b"},
                               DiskPath{"", "x"}, DiskPath{"."}}) {
    EXPECT_EQ(LookAt(tree.root(), path).error, EINVAL);
  }
}

TEST(LookTest, PathsLongerThanASystemCallTakes) {
  TestTree tree;
  DiskPath path;
  for (int i = 0; i < 30; ++i) path.push_back(std::string(255, static_cast<char>('a' + i % 26)));
  path.push_back("f");
  std::size_t made = 0;
  ASSERT_TRUE(OpenOrMakeDirectory(tree.root(), path, 30, &made).fd.ok());
  EXPECT_EQ(made, 30u);
  EXPECT_EQ(LookAt(tree.root(), path).presence, DiskPresence::kGone);
  path.pop_back();
  EXPECT_EQ(LookAt(tree.root(), path).presence, DiskPresence::kThere);
}

TEST(DirectoryTest, MakesNothingThroughALink) {
  TestTree tree;
  std::filesystem::create_directory(tree.base() + "/outside");
  tree.Link("../outside", "l");
  std::size_t made = 0;
  EXPECT_EQ(OpenOrMakeDirectory(tree.root(), {"l", "a", "b"}, 3, &made).error, ENOTDIR);
  EXPECT_EQ(made, 0u);
  EXPECT_TRUE(std::filesystem::is_empty(tree.base() + "/outside"));
}

TEST(ParentCacheTest, OpensAgainForAnotherDirectoryAndWhenTold) {
  TestTree tree;
  tree.MakeDirs("d");
  tree.MakeDirs("e");
  ParentCache cache;
  const int first = cache.Open(tree.root(), {"d", "f"}).fd.get();
  EXPECT_EQ(cache.Open(tree.root(), {"d", "g"}).fd.get(), first);
  FileStat d;
  FileStat e;
  ASSERT_EQ(StatAt(cache.Open(tree.root(), {"d", "f"}).fd.get(), "", &d), 0);
  ASSERT_EQ(StatAt(cache.Open(tree.root(), {"e", "f"}).fd.get(), "", &e), 0);
  EXPECT_NE(d.inode, e.inode);
  tree.Remove("e");
  cache.Forget();
  EXPECT_EQ(cache.Open(tree.root(), {"e", "f"}).error, ENOENT);
}

TEST(ParentCacheTest, AnErrorIsNotKept) {
  TestTree tree;
  ParentCache cache;
  EXPECT_EQ(cache.Open(tree.root(), {"d", "e", "f"}).error, ENOENT);
  std::size_t made = 0;
  EXPECT_TRUE(cache.OpenOrMake(tree.root(), {"d", "e", "f"}, &made).fd.ok());
  EXPECT_EQ(made, 2u);
  EXPECT_TRUE(cache.OpenOrMake(tree.root(), {"d", "e", "g"}, &made).fd.ok());
  EXPECT_EQ(made, 0u);
  EXPECT_TRUE(cache.Open(tree.root(), {"d", "e", "f"}).fd.ok());
}

TEST(ParentCacheTest, OnlyAHintTakesAMissingDirectoryForMissingAFewTimes) {
  TestTree tree;
  ParentCache cache;
  EXPECT_EQ(cache.OpenForHint(tree.root(), {"d", "f"}).error, ENOENT);
  tree.MakeDirs("d");
  EXPECT_EQ(cache.OpenForHint(tree.root(), {"d", "g"}).error, ENOENT);
  bool noticed = false;
  for (int i = 0; i < 100 && !noticed; ++i)
    noticed = cache.OpenForHint(tree.root(), {"d", "f"}).fd.ok();
  EXPECT_TRUE(noticed);
  tree.Remove("d");
  ASSERT_EQ(cache.Open(tree.root(), {"e", "f"}).error, ENOENT);
  tree.MakeDirs("e");
  EXPECT_TRUE(cache.Open(tree.root(), {"e", "f"}).fd.ok());
}

TEST(ParentCacheTest, ARemovedDirectoryIsNoticedAfterAWhile) {
  TestTree tree;
  tree.MakeDirs("d");
  ParentCache cache;
  ASSERT_TRUE(cache.Open(tree.root(), {"d", "f"}).fd.ok());
  tree.Remove("d");
  bool noticed = false;
  for (int i = 0; i < 100 && !noticed; ++i)
    noticed = cache.Open(tree.root(), {"d", "f"}).error == ENOENT;
  EXPECT_TRUE(noticed);
}

}  // namespace
}  // namespace kinfolder
