#include "core/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace kinfolder {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return MakeError(ErrorKind::kInvalid, "odd; give an even number");
  return n / 2;
}

Status Even(int n) {
  Result<int> half = Half(n);
  if (!half.ok()) return half.error();
  return {};
}

TEST(Result, HoldsAValue) {
  Result<int> half = Half(8);
  ASSERT_TRUE(half.ok());
  EXPECT_EQ(half.value(), 4);
  half.value() = 5;
  EXPECT_EQ(std::as_const(half).value(), 5);
}

TEST(Result, HoldsAnError) {
  const Result<int> half = Half(7);
  ASSERT_FALSE(half.ok());
  EXPECT_EQ(half.error(), MakeError(ErrorKind::kInvalid, "odd; give an even number"));
}

TEST(Result, MovesAValueOut) {
  Result<std::unique_ptr<std::string>> made(std::make_unique<std::string>("moved"));
  std::unique_ptr<std::string> taken = std::move(made).value();
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(*taken, "moved");
}

TEST(Status, IsOkUntilGivenAnError) {
  EXPECT_TRUE(Even(2).ok());
  const Status odd = Even(3);
  ASSERT_FALSE(odd.ok());
  EXPECT_EQ(odd.error().kind, ErrorKind::kInvalid);
}

TEST(ResultDeathTest, TheWrongAccessorStopsTheProgram) {
  const Result<int> good = Half(2);
  const Result<int> bad = Half(1);
  EXPECT_DEATH((void)bad.value(), "");
  EXPECT_DEATH((void)good.error(), "");
  EXPECT_DEATH((void)Even(4).error(), "");
}

}  // namespace
}  // namespace kinfolder
