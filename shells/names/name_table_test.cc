#include "shells/names/name_table.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace kinfolder {
namespace {

constexpr char kNfd[] = "re\xCC\x81sume\xCC\x81";
constexpr char kNfc[] = "r\xC3\xA9sum\xC3\xA9";

TEST(NameTableTest, GivesDenseIdsOncePerName) {
  NameTable names;
  const PathId docs = names.Child(PathId{}, "docs").id;
  const PathId file = names.Child(docs, "a b\nc").id;
  EXPECT_EQ(docs, PathId{1});
  EXPECT_EQ(file, PathId{2});
  EXPECT_EQ(names.Child(docs, "a b\nc").id, file);
  EXPECT_NE(names.Child(PathId{}, "a b\nc").id, file);
  EXPECT_EQ(names.Find(docs, "other").id, PathId{});
  EXPECT_EQ(names.size(), 3u);
  EXPECT_EQ(names.WirePath(file), "docs/a b\nc");
  EXPECT_EQ(names.WirePath(PathId{}), "");
  EXPECT_EQ(names.DiskPathOf(file), (DiskPath{"docs", "a b\nc"}));
  EXPECT_TRUE(names.DiskPathOf(PathId{}).empty());
}

TEST(NameTableTest, ComparesComponentsNotPrefixes) {
  NameTable names;
  const PathId photos = names.Child(PathId{}, "photos").id;
  const PathId inside = names.InsertPath("photos/x/y").value();
  const PathId sibling = names.InsertPath("photos-backup/x").value();
  EXPECT_TRUE(names.IsWithin(inside, photos));
  EXPECT_TRUE(names.IsWithin(photos, photos));
  EXPECT_FALSE(names.IsWithin(sibling, photos));
  EXPECT_TRUE(names.IsWithin(sibling, PathId{}));
  EXPECT_FALSE(names.IsWithin(photos, inside));
}

TEST(NameTableTest, KeepsTheDisksSpelling) {
  NameTable names;
  const ChildResult first = names.Child(PathId{}, kNfd);
  ASSERT_TRUE(first.id);
  EXPECT_FALSE(first.other_spelling);
  EXPECT_EQ(names.WireName(first.id), kNfc);
  EXPECT_EQ(names.DiskName(first.id), kNfd);
  EXPECT_EQ(names.FindPath(kNfc), first.id);
  EXPECT_EQ(names.FindPath(kNfd), PathId{});

  const ChildResult other = names.Child(PathId{}, kNfc);
  EXPECT_EQ(other.id, first.id);
  EXPECT_TRUE(other.other_spelling);
  names.SetDiskName(first.id, kNfc);
  EXPECT_FALSE(names.Child(PathId{}, kNfc).other_spelling);
  EXPECT_TRUE(names.Find(PathId{}, kNfd).other_spelling);
}

TEST(NameTableTest, RefusesNamesThatAreNone) {
  NameTable names;
  EXPECT_EQ(names.Child(PathId{}, "\xFF\xFE").problem, NameProblem::kNotUtf8);
  EXPECT_EQ(names.Child(PathId{}, "..").problem, NameProblem::kIllegal);
  EXPECT_EQ(names.Child(PathId{}, "").problem, NameProblem::kIllegal);
  EXPECT_EQ(names.Child(PathId{}, std::string(4097, 'x')).problem, NameProblem::kIllegal);
  EXPECT_EQ(names.Child(PathId{}, ".kinfolder").problem, NameProblem::kReserved);
  EXPECT_EQ(names.size(), 0u);
  const PathId dir = names.Child(PathId{}, "d").id;
  EXPECT_EQ(names.Child(dir, ".kinfolder").problem, NameProblem::kNone);
}

TEST(NameTableTest, RefusesWirePathsThatAreNone) {
  NameTable names;
  const std::string nul("a\0b", 3);
  for (const std::string& path :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"),
        std::string("a/./b"), std::string("../a"), std::string("a/.."), std::string(kNfd),
        std::string("a\xFF"), nul, std::string(".kinfolder"), std::string(".kinfolder/tmp/x")}) {
    EXPECT_FALSE(names.InsertPath(path).ok()) << path;
    EXPECT_EQ(names.FindPath(path), PathId{}) << path;
  }
  EXPECT_EQ(names.InsertPath(std::string(40000, 'x')).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(names.InsertPath(std::string(5000, 'x')).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(names.size(), 0u) << "a refused path leaves nothing behind";
}

TEST(NameTableTest, RowsMakeTheSameTable) {
  NameTable names;
  ASSERT_TRUE(names.InsertPath("a/b/c").ok());
  names.Child(names.FindPath("a"), kNfd);
  std::vector<NameRow> rows = names.TakeNewRows();
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[3], (NameRow{PathId{4}, PathId{1}, kNfc, kNfd}));
  EXPECT_TRUE(names.TakeNewRows().empty());

  names.SetDiskName(PathId{4}, kNfc);
  names.Child(PathId{}, "z");
  const std::vector<NameRow> changes = names.TakeNewRows();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0], (NameRow{PathId{4}, PathId{1}, kNfc, ""}));
  EXPECT_EQ(changes[1], (NameRow{PathId{5}, PathId{}, "z", ""}));

  std::vector<NameRow> all = {changes[1], rows[2], rows[1], rows[0], rows[3]};
  NameTable loaded;
  ASSERT_TRUE(loaded.Load(all).ok());
  EXPECT_EQ(loaded.size(), 5u);
  EXPECT_EQ(loaded.WirePath(PathId{3}), "a/b/c");
  EXPECT_EQ(loaded.DiskName(PathId{4}), kNfd);
  EXPECT_TRUE(loaded.TakeNewRows().empty());
  EXPECT_EQ(loaded.Child(PathId{}, "new").id, PathId{6});
}

