#include "core/cache/cache.h"

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

using P = CachePhase;
using E = CacheEvent;
using A = CacheAction;

// What one step answers, without the count of failures.
struct Answer {
  P phase;
  Verdict verdict;
  A action = A::kNone;
  friend bool operator==(const Answer&, const Answer&) = default;
};

Answer Step(P phase, E event) {
  CacheState state{phase, 0};
  const auto result = StepCache(state, event);
  return {state.phase, result.verdict, result.action};
}

constexpr Answer To(P phase, A action = A::kNone) { return {phase, Verdict::kTaken, action}; }

TEST(Cache, EveryPhaseAndEvent) {
  // By phase, in the order Wanted, Fetched, Failed, Refused, RetryDue, Forgotten.
  const auto ignored = [](P phase) { return Answer{phase, Verdict::kIgnored}; };
  const Answer absent = ignored(P::kAbsent);
  const Answer fetching = ignored(P::kFetching);
  const Answer known = ignored(P::kKnown);
  const Answer waiting = ignored(P::kWaiting);
  const Answer invalid = ignored(P::kInvalid);
  const Answer fetch = To(P::kFetching, A::kFetch);
  const Answer forget = To(P::kAbsent);
  const std::vector<std::vector<Answer>> expected = {
      {fetch, absent, absent, absent, absent, absent},
      {fetching, To(P::kKnown, A::kKeep), To(P::kWaiting, A::kBackOff), To(P::kInvalid, A::kReport),
       fetching, forget},
      {known, known, known, known, known, forget},
      {waiting, waiting, waiting, waiting, fetch, forget},
      {invalid, invalid, invalid, invalid, invalid, forget},
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

TEST(Cache, WantingMoreNeitherRepeatsNorHastensADownload) {
  CacheState state;
  EXPECT_EQ(StepCache(state, E::kWanted).action, A::kFetch);
  EXPECT_EQ(StepCache(state, E::kWanted).action, A::kNone);
  EXPECT_EQ(StepCache(state, E::kFailed).action, A::kBackOff);
  EXPECT_EQ(StepCache(state, E::kWanted).action, A::kNone);
  EXPECT_EQ(StepCache(state, E::kRetryDue).action, A::kFetch);
  EXPECT_EQ(StepCache(state, E::kFailed).action, A::kBackOff);
  EXPECT_EQ(state, (CacheState{P::kWaiting, 2}));
  EXPECT_EQ(StepCache(state, E::kRetryDue).action, A::kFetch);
  EXPECT_EQ(StepCache(state, E::kFetched).action, A::kKeep);
  EXPECT_EQ(state, (CacheState{P::kKnown, 0}));
}

TEST(Cache, ForgettingStartsAfresh) {
  for (const P phase : kAllOf<P>) {
    if (phase == P::kAbsent) continue;
    CacheState state{phase, 7};
    EXPECT_EQ(StepCache(state, E::kForgotten), (StepResult<A>{Verdict::kTaken, A::kNone}));
    EXPECT_EQ(state, CacheState{}) << EnumName(phase);
  }
}

TEST(Cache, TheCountOfFailuresDoesNotWrap) {
  CacheState state{P::kFetching, std::numeric_limits<std::uint32_t>::max()};
  EXPECT_EQ(StepCache(state, E::kFailed).action, A::kBackOff);
  EXPECT_EQ(state.failures, std::numeric_limits<std::uint32_t>::max());
}

TEST(Cache, EveryPhaseReachesKnown) {
  for (const P start : kAllOf<P>) {
    std::set<P> reached{start};
    for (std::size_t round = 0; round < kAllOf<P>.size(); ++round) {
      for (const P phase : std::set<P>(reached)) {
        for (const E event : kAllOf<E>) reached.insert(Step(phase, event).phase);
      }
    }
    EXPECT_TRUE(reached.contains(P::kKnown)) << EnumName(start);
  }
}

TEST(Cache, DescribesItself) {
  const MachineDoc doc = CacheMachineDoc();
  EXPECT_EQ(doc.name, "cache");
  EXPECT_EQ(doc.initial, "Absent");
  ASSERT_FALSE(doc.rows.empty());
  EXPECT_EQ(doc.rows.front(), (DocRow{"Absent", "Wanted", "Fetching", "Fetch", "", false}));
}

// Any value at all, so also some that are no phase or event.
rc::Gen<CacheState> AnyState() {
  return rc::gen::build<CacheState>(
      rc::gen::set(&CacheState::phase, rc::gen::cast<P>(rc::gen::inRange(0, 7))),
      rc::gen::set(&CacheState::failures));
}
rc::Gen<E> AnyEvent() { return rc::gen::cast<E>(rc::gen::inRange(0, 9)); }

RC_GTEST_PROP(Cache, WhatIsNotTakenChangesNothing, ()) {
  const CacheState before = *AnyState();
  CacheState after = before;
  const auto result = StepCache(after, *AnyEvent());
  RC_CLASSIFY(result.verdict == Verdict::kTaken);
  if (result.verdict == Verdict::kTaken) return;
  RC_ASSERT(after == before);
  RC_ASSERT(result.action == A::kNone);
}

RC_GTEST_PROP(Cache, TheSameStepAlwaysAnswersTheSame, ()) {
  CacheState one = *AnyState();
  CacheState two = one;
  const E event = *AnyEvent();
  RC_ASSERT(StepCache(one, event) == StepCache(two, event));
  RC_ASSERT(one == two);
}

// Over any history: at most one download at a time, none of what is known or refused.
RC_GTEST_PROP(Cache, OneDownloadAtATime, ()) {
  CacheState state;
  for (const E event : *rc::gen::container<std::vector<E>>(AnyEvent())) {
    const P before = state.phase;
    const auto result = StepCache(state, event);
    if (result.action == A::kFetch) RC_ASSERT(before == P::kAbsent || before == P::kWaiting);
    RC_ASSERT((before != P::kFetching && state.phase == P::kFetching) ==
              (result.action == A::kFetch));
    RC_ASSERT((result.action == A::kBackOff) ==
              (before != P::kWaiting && state.phase == P::kWaiting));
    RC_ASSERT((state.failures > 0) <= (state.phase == P::kWaiting || state.phase == P::kFetching));
  }
}

}  // namespace
}  // namespace kinfolder
