#include "shells/cli/suggest.h"

#include <gtest/gtest.h>

namespace kinfolder {
namespace {

const std::vector<std::string> kKnown = {"status", "sync", "list", "leave", "conflicts", "restore"};

TEST(NearestTest, FindsWhatWasMeant) {
  EXPECT_EQ(Nearest("statsu", kKnown), "status");
  EXPECT_EQ(Nearest("snyc", kKnown), "sync");
  EXPECT_EQ(Nearest("conf", kKnown), "conflicts");
}

TEST(NearestTest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(Nearest("frobnicate", kKnown), "");
  EXPECT_EQ(Nearest("x", kKnown), "");
  EXPECT_EQ(Nearest(std::string(100000, 'a'), kKnown), "");
}

}  // namespace
}  // namespace kinfolder
