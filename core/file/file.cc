#include "core/file/file.h"

#include "core/table_doc/elsewhere.h"
#include "core/table_doc/machine.h"
#include "core/table_doc/table_doc.h"

namespace kinfolder {
namespace {

using P = FilePhase;
using E = FileEvent;
using A = FileAction;
using F = FileFacts;

constexpr auto FileElsewhere() {
  constexpr std::string_view kAnswer = "No such answer is awaited here.";
  return std::to_array<Elsewhere<P, E>>({
      {E::kWork,
       "Under way already; it is looked at again when this ends.",
       {P::kIdle, P::kWaiting, P::kHolding}},
      {E::kSawSame, kAnswer, {P::kLooking}},
      {E::kSawChange, kAnswer, {P::kLooking}},
      {E::kSawGone, kAnswer, {P::kLooking}},
      {E::kSawUnknown, kAnswer, {P::kLooking}},
      {E::kCaptured, kAnswer, {P::kCapturing}},
      {E::kCaptureMoved, kAnswer, {P::kCapturing}},
      {E::kCaptureFailed, kAnswer, {P::kCapturing}},
      {E::kDecidedStay, kAnswer, {P::kDeciding}},
      {E::kDecidedReplace, kAnswer, {P::kDeciding}},
      {E::kDecidedRemove, kAnswer, {P::kDeciding}},
      {E::kAdmitted, "The removal it was about was dropped meanwhile.", {P::kHolding}},
      {E::kHeld, "The removal it was about was dropped meanwhile.", {P::kHolding}},
      {E::kStaged, kAnswer, {P::kStaging}},
      {E::kStageFailed, kAnswer, {P::kStaging}},
      {E::kReplaced, kAnswer, {P::kReplacing, P::kRecovering}},
      {E::kReplacedClean, kAnswer, {P::kReplacing, P::kRecovering}},
      {E::kReplaceRefused, kAnswer, {P::kReplacing, P::kRecovering}},
      {E::kReplaceFailed, kAnswer, {P::kReplacing, P::kRecovering}},
      {E::kReplaceUnclear, kAnswer, {P::kReplacing, P::kRecovering}},
      {E::kSettled, kAnswer, {P::kSettling}},
      {E::kSettleFailed, kAnswer, {P::kSettling}},
      {E::kMovedAside, kAnswer, {P::kMovingAside}},
      {E::kAsideRefused, kAnswer, {P::kMovingAside}},
      {E::kAsideFailed, kAnswer, {P::kMovingAside}},
      {E::kRetryDue, "A timer of work that has ended.", {P::kWaiting}},
  });
}

struct FileTable : MachineTable<FileTable, FileFacts, FileAction> {
  static constexpr std::string_view kName = "file";
  static constexpr std::string_view kTitle = "The file of one path";
  static constexpr std::string_view kPurpose =
      "What is being done to one path's file on this disk. The left half notices what a person did "
      "(look, capture); the right half brings in what others did: decide, bring the content beside "
      "the folder, exchange under a durable intent, look once more at what was displaced. One "
      "thing "
      "is under way at a time; news meanwhile is remembered and looked at when it ends.";
  using initial_state = In<P::kIdle>;

