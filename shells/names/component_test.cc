#include "shells/names/component.h"

#include <gtest/gtest.h>

namespace kinfolder {
namespace {

TEST(ComponentTest, ComposesOnlyWhatIsUtf8) {
  std::string nfc;
  EXPECT_TRUE(ToNfc("e\xCC\x81t\xC3\xA9", &nfc));
  EXPECT_EQ(nfc, "\xC3\xA9t\xC3\xA9");
  EXPECT_TRUE(ToNfc("", &nfc));
  EXPECT_EQ(nfc, "");
  EXPECT_FALSE(ToNfc("\xFF", &nfc));
  EXPECT_FALSE(ToNfc("\xC0\xAF", &nfc));      // overlong '/'
  EXPECT_FALSE(ToNfc("\xED\xA0\x80", &nfc));  // a surrogate
  EXPECT_FALSE(ToNfc("a\xC3", &nfc));         // ends within a character
}

TEST(ComponentTest, TellsNfc) {
  EXPECT_TRUE(IsNfc("plain"));
  EXPECT_TRUE(IsNfc("\xC3\xA9"));
  EXPECT_FALSE(IsNfc("e\xCC\x81"));
  EXPECT_FALSE(IsNfc("\xE2\x84\xAB"));  // the angstrom sign composes to the letter
  EXPECT_FALSE(IsNfc("\xFF"));
  EXPECT_TRUE(IsNfc("\xCC\x81x"));  // begins with a combining mark
}

TEST(ComponentTest, TellsLegalNames) {
  for (const char* legal : {"a", ".a", "...", " ", "\n", "a\\b", "CON"}) {
    EXPECT_TRUE(IsLegalComponent(legal)) << legal;
  }
  for (const std::string illegal : {"", ".", "..", "a/b", "/"}) {
    EXPECT_FALSE(IsLegalComponent(illegal)) << illegal;
  }
  EXPECT_FALSE(IsLegalComponent(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace kinfolder
