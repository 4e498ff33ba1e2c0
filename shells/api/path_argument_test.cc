#include "shells/api/path_argument.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

std::vector<FolderSetup> Folders() {
  FolderSetup docs;
  docs.name = "docs";
  docs.path = "/home/anna/docs";
  FolderSetup more;
  more.name = "more";
  more.path = "/home/anna/docs-more";
  return {docs, more};
}

TEST(PathArgumentTest, FindsTheFolder) {
  EXPECT_EQ(FindFolderPath(Folders(), "/home/anna/docs/a/b.txt").value().path, "a/b.txt");
  EXPECT_EQ(FindFolderPath(Folders(), "/home/anna/docs-more/x").value().folder, "more");
  EXPECT_EQ(FindFolderPath(Folders(), "/home/anna/docs").value().path, "");
  EXPECT_EQ(FindFolderPath(Folders(), "/home/anna/docsx/y").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(FindFolderPath(Folders(), "/home/anna/docs/\xff").error().kind, ErrorKind::kInvalid);
  // Another machine may write it decomposed.
  EXPECT_EQ(FindFolderPath(Folders(), "/home/anna/docs/e\xcc\x81").value().path, "\xc3\xa9");
}

TEST(PathArgumentTest, AbsoluteThroughLinksAndForWhatIsGone) {
  const fs::path base = fs::canonical(testing::TempDir()) / "path-argument";
  fs::remove_all(base);
  fs::create_directories(base / "real/sub");
  fs::create_directory_symlink(base / "real", base / "link");
  fs::create_symlink("/etc/passwd", base / "real/inner");
  EXPECT_EQ(AbsolutePath(base / "link/sub/gone.txt").value(), base / "real/sub/gone.txt");
  EXPECT_EQ(AbsolutePath(base / "link/no/such/gone.txt").value(), base / "real/no/such/gone.txt");
  EXPECT_EQ(AbsolutePath(base / "link/sub/../x").value(), base / "real/x");
  // The last component is what is meant, also when it is a link.
  EXPECT_EQ(AbsolutePath(base / "real/inner").value(), base / "real/inner");
  EXPECT_EQ(AbsolutePath(base / "real//sub/./").value(), base / "real/sub");
  EXPECT_FALSE(AbsolutePath("").ok());
  fs::current_path(base / "real");
  EXPECT_EQ(AbsolutePath("sub/x").value(), base / "real/sub/x");
  fs::remove_all(base);
}

}  // namespace
}  // namespace kinfolder
