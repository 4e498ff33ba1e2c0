// Holding a machine's table against a list of moves: those are taken, every other pair of its enums
// changes nothing. For the tests of the agent's machines; the list is written out in each test.
#pragma once

#include <algorithm>
#include <set>
#include <vector>

#include "core/table_doc/enum_names.h"
#include "core/table_doc/step_result.h"
#include "gtest/gtest.h"

namespace kinfolder {

template <class Phase, class Event, class Action>
struct Move {
  Phase from;
  Event event;
  Phase to;
  Action action = Action::kNone;
};

// Checks every pair of the enums. `step` is called as step(Phase&, Event). What is not listed must
// answer with a verdict other than kTaken and kUnexpected: the table knows every pair.
template <class Phase, class Event, class Action, class Step>
void CheckMatrix(const std::vector<Move<Phase, Event, Action>>& moves, Step step) {
  for (const Phase phase : kAllOf<Phase>) {
    for (const Event event : kAllOf<Event>) {
      SCOPED_TRACE(testing::Message() << EnumName(phase) << " " << EnumName(event));
      const auto move = std::find_if(moves.begin(), moves.end(), [&](const auto& m) {
        return m.from == phase && m.event == event;
      });
      Phase now = phase;
      const StepResult<Action> result = step(now, event);
      Phase again = phase;
      EXPECT_EQ(step(again, event), result);
      EXPECT_EQ(again, now);
      if (move != moves.end()) {
        EXPECT_EQ(result, (StepResult<Action>{Verdict::kTaken, move->action}));
        EXPECT_EQ(EnumName(now), EnumName(move->to));
      } else {
        EXPECT_TRUE(result.verdict == Verdict::kIgnored || result.verdict == Verdict::kRefused);
        EXPECT_EQ(result.action, Action::kNone);
        EXPECT_EQ(EnumName(now), EnumName(phase));
      }
    }
  }
}

// True if events lead from `from` to `to`. `step` is called as step(Phase&, Event).
template <class Event, class Phase, class Step>
bool Reaches(Phase from, Phase to, Step step) {
  std::set<Phase> reached{from};
  for (std::size_t round = 0; round < kAllOf<Phase>.size(); ++round) {
    for (const Phase phase : std::set<Phase>(reached)) {
      for (const Event event : kAllOf<Event>) {
        Phase now = phase;
        if (step(now, event).verdict == Verdict::kTaken) reached.insert(now);
      }
    }
  }
  return reached.contains(to);
}

// Values that are no phase or no event are unexpected, and change nothing.
template <class Phase, class Event, class Step>
void CheckOutsiders(Phase initial, Event event, Step step) {
  Phase outsider = static_cast<Phase>(99);
  EXPECT_EQ(step(outsider, event).verdict, Verdict::kUnexpected);
  EXPECT_EQ(outsider, static_cast<Phase>(99));
  Phase now = initial;
  EXPECT_EQ(step(now, static_cast<Event>(99)).verdict, Verdict::kUnexpected);
  EXPECT_EQ(now, initial);
}

}  // namespace kinfolder
