#include "core/base/boxed.h"

#include <string>

#include "gtest/gtest.h"

namespace kinfolder {
namespace {

TEST(Boxed, IsAValue) {
  Boxed<std::string> a = std::string("one");
  Boxed<std::string> b = a;
  EXPECT_EQ(a, b);
  *b = "two";
  EXPECT_EQ(*a, "one") << "a copy is its own";
  EXPECT_FALSE(a == b);
  a = b;
  EXPECT_EQ(a->size(), 3U);
  a.reset();
  EXPECT_FALSE(a);
  EXPECT_FALSE(a == b);
  b.reset();
  EXPECT_EQ(a, b);
  static_assert(sizeof(a) == sizeof(void*));
}

}  // namespace
}  // namespace kinfolder
