#include "core/model/path_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace kinfolder {
namespace {

// 1 = d, 2 = d/e, 3 = d/e/x, 4 = f, 5 = d/y, 6 = f/z
PathTree Some() {
  PathTree tree;
  for (const std::uint32_t parent : {0u, 1u, 2u, 0u, 1u, 4u}) tree.Add(PathId{parent});
  return tree;
}

std::vector<std::uint32_t> Below(const PathTree& tree, std::uint32_t top) {
  std::vector<std::uint32_t> found;
  tree.ForEachBelow(PathId{top}, [&](PathId path) {
    found.push_back(path.value);
    return true;
  });
  std::sort(found.begin(), found.end());
  return found;
}

TEST(PathTree, SaysInWhichAPathLies) {
  const PathTree tree = Some();
  EXPECT_EQ(tree.size(), 6u);
  EXPECT_EQ(tree.Parent(PathId{3}), PathId{2});
  EXPECT_EQ(tree.Parent(PathId{2}), PathId{1});
  EXPECT_EQ(tree.Parent(PathId{1}), PathId{});
  EXPECT_EQ(tree.Parent(PathId{4}), PathId{});
  EXPECT_EQ(tree.Parent(PathId{7}), PathId{}) << "not named";
}

TEST(PathTree, FindsAllInsideAndNoOther) {
  const PathTree tree = Some();
  EXPECT_EQ(Below(tree, 1), (std::vector<std::uint32_t>{2, 3, 5}));
  EXPECT_EQ(Below(tree, 2), (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(Below(tree, 4), (std::vector<std::uint32_t>{6}));
  EXPECT_TRUE(Below(tree, 3).empty());
  EXPECT_TRUE(Below(tree, 7).empty());
}

TEST(PathTree, StopsWhenItIsTold) {
  const PathTree tree = Some();
  int seen = 0;
  tree.ForEachBelow(PathId{1}, [&](PathId) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace kinfolder
