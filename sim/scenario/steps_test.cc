#include "sim/scenario/steps.h"

#include <gtest/gtest.h>

namespace kinfolder::sim {
namespace {

std::string ErrorOf(const std::string& text) {
  const Result<Scenario> parsed = Parse("f", text);
  return parsed.ok() ? "" : parsed.error().text;
}

TEST(Steps, ReadsContentsAndEscapes) {
  const Result<Scenario> parsed = Parse(
      "f", "machines: a b\na write p \"x\\n\\x41\\\"#\" # a comment\na write q repeat(\"ab\", 3)");
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

TEST(Steps, ReadsWhatIsDoneAtAnEffect) {
  const Result<Scenario> parsed =
      Parse("f",
            "machines: a b\na when scan stop\na when after-upload 2 b start\na crash-at replace 3\n"
            "a when upload store of b fail 2\na when look when settle forge b p cycle");
  ASSERT_TRUE(parsed.ok()) << parsed.error().text;
  const std::vector<Step>& steps = parsed.value().steps;
  const auto deed = [&](const Step& step) { return parsed.value().deeds.at(step.deed); };
  ASSERT_EQ(steps.size(), 5u);
  EXPECT_EQ(deed(steps[0]).verb, "stop");
  EXPECT_EQ(deed(steps[0]).machine, 0);
  EXPECT_EQ(deed(steps[0]).column, 13);
  EXPECT_EQ(deed(steps[1]).machine, 1);
  EXPECT_EQ(steps[1].numbers, std::vector<std::int64_t>{2});
  EXPECT_EQ(deed(steps[2]).verb, "crash");
  EXPECT_EQ(steps[2].numbers, std::vector<std::int64_t>{3});
  EXPECT_EQ(deed(steps[3]).verb, "store fail");
  EXPECT_EQ(deed(steps[4]).verb, "when");
  EXPECT_EQ(deed(deed(steps[4])).verb, "forge");
}

TEST(Steps, RefusesWhatTakesTimeAtAnEffect) {
  const auto error = [](const std::string& step) {
    return ErrorOf("machines: a b\na when upload " + step);
  };
  for (const char* step : {"run 30s", "settle", "scan", "b poll"}) {
    EXPECT_EQ(error(step).substr(0, 7), "f:2:15:") << step;
    EXPECT_NE(error(step).find("no time passes; expected"), std::string::npos) << error(step);
  }
  EXPECT_EQ(error("expect a p absent").substr(0, 7), "f:2:15:");
  EXPECT_NE(error("expect a p absent").find("nothing is at rest"), std::string::npos);
  EXPECT_EQ(error("").substr(0, 7), "f:2:14:");
  EXPECT_EQ(error("0 stop").substr(0, 7), "f:2:15:");
  EXPECT_EQ(error("c stop").substr(0, 7), "f:2:15:");
  EXPECT_EQ(error("b stop now").substr(0, 7), "f:2:22:");
  EXPECT_EQ(error("store of c full").substr(0, 7), "f:2:24:");
  EXPECT_EQ(error("forge b p small").substr(0, 7), "f:2:25:");
  EXPECT_EQ(ErrorOf("machines: a\na when nothing stop").substr(0, 6), "f:2:8:");
  EXPECT_EQ(ErrorOf("machines: a\na crash-at").substr(0, 7), "f:2:11:");
  EXPECT_EQ(ErrorOf("machines: a\na crash-at scan 0").substr(0, 7), "f:2:17:");
}

TEST(Steps, ReadsWhatAPowerCutLeaves) {
  const Result<Scenario> parsed =
      Parse("f", "machines: a\na powerloss\na when after-replace powerloss torn");
  ASSERT_TRUE(parsed.ok());
  ASSERT_EQ(parsed.value().steps.size(), 2u);
  EXPECT_EQ(parsed.value().steps[0].power, PowerMode::kSubset);
  EXPECT_EQ(parsed.value().deeds.at(0).power, PowerMode::kTorn);
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
