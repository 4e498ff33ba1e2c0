// Records, events and states as bytes: exact, and refused when they are not whole.
#include <string>
#include <vector>

#include "core/agent/testing/bench.h"
#include "core/agent/testing/random_acts.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace kinfolder {
namespace {

constexpr char kNewest = 3;  // the first byte of what is written

// A small world with something of everything in it.
Bench Busy(std::uint32_t seed) {
  Bench b;
  MakeSmall(b, 1);
  b.Start();
  for (std::uint32_t i = 0; i < 60; ++i) Act(b, seed + i * 7919);
  return b;
}

std::string Mutated(std::string bytes) {
  const int changes = *rc::gen::inRange(1, 4);
  for (int i = 0; i < changes && !bytes.empty(); ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = static_cast<char>(*rc::gen::inRange(0, 256));
  }
  if (*rc::gen::inRange(0, 3) == 0)
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
  return bytes;
}

TEST(AgentCodec, EventsComeBackAsTheyWere) {
  const Bench b = Busy(5);
  ASSERT_GT(b.history().size(), 20U);
  for (const Event& event : b.history()) {
    const std::string bytes = EncodeEvent(event);
    const auto decoded = DecodeEvent(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(EncodeEvent(*decoded), bytes);
    EXPECT_EQ(decoded->body.index(), event.body.index());
  }
}

TEST(AgentCodec, WhatIsCutShortOrTooLongIsRefused) {
  const Bench b = Busy(6);
  for (const Event& event : b.history()) {
    const std::string bytes = EncodeEvent(event);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(DecodeEvent(bytes.substr(0, size)));
    EXPECT_FALSE(DecodeEvent(bytes + '\0'));
  }
  ASSERT_GT(b.durable().size(), 3U);
  for (const auto& [key, bytes] : b.durable()) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      AgentState state = NewAgentState();
      EXPECT_FALSE(DecodeRecord(state, key, bytes.substr(0, size)));
    }
    AgentState state = NewAgentState();
    EXPECT_FALSE(DecodeRecord(state, key, bytes + '\0'));
    EXPECT_TRUE(DecodeRecord(state, key, bytes));
    EXPECT_EQ(EncodeRecord(state, key), bytes);
  }
  const std::string whole = EncodeState(b.state());
  for (std::size_t size = 0; size < whole.size(); size += 7)
    EXPECT_FALSE(DecodeState(whole.substr(0, size)));
  EXPECT_FALSE(DecodeState(whole + '\0'));
}

TEST(AgentCodec, ANewerFormatIsRefused) {
  std::string bytes = EncodeEvent(Event{{1, 2}, Ticked{}});
  ASSERT_TRUE(DecodeEvent(bytes));
  ++bytes[0];
  EXPECT_FALSE(DecodeEvent(bytes));
}

// What was appended later is as if it had never been set.
TEST(AgentCodec, AnOlderFormatIsRead) {
  const Event now{{1, 2},
                  CollectiveRead{7, Outcome::kDone, {{ParticipantId{4}, true, false, true}}}};
  std::string event = EncodeEvent(now);
  ASSERT_EQ(event[0], kNewest);
  event[0] = 1;
  event.erase(event.size() - 2, 1);  // `peer`, before the reason
  const auto decoded = DecodeEvent(event);
  ASSERT_TRUE(decoded);
  const auto& read = std::get<CollectiveRead>(decoded->body);
  const ParticipantFacts facts{ParticipantId{4}, true, false, false};
  EXPECT_EQ(read.participants, std::vector{facts});

  AgentState state = NewAgentState();
  state.paths.resize(2);
  state.paths[1].record.approved_delete = SnapshotId{9};
  const RecordKey key{RecordKey::Table::kPath, 1};
  std::string record = *EncodeRecord(state, key);
  record[0] = 1;
  AgentState other = NewAgentState();
  EXPECT_FALSE(DecodeRecord(other, key, record)) << "more than the older format has";
  record.resize(record.size() - 14);  // what was appended
  ASSERT_TRUE(DecodeRecord(other, key, record));
  EXPECT_EQ(other.paths[1].record, state.paths[1].record);
}

TEST(AgentCodec, AnEmptyRecordIsNone) {
  const Bench b = Busy(7);
  EXPECT_FALSE(EncodeRecord(b.state(), {RecordKey::Table::kPath, 999}));
  EXPECT_FALSE(EncodeRecord(b.state(), {RecordKey::Table::kNode, 999}));
}

TEST(AgentCodec, IdsOutOfBoundsAreRefused) {
  AgentState state = NewAgentState();
  const std::string record = *EncodeRecord(Busy(8).state(), {RecordKey::Table::kFolder, 0});
  EXPECT_FALSE(DecodeRecord(state, {RecordKey::Table::kPath, 0}, record));
  EXPECT_FALSE(DecodeRecord(state, {RecordKey::Table::kPath, 0xffff'ffffu}, record));
  EXPECT_FALSE(DecodeRecord(state, {RecordKey::Table::kNode, 0}, record));
  EXPECT_FALSE(DecodeRecord(state, {RecordKey::Table::kNode, 0xffff'ffffu}, record));
}

RC_GTEST_PROP(AgentCodec, MutatedEventsAreRefusedOrValues, (std::uint32_t seed)) {
  const Bench b = Busy(seed);
  const Event event = *rc::gen::elementOf(b.history());
  const std::string bytes = Mutated(EncodeEvent(event));
  const auto decoded = DecodeEvent(bytes);
  RC_CLASSIFY(decoded.has_value());
  if (decoded && bytes[0] == kNewest) RC_ASSERT(EncodeEvent(*decoded) == bytes);
}

RC_GTEST_PROP(AgentCodec, MutatedRecordsAreRefusedOrValues, (std::uint32_t seed)) {
  const Bench b = Busy(seed);
  const auto [key, bytes] = *rc::gen::elementOf(b.durable());
  const std::string mutated = Mutated(bytes);
  AgentState state = NewAgentState();
  const bool decoded = DecodeRecord(state, key, mutated);
  RC_CLASSIFY(decoded);
  if (!decoded || mutated[0] != kNewest) return;
  const auto again = EncodeRecord(state, key);
  RC_ASSERT(!again || *again == mutated);
}

RC_GTEST_PROP(AgentCodec, MutatedStatesAreRefusedOrValues, (std::uint32_t seed)) {
  const Bench b = Busy(seed);
  const auto decoded = DecodeState(Mutated(EncodeState(b.state())));
  RC_CLASSIFY(decoded.has_value());
  if (decoded) RC_ASSERT(decoded->dag.size() <= b.state().dag.size() + 256);
}

RC_GTEST_PROP(AgentCodec, AnyBytesAreRefusedOrValues, (std::string bytes)) {
  if (!bytes.empty()) bytes[0] = kNewest;
  if (const auto event = DecodeEvent(bytes)) RC_ASSERT(EncodeEvent(*event) == bytes);
  DecodeState(bytes);
  AgentState state = NewAgentState();
  DecodeRecord(state, {RecordKey::Table::kPath, 1}, bytes);
  DecodeRecord(state, {RecordKey::Table::kNode, 1}, bytes);
  DecodeRecord(state, {RecordKey::Table::kFolder, 0}, bytes);
}

}  // namespace
}  // namespace kinfolder
