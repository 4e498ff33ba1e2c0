#include "shells/posix/root.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "shells/posix/test_tree.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

TEST(RootTest, AMarkedRootIsOk) {
  TestTree tree;
  EXPECT_EQ(tree.root().Check(), RootStatus::kOk);
  EXPECT_TRUE(tree.root().CreateMarker().ok()) << "safe to do twice";
  ASSERT_TRUE(tree.root().ReadMarker().ok());
  EXPECT_EQ(tree.root().ReadMarker().value(), (RootMarker{"folder-1", "state-1"}));
  EXPECT_TRUE(fs::is_directory(tree.At(".kinfolder/tmp")));
}

TEST(RootTest, OpeningWhatIsNoDirectoryFails) {
  TestTree tree;
  tree.Write("file", "x");
  EXPECT_EQ(Root::Open(tree.At("none"), {}).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(Root::Open(tree.At("file"), {}).error().kind, ErrorKind::kInvalid);
}

TEST(RootTest, NoticesMovingAndExchanging) {
  TestTree tree;
  const std::string away = tree.base() + "/away";
  fs::rename(tree.root_path(), away);
  EXPECT_EQ(tree.root().Check(), RootStatus::kMissing);
  fs::create_directory(tree.root_path());
  EXPECT_EQ(tree.root().Check(), RootStatus::kExchanged);
  fs::remove(tree.root_path());
  // A copy, marker and all, is another directory.
  fs::copy(away, tree.root_path(), fs::copy_options::recursive);
  EXPECT_EQ(tree.root().Check(), RootStatus::kExchanged);
  fs::remove_all(tree.root_path());
  fs::rename(away, tree.root_path());
  EXPECT_EQ(tree.root().Check(), RootStatus::kOk);
}

TEST(RootTest, ALinkToTheRootMayBeTurned) {
  TestTree tree;
  tree.MakeDirs("a");
  tree.MakeDirs("b");
  const std::string link = tree.base() + "/link";
  fs::create_symlink(tree.At("a"), link);
  Result<Root> root = Root::Open(link, {"f", "s"});
  ASSERT_TRUE(root.ok());
  ASSERT_TRUE(root.value().CreateMarker().ok());
  EXPECT_EQ(root.value().Check(), RootStatus::kOk);
  fs::remove(link);
  fs::create_symlink(tree.At("b"), link);
  EXPECT_EQ(root.value().Check(), RootStatus::kExchanged);
}

TEST(RootTest, NoticesWhatHappensToTheMarker) {
  TestTree tree;
  tree.Write(".kinfolder/root.json", R"({"folder": "folder-2", "state": "state-1"})");
  EXPECT_EQ(tree.root().Check(), RootStatus::kForeignMarker);
  for (const char* damaged : {"", "{", "[]", "{}", R"({"folder": 1, "state": "s"})"}) {
    tree.Write(".kinfolder/root.json", damaged);
    EXPECT_EQ(tree.root().Check(), RootStatus::kForeignMarker) << damaged;
    EXPECT_EQ(tree.root().ReadMarker().error().kind, ErrorKind::kCorrupt) << damaged;
  }
  tree.Remove(".kinfolder/root.json");
  EXPECT_EQ(tree.root().Check(), RootStatus::kNoMarker);
  tree.Remove(".kinfolder");
  EXPECT_EQ(tree.root().Check(), RootStatus::kNoMarker);
}

TEST(RootTest, AForeignMarkerIsReplacedOnlyOnRequest) {
  TestTree tree;
  Result<Root> other = Root::Open(tree.root_path(), {"folder-1", "state-2"});
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other.value().CreateMarker().error().kind, ErrorKind::kExists);
  EXPECT_EQ(tree.root().Check(), RootStatus::kOk);
  EXPECT_TRUE(other.value().CreateMarker(/*take_over=*/true).ok());
  EXPECT_EQ(tree.root().Check(), RootStatus::kForeignMarker);
  EXPECT_EQ(other.value().Check(), RootStatus::kOk);
}

TEST(RootTest, ALinkIsNoAgentDirectory) {
  TestTree tree;
  fs::rename(tree.At(".kinfolder"), tree.base() + "/elsewhere");
  tree.Link("../elsewhere", ".kinfolder");
  EXPECT_NE(tree.root().Check(), RootStatus::kOk);
  EXPECT_FALSE(tree.root().CreateMarker(/*take_over=*/true).ok());
}

}  // namespace
}  // namespace kinfolder
