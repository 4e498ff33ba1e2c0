#include "shells/cli/format.h"

#include <gtest/gtest.h>

namespace kinfolder {
namespace {

TEST(FormatTest, Bytes) {
  EXPECT_EQ(HumanBytes(0), "0 bytes");
  EXPECT_EQ(HumanBytes(1), "1 byte");
  EXPECT_EQ(HumanBytes(999), "999 bytes");
  EXPECT_EQ(HumanBytes(4100), "4.1 kB");
  EXPECT_EQ(HumanBytes(999'999), "1.0 MB");
  EXPECT_EQ(HumanBytes(UINT64_MAX), "18.4 EB");
}

TEST(FormatTest, Times) {
  EXPECT_EQ(ParseTime("1970-01-02T00:00:01Z"), 86401);
  EXPECT_EQ(ParseTime("2026-03-01T14:05:09.123Z"), 1772373909);
  EXPECT_FALSE(ParseTime("yesterday"));
  EXPECT_EQ(FormatTime(1772373909), "2026-03-01 14:05:09");
  EXPECT_EQ(Ago("1970-01-01T00:00:00Z", 1), "just now");
  EXPECT_EQ(Ago("1970-01-01T00:00:00Z", 50), "50 s ago");
  EXPECT_EQ(Ago("1970-01-01T00:00:00Z", 300), "5 min ago");
  EXPECT_EQ(Ago("1970-01-01T00:00:00Z", 9000), "2 h ago");
  EXPECT_EQ(Ago("", 9000), "never");
}

}  // namespace
}  // namespace kinfolder
