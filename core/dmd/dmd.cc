#include "core/dmd/dmd.h"

#include "core/table_doc/elsewhere.h"
#include "core/table_doc/machine.h"
#include "core/table_doc/table_doc.h"

namespace kinfolder {
namespace {

using P = DmdPhase;
using E = DmdEvent;
using A = DmdAction;

constexpr auto DmdElsewhere() {
  constexpr std::string_view kAnswer = "No such answer is awaited here.";
  return std::to_array<Elsewhere<P, E>>({
      {E::kStarted, "Only the first event of a run.", {P::kUnread}},
      {E::kReadDone, kAnswer, {P::kReading}},
      {E::kReadFailed, kAnswer, {P::kReading}},
      {E::kForeignFound, kAnswer, {P::kUnread, P::kReading}},
      {E::kDue, "Written when it is Ready; never when Stopped.", {P::kReady}},
      {E::kWritten, kAnswer, {P::kWriting}},
      {E::kWriteFailed, kAnswer, {P::kWriting}},
      {E::kRetryDue, "A timer of work that has ended.", {P::kWaiting}},
      {E::kRereadDue, "It is about to be read, or never written.", {P::kReady, P::kWriting}},
  });
}

struct DmdTable : MachineTable<DmdTable, NoFacts, DmdAction> {
  static constexpr std::string_view kName = "dmd";
  static constexpr std::string_view kTitle = "Writing our personal DMD";
  static constexpr std::string_view kPurpose =
      "One writer, no compare-and-set. The order is: current durable, about_to_write durable, "
      "write, "
      "last_written durable. It is read before the first write of a run, after every answer that "
      "is "
      "not a clear success, and every ten minutes. What it holds must be last_written, "
      "about_to_write "
      "or older; anything else was written by somebody who has our write capability, and stops us.";
  using initial_state = In<P::kUnread>;
  static constexpr std::array<P, 1> kFinal{P::kStopped};

  // clang-format off
  using transition_table = Rows<
  //   Source            Event                 Target            Action
  Row< In<P::kUnread>  , On<E::kStarted>     , In<P::kReading> , Do<A::kRead>    >,
  Row< In<P::kUnread>  , On<E::kForeignFound>, In<P::kStopped> , none            >,
  // ----
  Row< In<P::kReading> , On<E::kReadDone>    , In<P::kReady>   , Do<A::kRest>    >,
  Row< In<P::kReading> , On<E::kForeignFound>, In<P::kStopped> , Do<A::kStop>    >,
  Row< In<P::kReading> , On<E::kReadFailed>  , In<P::kWaiting> , Do<A::kBackOff> >,
  // ----
  Row< In<P::kReady>   , On<E::kDue>         , In<P::kWriting> , Do<A::kWrite>   >,
  Row< In<P::kReady>   , On<E::kRereadDue>   , In<P::kReading> , Do<A::kRead>    >,
  // ----
  Row< In<P::kWriting> , On<E::kWritten>     , In<P::kReady>   , Do<A::kConfirm> >,
  Row< In<P::kWriting> , On<E::kWriteFailed> , In<P::kWaiting> , Do<A::kBackOff> >,
  Row< In<P::kWriting> , On<E::kRereadDue>   , none            , Do<A::kRest>    >,
  // ----
  Row< In<P::kWaiting> , On<E::kRetryDue>    , In<P::kReading> , Do<A::kRead>    >
  >;
  // clang-format on

  static constexpr auto kIgnored = ExpandElsewhere<DmdElsewhere>();
};
static_assert(TableIsComplete<DmdTable>());

}  // namespace

StepResult<DmdAction> StepDmd(DmdPhase& phase, DmdEvent event) {
  return StepMachine<DmdTable>(phase, event, NoFacts{});
}

MachineDoc DmdMachineDoc() { return DocOf<DmdTable>(); }

}  // namespace kinfolder
