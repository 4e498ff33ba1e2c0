#include "shells/grid/directory.h"

#include <gtest/gtest.h>

namespace kinfolder {
namespace {

TEST(DirectoryTest, ComesBackAsWritten) {
  const std::vector<DirectoryChild> children = {
      {"z", "cap:1", R"({"mtime":5})"}, {"a \xc3\xa9\"", std::nullopt, "{}"}, {"", "", "{}"}};
  const auto bytes = EncodeImmutableDirectory(children);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(DecodeImmutableDirectory(bytes.value()).value(), children);
  EXPECT_TRUE(DecodeImmutableDirectory(EncodeImmutableDirectory({}).value()).value().empty());
  const auto spaced = EncodeImmutableDirectory({{"a", "c", "{ \"x\" : [1, 2] }"}, {"b", "d", ""}});
  const auto decoded = DecodeImmutableDirectory(spaced.value()).value();
  EXPECT_EQ(decoded[0].metadata_json, R"({"x":[1,2]})");
  EXPECT_EQ(decoded[1].metadata_json, "{}");
}

TEST(DirectoryTest, RefusesWhatCanNotBeWritten) {
  EXPECT_FALSE(EncodeImmutableDirectory({{"a", "c", ""}, {"a", "d", ""}}).ok());
  EXPECT_FALSE(EncodeImmutableDirectory({{"\xff", "c", ""}}).ok());
  EXPECT_FALSE(EncodeImmutableDirectory({{"a", "\xff", ""}}).ok());
  EXPECT_FALSE(EncodeImmutableDirectory({{"a", "c", "[]"}}).ok());
  EXPECT_FALSE(EncodeImmutableDirectory({{"a", "c", "{}],[\"b\",null,{}"}}).ok());
  EXPECT_EQ(EncodeImmutableDirectory({{"a", std::string(2 << 20, 'c'), ""}}).error().kind,
            ErrorKind::kTooLarge);
  // The deepest metadata that is written can be read.
  std::string deep = "{\"a\":" + std::string(12, '[') + std::string(12, ']') + "}";
  const auto bytes = EncodeImmutableDirectory({{"a", "c", deep}});
  ASSERT_TRUE(bytes.ok());
  EXPECT_TRUE(DecodeImmutableDirectory(bytes.value()).ok());
  deep = "{\"a\":" + std::string(13, '[') + std::string(13, ']') + "}";
  EXPECT_FALSE(EncodeImmutableDirectory({{"a", "c", deep}}).ok());
}

TEST(DirectoryTest, RefusesWhatItDoesNotWrite) {
  for (const char* text :
       {"", "{}", R"({"children":{}})", R"({"children":[1]})", R"({"children":[["a","c"]]})",
        R"({"children":[["a","c",{},1]]})", R"({"children":[[1,"c",{}]]})",
        R"({"children":[["a",1,{}]]})", R"({"children":[["a","c",1]]})",
        R"({"children":[["a","c",{}],["a","d",{}]]})"}) {
    EXPECT_EQ(DecodeImmutableDirectory(text).error().kind, ErrorKind::kInvalid) << text;
  }
}

}  // namespace
}  // namespace kinfolder
