// What one step of a state machine answers. Free of Boost: the headers of machines include it.
//
// A machine is a pure planning table: (phase, event, facts) -> (phase, action). It owns no data and
// does nothing itself; its caller holds the phase and carries the action out.
#pragma once

#include <cstdint>

namespace kinfolder {

enum class Verdict : std::uint8_t {
  kTaken = 1,       // a row fired: the phase may have moved, the action is the row's
  kIgnored = 2,     // the table lists the pair as ignored, with its reason
  kRefused = 3,     // there are rows for the pair, but no guard of theirs let it through
  kUnexpected = 4,  // the table does not know the pair, or the value is no phase or event at all
};

// Unless the verdict is kTaken, the phase has not changed and the action is Action{} (kNone).
template <class Action>
struct [[nodiscard]] StepResult {
  Verdict verdict = Verdict::kUnexpected;
  Action action = Action{};

  friend bool operator==(const StepResult&, const StepResult&) = default;
};

// For machines without guards.
struct NoFacts {
  friend bool operator==(const NoFacts&, const NoFacts&) = default;
};

}  // namespace kinfolder
