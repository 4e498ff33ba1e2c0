#include "core/poll/poll.h"

#include <array>
#include <limits>
#include <string_view>

#include "core/table_doc/machine.h"
#include "core/table_doc/table_doc.h"

namespace kinfolder {

namespace {

constexpr std::string_view kUnderWay = "A read is under way already, and its answer is as new.";
constexpr std::string_view kLate =
    "A late answer: nobody waits for that read any more, and a newer one will tell more.";
constexpr std::string_view kRetryComes = "The retry is armed and comes instead.";
constexpr std::string_view kOldRetry =
    "The retry belongs to a failure that a newer read or the participant's leaving has settled.";
constexpr std::string_view kOneIsEnough =
    "One more read is due already, and it starts after all who asked: it serves them all.";
constexpr std::string_view kNothingToForget = "Nothing is under way.";

struct PollTable : MachineTable<PollTable, NoFacts, PollAction> {
  using P = PollPhase;
  using E = PollEvent;
  using A = PollAction;

  static constexpr std::string_view kName = "poll";
  static constexpr std::string_view kTitle = "Polling a participant";
  static constexpr std::string_view kPurpose =
      "Decides when to read a participant's directory, or the collective. At most one read is "
      "under "
      "way. Whoever asks while one is under way gets another one right after it, whether the first "
      "one succeeds or fails, because the first may have looked before the change. Failures in a "
      "row are spaced by growing delays; asking cuts the delay short.";

  using initial_state = In<P::kIdle>;
  // clang-format off
  using transition_table = Rows<
  //   Source              Event               Target             Action
  Row< In<P::kIdle>      , On<E::kDue>       , In<P::kPolling>  , Do<A::kAsk>     >,
  Row< In<P::kIdle>      , On<E::kAsked>     , In<P::kPolling>  , Do<A::kAsk>     >,
  // ----
  Row< In<P::kPolling>   , On<E::kAsked>     , In<P::kAgain>    , none            >,
  Row< In<P::kPolling>   , On<E::kAnswered>  , In<P::kIdle>     , Do<A::kRest>    >,
  Row< In<P::kPolling>   , On<E::kFailed>    , In<P::kWaiting>  , Do<A::kBackOff> >,
  Row< In<P::kPolling>   , On<E::kForgotten> , In<P::kIdle>     , none            >,
  // ----
  Row< In<P::kAgain>     , On<E::kAnswered>  , In<P::kPolling>  , Do<A::kAsk>     >,
  Row< In<P::kAgain>     , On<E::kFailed>    , In<P::kPolling>  , Do<A::kAsk>     >,
  Row< In<P::kAgain>     , On<E::kForgotten> , In<P::kIdle>     , none            >,
  // ----
  Row< In<P::kWaiting>   , On<E::kAsked>     , In<P::kPolling>  , Do<A::kAsk>     >,
  Row< In<P::kWaiting>   , On<E::kRetryDue>  , In<P::kPolling>  , Do<A::kAsk>     >,
  Row< In<P::kWaiting>   , On<E::kForgotten> , In<P::kIdle>     , none            >
  >;
  // clang-format on
  static constexpr auto kIgnored = std::to_array<Ignored<P, E>>({
      {P::kIdle, E::kAnswered, kLate},
      {P::kIdle, E::kFailed, kLate},
      {P::kIdle, E::kRetryDue, kOldRetry},
      {P::kIdle, E::kForgotten, kNothingToForget},
      {P::kPolling, E::kDue, kUnderWay},
      {P::kPolling, E::kRetryDue, kOldRetry},
      {P::kAgain, E::kDue, kOneIsEnough},
      {P::kAgain, E::kAsked, kOneIsEnough},
      {P::kAgain, E::kRetryDue, kOldRetry},
      {P::kWaiting, E::kDue, kRetryComes},
      {P::kWaiting, E::kAnswered, kLate},
      {P::kWaiting, E::kFailed, kLate},
  });
};
static_assert(TableIsComplete<PollTable>());

}  // namespace

StepResult<PollAction> StepPoll(PollState& state, PollEvent event) {
  const auto result = StepMachine<PollTable>(state.phase, event, {});
  if (result.verdict != Verdict::kTaken) return result;
  if (event == PollEvent::kAnswered || event == PollEvent::kForgotten) state.failures = 0;
  if (event == PollEvent::kFailed && state.failures < std::numeric_limits<std::uint32_t>::max()) {
    ++state.failures;
  }
  return result;
}

MachineDoc PollMachineDoc() { return DocOf<PollTable>(); }

}  // namespace kinfolder