  // clang-format off
  using transition_table = Rows<
  //   Source               Event                   Target               Action                      Guard
  Row< In<P::kIdle>       , On<E::kWork>          , In<P::kLooking>    , Do<A::kLook>              , All<Not<&F::intent>, Not<&F::unsettled>, Not<&F::changed>, If<&F::judge>> >,
  Row< In<P::kIdle>       , On<E::kWork>          , In<P::kCapturing>  , Do<A::kCapture>           , All<Not<&F::intent>, Not<&F::unsettled>, If<&F::changed>> >,
  Row< In<P::kIdle>       , On<E::kWork>          , In<P::kSettling>   , Do<A::kSettle>            , All<Not<&F::intent>, If<&F::unsettled>> >,
  Row< In<P::kIdle>       , On<E::kWork>          , In<P::kRecovering> , Do<A::kRecover>           , If<&F::intent> >,
  Row< In<P::kIdle>       , On<E::kWork>          , In<P::kMovingAside>, Do<A::kMoveAside>         , All<Not<&F::intent>, Not<&F::unsettled>, Not<&F::changed>, Not<&F::judge>, If<&F::aside>> >,
  // ----
  Row< In<P::kLooking>    , On<E::kSawSame>       , In<P::kDeciding>   , Do<A::kDecide>            >,
  Row< In<P::kLooking>    , On<E::kSawChange>     , In<P::kCapturing>  , Do<A::kCapture>           >,
  Row< In<P::kLooking>    , On<E::kSawGone>       , In<P::kIdle>       , Do<A::kNoteAbsence>       >,
  Row< In<P::kLooking>    , On<E::kSawUnknown>    , In<P::kWaiting>    , Do<A::kBackOff>           >,
  // ----
  Row< In<P::kCapturing>  , On<E::kCaptured>      , In<P::kIdle>       , Do<A::kTakeVersion>       >,
  Row< In<P::kCapturing>  , On<E::kCaptureMoved>  , In<P::kWaiting>    , Do<A::kBackOff>           >,
  Row< In<P::kCapturing>  , On<E::kCaptureFailed> , In<P::kWaiting>    , Do<A::kBackOff>           >,
  // ----
  Row< In<P::kDeciding>   , On<E::kDecidedStay>   , In<P::kIdle>       , Do<A::kRework>            >,
  Row< In<P::kDeciding>   , On<E::kDecidedReplace>, In<P::kStaging>    , Do<A::kStage>             >,
  Row< In<P::kDeciding>   , On<E::kDecidedRemove> , In<P::kHolding>    , Do<A::kAskAdmission>      >,
  // ----
  Row< In<P::kHolding>    , On<E::kAdmitted>      , In<P::kReplacing>  , Do<A::kReplace>           >,
  Row< In<P::kHolding>    , On<E::kHeld>          , In<P::kIdle>       , Do<A::kRework>            >,
  Row< In<P::kHolding>    , On<E::kWork>          , In<P::kLooking>    , Do<A::kLook>              , All<Not<&F::changed>, If<&F::judge>> >,
  Row< In<P::kHolding>    , On<E::kWork>          , In<P::kCapturing>  , Do<A::kCapture>           , If<&F::changed> >,
  // ----
  Row< In<P::kStaging>    , On<E::kStaged>        , In<P::kReplacing>  , Do<A::kReplace>           >,
  Row< In<P::kStaging>    , On<E::kStageFailed>   , In<P::kWaiting>    , Do<A::kBackOff>           >,
  // ----
  Row< In<P::kReplacing>  , On<E::kReplaced>      , In<P::kSettling>   , Do<A::kFinish>            >,
  Row< In<P::kReplacing>  , On<E::kReplacedClean> , In<P::kIdle>       , Do<A::kFinish>            >,
  Row< In<P::kReplacing>  , On<E::kReplaceRefused>, In<P::kIdle>       , Do<A::kAbandon>           >,
  Row< In<P::kReplacing>  , On<E::kReplaceFailed> , In<P::kWaiting>    , Do<A::kAbandonAndBackOff> >,
  Row< In<P::kReplacing>  , On<E::kReplaceUnclear>, In<P::kRecovering> , Do<A::kRecover>           >,
  // ----
  Row< In<P::kRecovering> , On<E::kReplaced>      , In<P::kSettling>   , Do<A::kFinish>            >,
  Row< In<P::kRecovering> , On<E::kReplacedClean> , In<P::kIdle>       , Do<A::kFinish>            >,
  Row< In<P::kRecovering> , On<E::kReplaceRefused>, In<P::kIdle>       , Do<A::kAbandon>           >,
  Row< In<P::kRecovering> , On<E::kReplaceFailed> , In<P::kWaiting>    , Do<A::kBackOff>           >,
  Row< In<P::kRecovering> , On<E::kReplaceUnclear>, In<P::kWaiting>    , Do<A::kBackOff>           >,
  // ----
  Row< In<P::kSettling>   , On<E::kSettled>       , In<P::kIdle>       , Do<A::kRework>            >,
  Row< In<P::kSettling>   , On<E::kSettleFailed>  , In<P::kWaiting>    , Do<A::kBackOff>           >,
  // ----
  Row< In<P::kMovingAside>, On<E::kMovedAside>    , In<P::kIdle>       , Do<A::kRework>            >,
  Row< In<P::kMovingAside>, On<E::kAsideRefused>  , In<P::kIdle>       , Do<A::kRework>            >,
  Row< In<P::kMovingAside>, On<E::kAsideFailed>   , In<P::kWaiting>    , Do<A::kBackOff>           >,
  // ----
  Row< In<P::kWaiting>    , On<E::kRetryDue>      , In<P::kIdle>       , Do<A::kRework>            >,
  Row< In<P::kWaiting>    , On<E::kWork>          , In<P::kIdle>       , Do<A::kRework>            , All<Not<&F::intent>, Not<&F::unsettled>> >
  >;
  // clang-format on

  static constexpr auto kIgnored = ExpandElsewhere<FileElsewhere>();
};
static_assert(TableIsComplete<FileTable>());

}  // namespace

StepResult<FileAction> StepFile(FilePhase& phase, FileEvent event, const FileFacts& facts) {
  return StepMachine<FileTable>(phase, event, facts);
}

MachineDoc FileMachineDoc() { return DocOf<FileTable>(); }

}  // namespace kinfolder
