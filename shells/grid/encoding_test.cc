#include "shells/grid/encoding.h"

#include <gtest/gtest.h>

namespace kinfolder {
namespace {

TEST(EncodingTest, KnownTexts) {
  EXPECT_EQ(Base64Encode(""), "");
  EXPECT_EQ(Base64Encode("f"), "Zg==");
  EXPECT_EQ(Base64Encode("fo"), "Zm8=");
  EXPECT_EQ(Base64Encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64UrlEncode("\xfb\xff"), "-_8");
  EXPECT_EQ(Base32Encode("f"), "my");
  EXPECT_EQ(Base32Encode("foobar"), "mzxw6ytboi");
  EXPECT_EQ(HexEncode(std::string("\x00\xab", 2)), "00ab");
}

TEST(EncodingTest, AllBytesSurvive) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)).value(), bytes);
    EXPECT_EQ(Base64UrlDecode(Base64UrlEncode(bytes)).value(), bytes);
    EXPECT_EQ(Base32Decode(Base32Encode(bytes)).value(), bytes);
    EXPECT_EQ(HexDecode(HexEncode(bytes)).value(), bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
}

TEST(EncodingTest, RefusesWhatItDoesNotWrite) {
  for (const char* text :
       {"Zg", "Zg=", "Zh==", "Zg==Zg==", "Z===", "====", "Zm9=", "Zm 9", "Z-_8"}) {
    EXPECT_FALSE(Base64Decode(text).ok()) << text;
  }
  for (const char* text : {"Zg==", "Z", "Zh", "+/8"}) {
    EXPECT_FALSE(Base64UrlDecode(text).ok()) << text;
  }
  for (const char* text : {"MY", "m", "mz", "my======", "m1", "mzx"}) {
    EXPECT_FALSE(Base32Decode(text).ok()) << text;
  }
  for (const char* text : {"0", "0G", "AB", "abc"}) EXPECT_FALSE(HexDecode(text).ok()) << text;
}

}  // namespace
}  // namespace kinfolder