TEST(NameTableTest, DamagedRowsAreRefused) {
  const std::vector<std::vector<NameRow>> damaged = {
      {{PathId{2}, PathId{}, "a", ""}},                                  // not dense
      {{PathId{1}, PathId{1}, "a", ""}},                                 // its own parent
      {{PathId{1}, PathId{}, "", ""}},                                   // no name
      {{PathId{1}, PathId{}, "..", ""}},                                 // not a name
      {{PathId{1}, PathId{}, kNfd, ""}},                                 // not the wire's spelling
      {{PathId{1}, PathId{}, "a", "b"}},                                 // not its disk name
      {{PathId{1}, PathId{}, "a", ""}, {PathId{1}, PathId{}, "b", ""}},  // an id twice
      {{PathId{1}, PathId{}, "a", ""}, {PathId{2}, PathId{}, "a", ""}},  // a name twice
  };
  for (std::size_t i = 0; i < damaged.size(); ++i) {
    NameTable names;
    const Status status = names.Load(damaged[i]);
    ASSERT_FALSE(status.ok()) << i;
    EXPECT_EQ(status.error().kind, ErrorKind::kCorrupt);
  }
}

TEST(NameTableTest, ManyNamesStayApart) {
  NameTable names;
  std::mt19937 random(7);
  std::set<std::string> paths;
  for (int i = 0; i < 20000; ++i) {
    std::string path = "d" + std::to_string(random() % 50);
    if (random() % 2 == 0) path += "/e" + std::to_string(random() % 20);
    path += "/f" + std::to_string(random() % 1000);
    paths.insert(path);
    ASSERT_TRUE(names.InsertPath(path).ok());
  }
  std::set<PathId> ids;
  for (const std::string& path : paths) {
    const PathId id = names.FindPath(path);
    ASSERT_TRUE(id);
    ASSERT_EQ(names.WirePath(id), path);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), paths.size());
}

}  // namespace
}  // namespace kinfolder
