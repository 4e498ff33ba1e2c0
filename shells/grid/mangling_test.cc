#include "shells/grid/mangling.h"

#include <gtest/gtest.h>

#include "shells/grid/testdata_for_test.h"

namespace kinfolder {
namespace {

TEST(ManglingTest, GoldenPairs) {
  int round_trips = 0;
  const nlohmann::json pairs = ReadTestdata("mangling.json").at("pairs");
  for (const nlohmann::json& pair : pairs) {
    const std::string path = pair.at("relpath");
    const std::string name = pair.at("dmd_child_name");
    EXPECT_EQ(MangledName(path), name);
    const auto back = PathFromMangledName(name);
    EXPECT_EQ(back.ok(), CheckWirePath(path).ok()) << path;
    if (!back.ok()) continue;
    EXPECT_EQ(back.value(), path);
    ++round_trips;
  }
  EXPECT_GE(round_trips, 18);
}

TEST(ManglingTest, GoldenDecodings) {
  const nlohmann::json decode = ReadTestdata("mangling.json").at("decode");
  for (const nlohmann::json& item : decode) {
    const std::string name = item.at("dmd_child_name");
    const auto path = PathFromMangledName(name);
    const bool legal =
        item.contains("relpath") && CheckWirePath(item.at("relpath").get<std::string>()).ok();
    ASSERT_EQ(path.ok(), legal) << name;
    if (!legal) continue;
    EXPECT_EQ(path.value(), item.at("relpath").get<std::string>());
  }
  EXPECT_EQ(PathFromMangledName("a@").value(), "a@");
  EXPECT_FALSE(PathFromMangledName(kMetadataName).ok());
}

TEST(ManglingTest, WirePaths) {
  for (const char* path : {"a", ".hidden", "a/b.c/..d", "...", "sp ace", "a\nb", "\xc3\xa9", "@"}) {
    EXPECT_TRUE(CheckWirePath(path).ok()) << path;
  }
  for (const char* path :
       {"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/./b", "a/../../b", "e\xcc\x81",
        "\xff", "a/\xc3", "\xed\xa0\x80", "\xc0\xaf"}) {
    EXPECT_EQ(CheckWirePath(path).error().kind, ErrorKind::kInvalid) << path;
  }
  EXPECT_FALSE(CheckWirePath(std::string("a\0b", 3)).ok());
  EXPECT_EQ(CheckWirePath(std::string(kMaxWirePathBytes + 1, 'x')).error().kind,
            ErrorKind::kTooLarge);
  EXPECT_TRUE(CheckWirePath(std::string(kMaxWirePathBytes, 'x')).ok());
}

TEST(ManglingTest, OthersPathsAreComposed) {
  EXPECT_EQ(ToWirePath("e\xcc\x81.txt").value(), "\xc3\xa9.txt");
  EXPECT_FALSE(ToWirePath("a/../e\xcc\x81").ok());
  EXPECT_FALSE(ToWirePath("\xff").ok());
}

TEST(ManglingTest, ParticipantNames) {
  for (const char* name : {"alice", "Zo\xc3\xab", "alice's laptop"}) {
    EXPECT_TRUE(CheckParticipantName(name).ok()) << name;
  }
  for (const char* name : {"", "a/b", "..", "@metadata", "a\nb", "e\xcc\x81"}) {
    EXPECT_FALSE(CheckParticipantName(name).ok()) << name;
  }
  EXPECT_FALSE(CheckParticipantName(std::string(65, 'x')).ok());
}

}  // namespace
}  // namespace kinfolder
