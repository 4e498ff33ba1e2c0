// The sweep: its points as text, that it finds what is wrong, and that a copied run goes on as the
// original.
#include "sim/sweep/sweep.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

namespace kinfolder::sim {
namespace {

constexpr char kText[] =
    "machines: a b\na write f \"one\"\nsettle\na write f \"two\"\nsettle\n"
    "expect all f \"two\"\nexpect all conflicts none\n";

Scenario Read(const std::string& text) {
  Result<Scenario> scenario = Parse("test", text);
  EXPECT_TRUE(scenario.ok());
  return std::move(scenario).value();
}

SweepReport SweepAll(const std::string& text, std::string_view only, int depth = 1) {
  SweepOptions options;
  options.depth = depth;
  options.strikes = *ReadStrikes(only);
  return Sweep(Read(text), options, [](const std::vector<Point>&) {});
}

TEST(Points, AreReadAsTheyAreWritten) {
  for (const StrikeName& known : kStrikes) {
    const std::string text = "b#12:" + std::string(known.name) + "/b#3:crash-before";
    const auto points = ReadPoints(text);
    ASSERT_TRUE(points) << text;
    EXPECT_EQ(Text(*points), text);
  }
  for (const char* wrong : {"", "12:crash-before", "b#0:crash-before", "b#1:crash", "b#1"})
    EXPECT_FALSE(ReadPoints(wrong)) << wrong;
  EXPECT_EQ(ReadStrikes("crash")->size(), 2u);
  EXPECT_EQ(ReadStrikes("")->size(), kStrikes.size());
  EXPECT_FALSE(ReadStrikes("crash,thunder"));
}

TEST(Sweep, TriesEveryEffectAndRunsEqualImagesOnce) {
  const SweepReport report = SweepAll(kText, "");
  EXPECT_TRUE(report.failures.empty());
  EXPECT_GT(report.boundaries, 40u);
  EXPECT_GT(report.points, 9 * report.boundaries);
  EXPECT_LT(report.images, report.points / 3);
  EXPECT_GT(report.expectations.at(LeftOut::kNo), report.points / 20);
  EXPECT_GT(SweepAll(kText, "crash", 2).images, SweepAll(kText, "crash", 1).images);
}

// b edits just after the new version came; where an answer is lost it comes too late, and the two
// are a conflict, which this file does not expect.
constexpr char kHurried[] =
    "machines: a b\na write f \"one\"\nsettle\na write f \"two\"\nrun 60500ms\nb append f \"!\"\n"
    "settle\nexpect all f \"two!\"\n";

TEST(Sweep, TellsWhichPointFailed) {
  const SweepReport report = SweepAll(kHurried, "lost-answer");
  EXPECT_EQ(report.calm.ending, Ending::kHolds);
  ASSERT_FALSE(report.failures.empty());
  const SweepFailure& failure = report.failures[0];
  EXPECT_EQ(failure.result.line, 8);
  const auto again = RunPoint(Read(kHurried), SweepOptions{}, failure.points, true);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->result.what, failure.result.what);
  EXPECT_EQ(again->effect, failure.effect);
  EXPECT_FALSE(again->result.log.empty());
}

TEST(Run, ACopyGoesOnAsTheOriginal) {
  const auto scenario = std::make_shared<const Scenario>(Read(kText));
  sim::Run whole(scenario, false);
  while (whole.Proceed()) {
  }
  const RunResult expected = whole.Finish();
  sim::Run run(scenario, false);
  std::set<std::uint64_t> chains;
  for (int i = 0; run.Proceed(); ++i) {
    if (i % 17 != 0) continue;
    sim::Run copy = run;
    while (copy.Proceed()) {
    }
    const RunResult result = copy.Finish();
    EXPECT_EQ(result.ending, Ending::kHolds);
    chains.insert(result.chain);
  }
  EXPECT_EQ(chains, std::set<std::uint64_t>{expected.chain});
}

// What waits for an effect is part of what is copied, whatever it is.
TEST(Run, ACopyKeepsWhatWaitsForAnInstant) {
  const auto scenario = std::make_shared<const Scenario>(
      Read("machines: a b\nb when replace a stop\nb when after-replace when settle a start\n"
           "b when stage-target store of b fail 2\nb when look when stage-target pause\n"
           "a write f \"one\"\nsettle\nb resume\nsettle\nexpect all f \"one\"\n"));
  sim::Run run(scenario, false);
  std::set<std::uint64_t> chains;
  do {
    sim::Run copy = run;
    while (copy.Proceed()) {
    }
    const RunResult result = copy.Finish();
    EXPECT_EQ(result.ending, Ending::kHolds) << result.what;
    chains.insert(result.chain);
  } while (run.Proceed());
  EXPECT_EQ(chains.size(), 1u);
}

// Two runs of one file, of which one meets something else in the middle.
TEST(Run, NamesTheFirstStepThatWentAnotherWay) {
  const auto scenario = std::make_shared<const Scenario>(Read(kText));
  sim::Run one(scenario, false, true), other(scenario, false, true);
  const auto proceed = [&] {
    for (sim::Run* run : {&one, &other}) {
      run->world().rolling.KeepTrail();
      run->Proceed();
    }
  };
  while (one.result().steps.size() < 3) {
    proceed();
    ASSERT_EQ(one.world().rolling.value(), other.world().rolling.value());
    ASSERT_EQ(FirstDifference(one.world(), other.world()), "");
  }
  other.world().machines[1].clock_offset_ms = 1;
  const std::uint64_t before = other.world().machines[1].steps;
  while (one.world().rolling.value() == other.world().rolling.value()) proceed();
  EXPECT_EQ(FirstDifference(one.world(), other.world()),
            "b at step " + std::to_string(before + 1) +
                " of its core (watch-lost) went another way, at " +
                std::to_string(one.world().now_ms) + " ms");
}

TEST(Run, SaysWhichStepCantBeDoneAtItsInstant) {
  const auto outcome = [](const std::string& deed) {
    return RunScenario(
        Read("machines: a b\nlate: b\na when upload " + deed + "\na write f \"one\"\nsettle\n"),
        false);
  };
  for (const auto& [deed, why] : std::map<std::string, std::string>{
           {"start", "`start`: another agent"},
           {"b stop", "`stop`: the agent is not running"},
           {"b start", "`start`: it has not joined"},
           {"restore f 7", "`restore`: no such version"},
           {"rename g h", "`rename`: g is not there"},
           {"store drop a g", "`store drop`: nothing with a content"}}) {
    const RunResult result = outcome(deed);
    EXPECT_EQ(result.ending, Ending::kNotUnderstood) << deed;
    EXPECT_EQ(result.line, 3) << deed;
    EXPECT_EQ(result.what.substr(0, why.size()), why) << result.what;
  }
}

}  // namespace
}  // namespace kinfolder::sim
