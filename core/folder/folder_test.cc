#include "core/folder/folder.h"

#include <vector>

#include "core/agent/testing/matrix.h"
#include "core/table_doc/machine_doc.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace kinfolder {
namespace {

using P = FolderPhase;
using E = FolderEvent;
using A = FolderAction;

const std::vector<Move<P, E, A>> kMoves = {
    {P::kNew, E::kStarted, P::kCheckingRoot, A::kLookAtRoot},
    {P::kNew, E::kFoundCopied, P::kStopped},
    {P::kNew, E::kPauseAsked, P::kPaused},
    {P::kCheckingRoot, E::kRootOk, P::kScanning, A::kScan},
    {P::kCheckingRoot, E::kRootBad, P::kRootLost, A::kBackOff},
    {P::kCheckingRoot, E::kPauseAsked, P::kPaused},
    {P::kScanning, E::kScanDone, P::kRunning, A::kRest},
    {P::kScanning, E::kScanDue, P::kScanningAgain},
    {P::kScanning, E::kRootBad, P::kRootLost, A::kBackOff},
    {P::kScanning, E::kPauseAsked, P::kPaused},
    {P::kScanningAgain, E::kScanDone, P::kCheckingRoot, A::kLookAtRoot},
    {P::kScanningAgain, E::kRootBad, P::kRootLost, A::kBackOff},
    {P::kScanningAgain, E::kPauseAsked, P::kPaused},
    {P::kRunning, E::kScanDue, P::kCheckingRoot, A::kLookAtRoot},
    {P::kRunning, E::kRootBad, P::kRootLost, A::kBackOff},
    {P::kRunning, E::kPauseAsked, P::kPaused},
    {P::kRootLost, E::kRetryDue, P::kCheckingRoot, A::kLookAtRoot},
    {P::kRootLost, E::kScanDue, P::kCheckingRoot, A::kLookAtRoot},
    {P::kRootLost, E::kPauseAsked, P::kPaused},
    {P::kPaused, E::kResumeAsked, P::kCheckingRoot, A::kLookAtRoot},
};

TEST(Folder, EveryPhaseAndEvent) { CheckMatrix(kMoves, StepFolder); }

TEST(Folder, EveryPhaseButStoppedReachesRunning) {
  for (const P phase : kAllOf<P>)
    EXPECT_EQ(Reaches<E>(phase, P::kRunning, StepFolder), phase != P::kStopped) << EnumName(phase);
}

TEST(Folder, NothingIsScannedBeforeTheRootWasSeen) {
  for (const P phase : kAllOf<P>)
    for (const E event : kAllOf<E>) {
      P now = phase;
      if (StepFolder(now, event).action != A::kScan) continue;
      EXPECT_EQ(phase, P::kCheckingRoot);
      EXPECT_EQ(event, E::kRootOk);
    }
}

TEST(Folder, OutsidersAreUnexpected) { CheckOutsiders(P::kNew, E::kStarted, StepFolder); }

TEST(Folder, DescribesItself) {
  const MachineDoc doc = FolderMachineDoc();
  EXPECT_EQ(doc.name, "folder");
  EXPECT_EQ(doc.initial, EnumName(P::kNew));
  EXPECT_EQ(doc.rows.size(), kMoves.size());
}

RC_GTEST_PROP(Folder, WhatIsNotTakenChangesNothing, ()) {
  const P before = *rc::gen::cast<P>(rc::gen::inRange(0, 12));
  P after = before;
  const auto result = StepFolder(after, *rc::gen::cast<E>(rc::gen::inRange(0, 14)));
  RC_CLASSIFY(result.verdict == Verdict::kTaken);
  if (result.verdict == Verdict::kTaken) return;
  RC_ASSERT(after == before);
  RC_ASSERT(result.action == A::kNone);
}

}  // namespace
}  // namespace kinfolder
