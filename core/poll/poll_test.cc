#include "core/poll/poll.h"

#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "core/table_doc/enum_names.h"
#include "core/table_doc/machine_doc.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace kinfolder {
namespace {

using P = PollPhase;
using E = PollEvent;
using A = PollAction;

// What one step answers, without the count of failures.
struct Answer {
  P phase;
  Verdict verdict;
  A action = A::kNone;
  friend bool operator==(const Answer&, const Answer&) = default;
};

Answer Step(P phase, E event) {
  PollState state{phase, 0};
  const auto result = StepPoll(state, event);
  return {state.phase, result.verdict, result.action};
}

constexpr Answer To(P phase, A action = A::kNone) { return {phase, Verdict::kTaken, action}; }

TEST(Poll, EveryPhaseAndEvent) {
  // By phase, in the order Due, Asked, Answered, Failed, RetryDue, Forgotten.
  const auto ignored = [](P phase) { return Answer{phase, Verdict::kIgnored}; };
  const Answer idle = ignored(P::kIdle);
  const Answer polling = ignored(P::kPolling);
  const Answer again = ignored(P::kAgain);
  const Answer waiting = ignored(P::kWaiting);
  const Answer ask = To(P::kPolling, A::kAsk);
  const std::vector<std::vector<Answer>> expected = {
      {ask, ask, idle, idle, idle, idle},
      {polling, To(P::kAgain), To(P::kIdle, A::kRest), To(P::kWaiting, A::kBackOff), polling,
       To(P::kIdle)},
      {again, again, ask, ask, again, To(P::kIdle)},
      {waiting, ask, waiting, waiting, ask, To(P::kIdle)},
  };
  ASSERT_EQ(kAllOf<P>.size(), expected.size());
  for (std::size_t p = 0; p < expected.size(); ++p) {
    ASSERT_EQ(kAllOf<E>.size(), expected[p].size());
    for (std::size_t e = 0; e < expected[p].size(); ++e) {
      EXPECT_EQ(Step(kAllOf<P>[p], kAllOf<E>[e]), expected[p][e])
          << EnumName(kAllOf<P>[p]) << " " << EnumName(kAllOf<E>[e]);
    }
  }
}

TEST(Poll, AskedWhilePollingPollsOnceMore) {
  for (const E end : {E::kAnswered, E::kFailed}) {
    PollState state;
    EXPECT_EQ(StepPoll(state, E::kDue).action, A::kAsk);
    EXPECT_EQ(StepPoll(state, E::kAsked).action, A::kNone);
    EXPECT_EQ(StepPoll(state, E::kAsked).action, A::kNone);
    EXPECT_EQ(StepPoll(state, end).action, A::kAsk);
    EXPECT_EQ(StepPoll(state, E::kAnswered).action, A::kRest);
    EXPECT_EQ(state, PollState{});
  }
}

TEST(Poll, CountsFailuresInARow) {
  PollState state;
  for (std::uint32_t n = 1; n <= 3; ++n) {
    EXPECT_EQ(StepPoll(state, n == 1 ? E::kDue : E::kRetryDue).action, A::kAsk);
    EXPECT_EQ(StepPoll(state, E::kFailed).action, A::kBackOff);
    EXPECT_EQ(state, (PollState{P::kWaiting, n}));
  }
  EXPECT_EQ(StepPoll(state, E::kAsked).action, A::kAsk);
  EXPECT_EQ(state.failures, 3U);
  EXPECT_EQ(StepPoll(state, E::kAnswered).action, A::kRest);
  EXPECT_EQ(state, PollState{});
}

TEST(Poll, TheCountOfFailuresDoesNotWrap) {
  PollState state{P::kPolling, std::numeric_limits<std::uint32_t>::max()};
  EXPECT_EQ(StepPoll(state, E::kFailed).action, A::kBackOff);
  EXPECT_EQ(state.failures, std::numeric_limits<std::uint32_t>::max());
}

TEST(Poll, ANewcomerOfTheSameNameStartsAfresh) {
  PollState state{P::kWaiting, 7};
  EXPECT_EQ(StepPoll(state, E::kForgotten).verdict, Verdict::kTaken);
  EXPECT_EQ(state, PollState{});
}

TEST(Poll, AValueThatIsNoPhaseIsUnexpected) {
  PollState state{static_cast<P>(9), 2};
  EXPECT_EQ(StepPoll(state, E::kDue), (StepResult<A>{Verdict::kUnexpected, A::kNone}));
  EXPECT_EQ(state, (PollState{static_cast<P>(9), 2}));
}

TEST(Poll, EveryPhaseReachesIdle) {
  for (const P start : kAllOf<P>) {
    std::set<P> reached{start};
    for (std::size_t round = 0; round < kAllOf<P>.size(); ++round) {
      for (const P phase : std::set<P>(reached)) {
        for (const E event : kAllOf<E>) reached.insert(Step(phase, event).phase);
      }
    }
    EXPECT_TRUE(reached.contains(P::kIdle)) << EnumName(start);
  }
}

TEST(Poll, DescribesItself) {
  const MachineDoc doc = PollMachineDoc();
  EXPECT_EQ(doc.name, "poll");
  EXPECT_EQ(doc.initial, "Idle");
  ASSERT_FALSE(doc.rows.empty());
  EXPECT_EQ(doc.rows.front(), (DocRow{"Idle", "Due", "Polling", "Ask", "", false}));
}

// Any value at all, so also some that are no phase or event.
rc::Gen<PollState> AnyState() {
  return rc::gen::build<PollState>(
      rc::gen::set(&PollState::phase, rc::gen::cast<P>(rc::gen::inRange(0, 6))),
      rc::gen::set(&PollState::failures));
}
rc::Gen<E> AnyEvent() { return rc::gen::cast<E>(rc::gen::inRange(0, 9)); }

RC_GTEST_PROP(Poll, WhatIsNotTakenChangesNothing, ()) {
  const PollState before = *AnyState();
  PollState after = before;
  const auto result = StepPoll(after, *AnyEvent());
  RC_CLASSIFY(result.verdict == Verdict::kTaken);
  if (result.verdict == Verdict::kTaken) return;
  RC_ASSERT(after == before);
  RC_ASSERT(result.action == A::kNone);
}

RC_GTEST_PROP(Poll, TheSameStepAlwaysAnswersTheSame, ()) {
  PollState one = *AnyState();
  PollState two = one;
  const E event = *AnyEvent();
  RC_ASSERT(StepPoll(one, event) == StepPoll(two, event));
  RC_ASSERT(one == two);
}

// Over any history, exactly one thing is always pending: a read, the interval, or the retry.
RC_GTEST_PROP(Poll, SomethingIsAlwaysPending, ()) {
  PollState state;
  A last = A::kRest;  // what is armed when a participant is new
  for (const E event : *rc::gen::container<std::vector<E>>(AnyEvent())) {
    const auto result = StepPoll(state, event);
    if (event == E::kForgotten) last = A::kRest;
    if (result.action != A::kNone) last = result.action;
    const bool reading = state.phase == P::kPolling || state.phase == P::kAgain;
    RC_ASSERT((last == A::kAsk) == reading);
    RC_ASSERT((last == A::kBackOff) == (state.phase == P::kWaiting));
  }
}

}  // namespace
}  // namespace kinfolder
