#include "shells/grid/json_text.h"

#include <gtest/gtest.h>

namespace kinfolder {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

TEST(JsonTextTest, WritesAsciiOnly) {
  EXPECT_EQ(Quoted("a\"b\\c\n\t\r\b\f\x01\x7f/"), R"("a\"b\\c\n\t\r\b\f\u0001\u007f/")");
  EXPECT_EQ(Quoted("\xc3\xa9 \xe2\x98\x83 \xf0\x9f\x98\x80"), R"("\u00e9 \u2603 \ud83d\ude00")");
  EXPECT_EQ(Quoted(std::string("\0", 1)), R"("\u0000")");
}

TEST(JsonTextTest, BoundsDepthAndSize) {
  const std::string deep =
      "{\"a\":" + std::string(kMaxJsonDepth - 1, '[') + std::string(kMaxJsonDepth - 1, ']') + "}";
  EXPECT_TRUE(ParseJsonObject(deep, 1000, "it").ok());
  EXPECT_EQ(ParseJsonObject(deep, deep.size() - 1, "it").error().kind, ErrorKind::kTooLarge);
  const std::string deeper = "{\"a\":[" + deep + "]}";
  EXPECT_EQ(ParseJsonObject(deeper, 1000, "it").error().kind, ErrorKind::kInvalid);
  EXPECT_FALSE(ParseJsonObject(std::string(1000000, '['), 2000000, "it").ok());
  // Brackets inside strings do not count.
  EXPECT_TRUE(ParseJsonObject("{\"a\":\"\\\"" + std::string(100, '[') + "\"}", 1000, "it").ok());
}

TEST(JsonTextTest, RefusesWhatIsNoObject) {
  for (const char* text : {"", "[]", "1", "null", "{", "{}x", "{\"a\":\"\xff\"}",
                           "{\"a\":\"\\ud800\"}", "{'a':1}", "{\"a\":1e999}"}) {
    EXPECT_FALSE(ParseJsonObject(text, 1000, "it").ok()) << text;
  }
}

TEST(JsonTextTest, MembersOfTheRightType) {
  const auto object = ParseJsonObject(
      R"({"s":"x","n":5,"m":-5,"f":0.75,"g":-0.5,"h":1e300,"u":18446744073709551615,"b":true,
          "a":[],"o":{}})",
      1000, "it");
  ASSERT_TRUE(object.ok());
  const nlohmann::json& json = object.value();
  EXPECT_EQ(*JsonString(json, "s"), "x");
  EXPECT_EQ(JsonString(json, "n"), nullptr);
  EXPECT_EQ(JsonString(json, "missing"), nullptr);
  EXPECT_EQ(JsonInteger(json, "n"), 5);
  EXPECT_EQ(JsonInteger(json, "m"), -5);
  EXPECT_EQ(JsonInteger(json, "f"), 0);
  EXPECT_EQ(JsonInteger(json, "g"), -1);
  EXPECT_EQ(JsonInteger(json, "h"), std::nullopt);
  EXPECT_EQ(JsonInteger(json, "u"), std::nullopt);
  EXPECT_EQ(JsonUnsigned(json, "u"), 18446744073709551615u);
  EXPECT_EQ(JsonUnsigned(json, "m"), std::nullopt);
  EXPECT_EQ(JsonBool(json, "b"), true);
  EXPECT_EQ(JsonBool(json, "n"), std::nullopt);
  EXPECT_NE(JsonArray(json, "a"), nullptr);
  EXPECT_EQ(JsonArray(json, "o"), nullptr);
  EXPECT_NE(JsonObject(json, "o"), nullptr);
  EXPECT_EQ(JsonObject(json, "a"), nullptr);
}

}  // namespace
}  // namespace kinfolder
