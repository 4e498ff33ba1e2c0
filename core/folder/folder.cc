#include "core/folder/folder.h"

#include "core/table_doc/elsewhere.h"
#include "core/table_doc/machine.h"
#include "core/table_doc/table_doc.h"

namespace kinfolder {
namespace {

using P = FolderPhase;
using E = FolderEvent;
using A = FolderAction;

constexpr auto FolderElsewhere() {
  return std::to_array<Elsewhere<P, E>>({
      {E::kStarted, "Only the first event of a run.", {P::kNew}},
      {E::kFoundCopied, "Only the first event of a run.", {P::kNew}},
      {E::kRootOk, "No such answer is awaited here.", {P::kCheckingRoot}},
      {E::kRootBad,
       "Nothing is being done to the folder, or it is known.",
       {P::kCheckingRoot, P::kScanning, P::kScanningAgain, P::kRunning}},
      {E::kScanDue,
       "A scan follows anyway, or nothing is scanned here.",
       {P::kScanning, P::kRunning, P::kRootLost}},
      {E::kScanDone, "No such answer is awaited here.", {P::kScanning, P::kScanningAgain}},
      {E::kRetryDue, "A timer of work that has ended.", {P::kRootLost}},
      {E::kPauseAsked,
       "Nothing is done here already.",
       {P::kNew, P::kCheckingRoot, P::kScanning, P::kScanningAgain, P::kRunning, P::kRootLost}},
      {E::kResumeAsked, "Not paused.", {P::kPaused}},
  });
}

struct FolderTable : MachineTable<FolderTable, NoFacts, FolderAction> {
  static constexpr std::string_view kName = "folder";
  static constexpr std::string_view kTitle = "The life of a folder";
  static constexpr std::string_view kPurpose =
      "A folder works on its files only while its root was seen to be ours: its marker names this "
      "state directory and it is the directory we opened. Every full scan starts with that look; a "
      "root that is missing, empty or another's makes everything below it unknown, which never "
      "deletes anything.";
  using initial_state = In<P::kNew>;
  static constexpr std::array<P, 1> kFinal{P::kStopped};

  // clang-format off
  using transition_table = Rows<
  //   Source                  Event                 Target                  Action
  Row< In<P::kNew>           , On<E::kStarted>     , In<P::kCheckingRoot>  , Do<A::kLookAtRoot> >,
  Row< In<P::kNew>           , On<E::kFoundCopied> , In<P::kStopped>       , none               >,
  Row< In<P::kNew>           , On<E::kPauseAsked>  , In<P::kPaused>        , none               >,
  // ----
  Row< In<P::kCheckingRoot>  , On<E::kRootOk>      , In<P::kScanning>      , Do<A::kScan>       >,
  Row< In<P::kCheckingRoot>  , On<E::kRootBad>     , In<P::kRootLost>      , Do<A::kBackOff>    >,
  Row< In<P::kCheckingRoot>  , On<E::kPauseAsked>  , In<P::kPaused>        , none               >,
  // ----
  Row< In<P::kScanning>      , On<E::kScanDone>    , In<P::kRunning>       , Do<A::kRest>       >,
  Row< In<P::kScanning>      , On<E::kScanDue>     , In<P::kScanningAgain> , none               >,
  Row< In<P::kScanning>      , On<E::kRootBad>     , In<P::kRootLost>      , Do<A::kBackOff>    >,
  Row< In<P::kScanning>      , On<E::kPauseAsked>  , In<P::kPaused>        , none               >,
  // ----
  Row< In<P::kScanningAgain> , On<E::kScanDone>    , In<P::kCheckingRoot>  , Do<A::kLookAtRoot> >,
  Row< In<P::kScanningAgain> , On<E::kRootBad>     , In<P::kRootLost>      , Do<A::kBackOff>    >,
  Row< In<P::kScanningAgain> , On<E::kPauseAsked>  , In<P::kPaused>        , none               >,
  // ----
  Row< In<P::kRunning>       , On<E::kScanDue>     , In<P::kCheckingRoot>  , Do<A::kLookAtRoot> >,
  Row< In<P::kRunning>       , On<E::kRootBad>     , In<P::kRootLost>      , Do<A::kBackOff>    >,
  Row< In<P::kRunning>       , On<E::kPauseAsked>  , In<P::kPaused>        , none               >,
  // ----
  Row< In<P::kRootLost>      , On<E::kRetryDue>    , In<P::kCheckingRoot>  , Do<A::kLookAtRoot> >,
  Row< In<P::kRootLost>      , On<E::kScanDue>     , In<P::kCheckingRoot>  , Do<A::kLookAtRoot> >,
  Row< In<P::kRootLost>      , On<E::kPauseAsked>  , In<P::kPaused>        , none               >,
  // ----
  Row< In<P::kPaused>        , On<E::kResumeAsked> , In<P::kCheckingRoot>  , Do<A::kLookAtRoot> >
  >;
  // clang-format on

  static constexpr auto kIgnored = ExpandElsewhere<FolderElsewhere>();
};
static_assert(TableIsComplete<FolderTable>());

}  // namespace

StepResult<FolderAction> StepFolder(FolderPhase& phase, FolderEvent event) {
  return StepMachine<FolderTable>(phase, event, NoFacts{});
}

MachineDoc FolderMachineDoc() { return DocOf<FolderTable>(); }

}  // namespace kinfolder
