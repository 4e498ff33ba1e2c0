#include "core/cache/cache.h"

#include <array>
#include <limits>
#include <string_view>

#include "core/table_doc/machine.h"
#include "core/table_doc/table_doc.h"

namespace kinfolder {

namespace {

constexpr std::string_view kLate =
    "A late answer: the entry was forgotten or has been settled since.";
constexpr std::string_view kOldRetry =
    "The retry belongs to a failure that has been settled since.";
constexpr std::string_view kOneDownload =
    "One download serves all who want it, and it is under way.";
constexpr std::string_view kRetryComes =
    "The retry is armed and serves all who want it; wanting it more does not make it available.";
constexpr std::string_view kHere = "It is here, and it never changes.";
constexpr std::string_view kRefusedForGood =
    "It was refused for good and reported: the same capability brings the same bytes.";
constexpr std::string_view kNothingToForget = "There is nothing to forget.";

struct CacheTable : MachineTable<CacheTable, NoFacts, CacheAction> {
  using P = CachePhase;
  using E = CacheEvent;
  using A = CacheAction;

  static constexpr std::string_view kName = "cache";
  static constexpr std::string_view kTitle = "An entry of the snapshot cache";
  static constexpr std::string_view kPurpose =
      "Decides when to download a remote snapshot. One download per snapshot however many want it; "
      "failures in a row are spaced by growing delays, also for those who want it meanwhile. What "
      "was fetched and verified, and what was refused, is not fetched again until the entry is "
      "forgotten: the same capability always brings the same bytes.";

  using initial_state = In<P::kAbsent>;
  // clang-format off
  using transition_table = Rows<
  //   Source              Event               Target             Action
  Row< In<P::kAbsent>    , On<E::kWanted>    , In<P::kFetching> , Do<A::kFetch>   >,
  // ----
  Row< In<P::kFetching>  , On<E::kFetched>   , In<P::kKnown>    , Do<A::kKeep>    >,
  Row< In<P::kFetching>  , On<E::kFailed>    , In<P::kWaiting>  , Do<A::kBackOff> >,
  Row< In<P::kFetching>  , On<E::kRefused>   , In<P::kInvalid>  , Do<A::kReport>  >,
  Row< In<P::kFetching>  , On<E::kForgotten> , In<P::kAbsent>   , none            >,
  // ----
  Row< In<P::kWaiting>   , On<E::kRetryDue>  , In<P::kFetching> , Do<A::kFetch>   >,
  Row< In<P::kWaiting>   , On<E::kForgotten> , In<P::kAbsent>   , none            >,
  // ----
  Row< In<P::kKnown>     , On<E::kForgotten> , In<P::kAbsent>   , none            >,
  // ----
  Row< In<P::kInvalid>   , On<E::kForgotten> , In<P::kAbsent>   , none            >
  >;
  // clang-format on
  static constexpr auto kIgnored = std::to_array<Ignored<P, E>>({
      {P::kAbsent, E::kFetched, kLate},
      {P::kAbsent, E::kFailed, kLate},
      {P::kAbsent, E::kRefused, kLate},
      {P::kAbsent, E::kRetryDue, kOldRetry},
      {P::kAbsent, E::kForgotten, kNothingToForget},
      {P::kFetching, E::kWanted, kOneDownload},
      {P::kFetching, E::kRetryDue, kOldRetry},
      {P::kKnown, E::kWanted, kHere},
      {P::kKnown, E::kFetched, kLate},
      {P::kKnown, E::kFailed, kLate},
      {P::kKnown, E::kRefused, kLate},
      {P::kKnown, E::kRetryDue, kOldRetry},
      {P::kWaiting, E::kWanted, kRetryComes},
      {P::kWaiting, E::kFetched, kLate},
      {P::kWaiting, E::kFailed, kLate},
      {P::kWaiting, E::kRefused, kLate},
      {P::kInvalid, E::kWanted, kRefusedForGood},
      {P::kInvalid, E::kFetched, kLate},
      {P::kInvalid, E::kFailed, kLate},
      {P::kInvalid, E::kRefused, kLate},
      {P::kInvalid, E::kRetryDue, kOldRetry},
  });
};
static_assert(TableIsComplete<CacheTable>());

}  // namespace

StepResult<CacheAction> StepCache(CacheState& state, CacheEvent event) {
  const auto result = StepMachine<CacheTable>(state.phase, event, {});
  if (result.verdict != Verdict::kTaken) return result;
  if (event == CacheEvent::kFailed) {
    if (state.failures < std::numeric_limits<std::uint32_t>::max()) ++state.failures;
  } else if (event != CacheEvent::kRetryDue) {
    state.failures = 0;
  }
  return result;
}

MachineDoc CacheMachineDoc() { return DocOf<CacheTable>(); }

}  // namespace kinfolder
