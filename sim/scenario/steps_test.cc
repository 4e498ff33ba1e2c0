#include "sim/scenario/steps.h"

#include <gtest/gtest.h>

namespace kinfolder::sim {
namespace {

std::string ErrorOf(const std::string& text) {
  const Result<Scenario> parsed = Parse("f", text, false);
  return parsed.ok() ? "" : parsed.error().text;
}

TEST(Steps, ReadsContentsAndEscapes) {
  const Result<Scenario> parsed = Parse(
      "f", "machines: a b\na write p \"x\\n\\x41\\\"#\" # a comment\na write q repeat(\"ab\", 3)",
      false);
  ASSERT_TRUE(parsed.ok()) << parsed.error().text;
  ASSERT_EQ(parsed.value().steps.size(), 2u);
  EXPECT_EQ(parsed.value().steps[0].user->content, "x\nA\"#");
  EXPECT_EQ(parsed.value().steps[1].user->content, "ababab");
  EXPECT_EQ(parsed.value().steps[1].line, 3);
}

TEST(Steps, RandomBytesDependOnTheSeedOnly) {
  EXPECT_EQ(RandomBytes(1, 20), RandomBytes(1, 30).substr(0, 20));
  EXPECT_NE(RandomBytes(1, 20), RandomBytes(2, 20));
}

TEST(Steps, SaysWhereAMistakeIs) {
  EXPECT_EQ(ErrorOf("machines: a\na wrte p \"x\"").substr(0, 6), "f:2:3:");
  EXPECT_EQ(ErrorOf("machines: a\na write ../p \"x\"").substr(0, 6), "f:2:9:");
  EXPECT_EQ(ErrorOf("machines: a\na write p x").substr(0, 7), "f:2:11:");
  EXPECT_EQ(ErrorOf("machines: a\nrun 30 s").substr(0, 6), "f:2:5:");
  EXPECT_EQ(ErrorOf("machines: a\na write p \"x").substr(0, 6), "f:2:13");
  EXPECT_EQ(ErrorOf("machines: a\nexpect b p absent").substr(0, 6), "f:2:8:");
  EXPECT_NE(ErrorOf("a write p \"x\""), "");
  EXPECT_NE(ErrorOf(""), "");
  EXPECT_NE(ErrorOf("machines: a\na stop\noption: poll=5s"), "");
}

TEST(Steps, RefusesOrLeavesOutWhatComesLater) {
  const std::string text = "machines: a\na when scan start\na stop";
  EXPECT_NE(ErrorOf(text).find("when ... start"), std::string::npos);
  const Result<Scenario> parsed = Parse("f", text, true);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed.value().steps.size(), 1u);
  EXPECT_EQ(parsed.value().skipped.size(), 1u);
}

TEST(Steps, ReadsWhatAPowerCutLeaves) {
  const Result<Scenario> parsed =
      Parse("f", "machines: a\na powerloss\na when after-replace powerloss torn", false);
  ASSERT_TRUE(parsed.ok());
  ASSERT_EQ(parsed.value().steps.size(), 2u);
  EXPECT_EQ(parsed.value().steps[0].power, PowerMode::kSubset);
  EXPECT_EQ(parsed.value().steps[1].power, PowerMode::kTorn);
  EXPECT_NE(ErrorOf("machines: a\na powerloss half").find("all, none, some or torn"),
            std::string::npos);
}

TEST(Steps, ReadsEveryFormOfExpect) {
  EXPECT_EQ(ErrorOf("machines: a b\n"
                    "expect a p \"x\"\nexpect all p absent\nexpect a p dir\nexpect a p mode 755\n"
                    "expect a p symlink \"t\"\nexpect a p mtime 5\nexpect a p one-of \"x\" \"y\"\n"
                    "expect a versions p \"x\" deleted\nexpect a conflicts p \"x\"\n"
                    "expect all conflicts none\nexpect a keeps \"x\"\nexpect a files 3\n"
                    "expect a only p q\nexpect outside none\nexpect a history p \"x\" deleted\n"
                    "expect a history p has \"x\"\nexpect a snapshots p 2\nexpect a uploads 1\n"
                    "expect a downloads 1\nexpect a dmd-writes 1\nexpect a snapshots-made 1\n"
                    "expect a held-deletes 0\nexpect a state in-sync\nexpect a error io p\n"
                    "expect all same\nexpect a b same\nexpect a \"keeps\" \"x\""),
            "");
  EXPECT_NE(ErrorOf("machines: a\nexpect a state happy"), "");
  EXPECT_NE(ErrorOf("machines: a\nexpect a p"), "");
}

}  // namespace
}  // namespace kinfolder::sim
