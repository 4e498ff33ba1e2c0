#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/trace/replay.h"
#include "core/trace/trace_format.h"

namespace kinfolder {
namespace {

Event At(std::int64_t ms, EventBody body) { return Event{{ms, 1'700'000'000'000 + ms}, body}; }

// A folder that starts, looks at its root and scans one file.
std::vector<Event> SomeEvents() {
  Started started;
  started.seed = 7;
  Observation seen;
  seen.path = PathId{1};
  seen.presence = Presence::kThere;
  seen.stat.kind = Kind::kFile;
  seen.stat.size = 3;
  return {At(1, started), At(2, WatchLost{}), At(3, Observed{{seen}}), At(60'000, Ticked{}),
          At(60'001, PauseAsked{1, true})};
}

std::string Record(int segments) {
  std::string trace = TraceHeader();
  AgentState state = NewAgentState();
  std::uint64_t chain = 5;
  for (int segment = 0; segment < segments; ++segment) {
    trace += TraceCheckpoint(EncodeState(state), chain);
    for (const Event& event : SomeEvents()) {
      const Reaction reaction = Step(state, event);
      chain = ChainHash(chain, state, event, reaction);
      trace += TraceFrame(EncodeEvent(event), chain);
    }
  }
  return trace;
}

TEST(Trace, ReplaysToTheSameChain) {
  const std::string trace = Record(2);
  std::uint64_t seen = 0;
  ReplayOptions options;
  options.on_step = [&](const ReplayStep& step) { EXPECT_EQ(step.number, ++seen); };
  const Result<ReplayResult> result = Replay(trace, options);
  ASSERT_TRUE(result.ok()) << result.error().text;
  EXPECT_TRUE(result.value().matches);
  EXPECT_EQ(result.value().segments, 2u);
  EXPECT_EQ(result.value().steps, 2 * SomeEvents().size());
  EXPECT_EQ(seen, result.value().steps);
  EXPECT_FALSE(result.value().damage.has_value());
}

TEST(Trace, StopsWhereItIsAskedTo) {
  ReplayOptions options;
  options.until = 3;
  EXPECT_EQ(Replay(Record(1), options).value().steps, 3u);
}

TEST(Trace, SaysWhichStepDiffers) {
  std::string trace = TraceHeader() + TraceCheckpoint(EncodeState(NewAgentState()), 5);
  trace += TraceFrame(EncodeEvent(SomeEvents()[0]), 99);
  const Result<ReplayResult> result = Replay(trace, {});
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result.value().matches);
  EXPECT_EQ(result.value().first_difference, 1u);
  EXPECT_EQ(result.value().event, "Started");
}

TEST(Trace, SaysHowACheckpointDiffers) {
  AgentState other = NewAgentState();
  other.folder.next_local = 77;
  const std::string trace = TraceHeader() + TraceCheckpoint(EncodeState(NewAgentState()), 5) +
                            TraceCheckpoint(EncodeState(other), 5);
  const Result<ReplayResult> result = Replay(trace, {});
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result.value().matches);
  ASSERT_FALSE(result.value().differing.empty());
  EXPECT_EQ(result.value().differing[0].substr(0, 13), "folder record");
}

// Every prefix, and every damaged byte: an error or an early end, never a crash or a wrong match.
TEST(Trace, DamageIsFoundAnywhere) {
  const std::string trace = Record(1);
  for (std::size_t size = 0; size < trace.size(); size += 7) {
    const Result<ReplayResult> result = Replay(std::string_view(trace).substr(0, size), {});
    EXPECT_TRUE(!result.ok() || result.value().steps < SomeEvents().size());
  }
  for (std::size_t i = 0; i < trace.size(); i += 5) {
    std::string bad = trace;
    bad[i] = static_cast<char>(bad[i] ^ 0x41);
    const Result<ReplayResult> result = Replay(bad, {});
    EXPECT_TRUE(!result.ok() || !result.value().matches || result.value().damage) << i;
  }
}

TEST(Trace, ClaimedLengthsAreNotBelieved) {
  std::string trace = TraceHeader() + "C" + std::string(4, '\xff') + std::string(12, '\0');
  const Result<ReplayResult> result = Replay(trace, {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(result.error().text.find("byte 8"), std::string::npos) << result.error().text;
}

TEST(Trace, WhatIsNoTraceIsSaid) {
  EXPECT_EQ(Replay("", {}).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(Replay("some other file", {}).error().kind, ErrorKind::kInvalid);
  std::string newer = Record(1);
  newer[7] = 9;
  EXPECT_EQ(Replay(newer, {}).error().kind, ErrorKind::kVersion);
}

}  // namespace
}  // namespace kinfolder
