// When to look at one participant's directory (or at the collective): a poll each interval, at once
// when somebody asks, and after a growing delay when it failed.
//
// A pure planning table: it says what to do next, its caller does it. It knows neither what is read
// nor how long the interval is. The caller drops answers to requests that are not the latest one,
// and the timers of a participant that is gone. See docs/machines/poll.md.
#pragma once

#include <cstdint>

#include "core/table_doc/step_result.h"

namespace kinfolder {

struct MachineDoc;

// The numbers are durable and in traces: never reuse one.
enum class PollPhase : std::uint8_t {
  kIdle = 1,     // nothing under way; the interval is armed
  kPolling = 2,  // one read is under way
  kAgain = 3,    // one read is under way, and another one was asked for meanwhile
  kWaiting = 4,  // the last read failed; the retry is armed
};

enum class PollEvent : std::uint8_t {
  kDue = 1,        // the interval has passed
  kAsked = 2,      // a notification came, or the user wants it now
  kAnswered = 3,   // the read came back with what is there
  kFailed = 4,     // the read did not come back, or not whole
  kRetryDue = 5,   // the delay after a failure has passed
  kForgotten = 6,  // the participant has left the folder
};

enum class PollAction : std::uint8_t {
  kNone = 0,
  kAsk = 1,      // send one read
  kRest = 2,     // arm the interval
  kBackOff = 3,  // arm the retry (core/base/backoff.h, with the state's failures)
};

struct PollState {
  PollPhase phase = PollPhase::kIdle;
  std::uint32_t failures = 0;  // failed reads since the last good one

  friend bool operator==(const PollState&, const PollState&) = default;
};

// Advances `state` by one event. Unless the verdict is kTaken, nothing changes.
StepResult<PollAction> StepPoll(PollState& state, PollEvent event);

MachineDoc PollMachineDoc();

}  // namespace kinfolder
