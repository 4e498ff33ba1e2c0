// Random histories: what must hold after every step of all of them, and that they can be repeated.
#include <string>
#include <vector>

#include "core/agent/testing/bench.h"
#include "core/agent/testing/random_acts.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace kinfolder {
namespace {

using Numbers = std::vector<std::uint32_t>;

rc::Gen<Numbers> AnyNumbers(int longest) {
  return rc::gen::mapcat(rc::gen::inRange(0, longest), [](int size) {
    return rc::gen::container<Numbers>(static_cast<std::size_t>(size),
                                       rc::gen::arbitrary<std::uint32_t>());
  });
}

// Everything may fail, answers come in any order, people and others act, the agent crashes. The
// bench checks after each step that the records are durable and that I1 holds; then all is well
// again, and the agent comes to rest with everything published, applied and shown.
RC_GTEST_PROP(AgentProp, ComesToRestAfterAnyHistory, ()) {
  Bench b;
  MakeSmall(b, *rc::gen::arbitrary<std::uint32_t>());
  b.Start();
  for (const auto act : *AnyNumbers(150)) {
    Act(b, act);
    RC_ASSERT(b.broken == "");
  }
  RC_ASSERT(FaultsAtRest(b) == "");
}

// Events that make no sense trip nothing, and leave I1 as it is.
RC_GTEST_PROP(AgentProp, NonsenseBreaksNothing, ()) {
  Bench b;
  MakeSmall(b, *rc::gen::arbitrary<std::uint32_t>());
  b.Start();
  for (const auto number : *AnyNumbers(250)) {
    b.Feed(WildEvent(b, number));
    if (number % 7 == 0) b.Advance(number % 3'000);
    RC_ASSERT(b.broken == "");
  }
}

RC_GTEST_PROP(AgentProp, TheSameEventsGiveTheSameChain, ()) {
  Bench b;
  MakeSmall(b, *rc::gen::arbitrary<std::uint32_t>());
  b.Start();
  for (const auto act : *AnyNumbers(60)) {
    if (act % 2 == 0)
      Act(b, act);
    else
      b.Feed(WildEvent(b, act));
  }
  // Again, from the beginning; a history with a restart in it goes on from its records elsewhere.
  AgentState one = NewAgentState();
  AgentState two = NewAgentState();
  std::uint64_t chain_one = 0;
  std::uint64_t chain_two = 0;
  for (const Event& event : b.history()) {
    if (std::holds_alternative<Started>(event.body)) one = two = NewAgentState();
    chain_one = ChainHash(chain_one, one, event, Step(one, event));
    chain_two = ChainHash(chain_two, two, event, Step(two, event));
    RC_ASSERT(chain_one == chain_two);
  }
  RC_ASSERT(EncodeState(one) == EncodeState(two));
}

// A checkpoint at any step: what was decoded goes on exactly as what was encoded.
RC_GTEST_PROP(AgentProp, ADecodedStateGoesOnTheSame, ()) {
  Bench b;
  MakeSmall(b, *rc::gen::arbitrary<std::uint32_t>());
  b.Start();
  const std::size_t skip = b.history().size();
  for (const auto act : *AnyNumbers(60)) Act(b, act);
  const std::vector<Event>& events = b.history();
  const std::size_t at = skip + *rc::gen::inRange<std::size_t>(0, events.size() - skip + 1);
  AgentState state = NewAgentState();
  std::size_t i = 0;
  for (; i < at; ++i) {
    if (std::holds_alternative<Started>(events[i].body)) state = NewAgentState();
    Step(state, events[i]);
  }
  auto decoded = DecodeState(EncodeState(state));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(EncodeState(*decoded) == EncodeState(state));
  std::uint64_t chain = 0;
  std::uint64_t decoded_chain = 0;
  for (; i < events.size(); ++i) {
    if (std::holds_alternative<Started>(events[i].body)) state = *(decoded = NewAgentState());
    chain = ChainHash(chain, state, events[i], Step(state, events[i]));
    decoded_chain = ChainHash(decoded_chain, *decoded, events[i], Step(*decoded, events[i]));
    RC_ASSERT(chain == decoded_chain);
  }
}

// What a restart loads is what was there: the records of the new state are those of the old.
RC_GTEST_PROP(AgentProp, RecordsSurviveARestart, ()) {
  Bench b;
  MakeSmall(b, *rc::gen::arbitrary<std::uint32_t>());
  b.Start();
  for (const auto act : *AnyNumbers(80)) Act(b, act);
  const AgentState before = b.state();
  b.Crash();
  RC_ASSERT(b.state().dag == before.dag);
  const PathRecord none;
  for (std::uint32_t i = 1; i < before.paths.size(); ++i) {
    const bool there = i < b.state().paths.size();
    RC_ASSERT((there ? b.state().paths[i].record : none) == before.paths[i].record);
  }
  RC_ASSERT(b.state().folder.next_local == before.folder.next_local);
  RC_ASSERT(b.state().folder.participants == before.folder.participants);
  RC_ASSERT(b.state().folder.joined == before.folder.joined);
  RC_ASSERT(b.state().folder.foreign_write == before.folder.foreign_write);
}

}  // namespace
}  // namespace kinfolder
