#include "core/copy/copy.h"

#include "core/table_doc/elsewhere.h"
#include "core/table_doc/machine.h"
#include "core/table_doc/table_doc.h"

namespace kinfolder {
namespace {

using P = CopyPhase;
using E = CopyEvent;
using A = CopyAction;

constexpr auto CopyElsewhere() {
  constexpr std::string_view kAnswer = "No such answer is awaited here.";
  return std::to_array<Elsewhere<P, E>>({
      {E::kPlaceAsked, "One at a time; it is looked at again when this ends.", {P::kIdle}},
      {E::kRemoveAsked, "One at a time; it is looked at again when this ends.", {P::kIdle}},
      {E::kStaged, kAnswer, {P::kStaging}},
      {E::kStageFailed, kAnswer, {P::kStaging}},
      {E::kPlaced, kAnswer, {P::kPlacing}},
      {E::kNameTaken, kAnswer, {P::kPlacing}},
      {E::kPlaceFailed, kAnswer, {P::kPlacing}},
      {E::kRemoved, kAnswer, {P::kRemoving}},
      {E::kKept, kAnswer, {P::kRemoving}},
      {E::kRemoveFailed, kAnswer, {P::kRemoving}},
      {E::kRetryDue, "A timer of work that has ended.", {P::kWaiting}},
  });
}

struct CopyTable : MachineTable<CopyTable, NoFacts, CopyAction> {
  static constexpr std::string_view kName = "copy";
  static constexpr std::string_view kTitle = "The conflict copies of one path";
  static constexpr std::string_view kPurpose =
      "Brings the conflict copies on disk in line with the path's conflicts, one at a time: a "
      "missing one is staged and given a free name, one without a conflict is removed if it is "
      "untouched and becomes an ordinary file if it was edited.";
  using initial_state = In<P::kIdle>;

  // clang-format off
  using transition_table = Rows<
  //   Source            Event                 Target            Action
  Row< In<P::kIdle>    , On<E::kPlaceAsked>  , In<P::kStaging> , Do<A::kStage>              >,
  Row< In<P::kIdle>    , On<E::kRemoveAsked> , In<P::kRemoving>, Do<A::kRemove>             >,
  // ----
  Row< In<P::kStaging> , On<E::kStaged>      , In<P::kPlacing> , Do<A::kPlace>              >,
  Row< In<P::kStaging> , On<E::kStageFailed> , In<P::kWaiting> , Do<A::kBackOff>            >,
  // ----
  Row< In<P::kPlacing> , On<E::kPlaced>      , In<P::kIdle>    , Do<A::kRecord>             >,
  Row< In<P::kPlacing> , On<E::kNameTaken>   , none            , Do<A::kPlaceUnderNextName> >,
  Row< In<P::kPlacing> , On<E::kPlaceFailed> , In<P::kWaiting> , Do<A::kBackOff>            >,
  // ----
  Row< In<P::kRemoving>, On<E::kRemoved>     , In<P::kIdle>    , Do<A::kForget>             >,
  Row< In<P::kRemoving>, On<E::kKept>        , In<P::kIdle>    , Do<A::kForget>             >,
  Row< In<P::kRemoving>, On<E::kRemoveFailed>, In<P::kWaiting> , Do<A::kBackOff>            >,
  // ----
  Row< In<P::kWaiting> , On<E::kRetryDue>    , In<P::kIdle>    , Do<A::kRework>             >
  >;
  // clang-format on

  static constexpr auto kIgnored = ExpandElsewhere<CopyElsewhere>();
};
static_assert(TableIsComplete<CopyTable>());

}  // namespace

StepResult<CopyAction> StepCopy(CopyPhase& phase, CopyEvent event) {
  return StepMachine<CopyTable>(phase, event, NoFacts{});
}

MachineDoc CopyMachineDoc() { return DocOf<CopyTable>(); }

}  // namespace kinfolder
