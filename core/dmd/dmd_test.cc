#include "core/dmd/dmd.h"

#include <vector>

#include "core/agent/testing/matrix.h"
#include "core/table_doc/machine_doc.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace kinfolder {
namespace {

using P = DmdPhase;
using E = DmdEvent;
using A = DmdAction;

const std::vector<Move<P, E, A>> kMoves = {
    {P::kUnread, E::kStarted, P::kReading, A::kRead},
    {P::kUnread, E::kForeignFound, P::kStopped},
    {P::kReading, E::kReadDone, P::kReady, A::kRest},
    {P::kReading, E::kForeignFound, P::kStopped, A::kStop},
    {P::kReading, E::kReadFailed, P::kWaiting, A::kBackOff},
    {P::kReady, E::kDue, P::kWriting, A::kWrite},
    {P::kReady, E::kRereadDue, P::kReading, A::kRead},
    {P::kWriting, E::kWritten, P::kReady, A::kConfirm},
    {P::kWriting, E::kWriteFailed, P::kWaiting, A::kBackOff},
    {P::kWriting, E::kRereadDue, P::kWriting, A::kRest},
    {P::kWaiting, E::kRetryDue, P::kReading, A::kRead},
};

TEST(Dmd, EveryPhaseAndEvent) { CheckMatrix(kMoves, StepDmd); }

TEST(Dmd, EveryPhaseButStoppedReachesReady) {
  for (const P phase : kAllOf<P>)
    EXPECT_EQ(Reaches<E>(phase, P::kReady, StepDmd), phase != P::kStopped) << EnumName(phase);
}

TEST(Dmd, StoppedIsForGood) {
  for (const E event : kAllOf<E>) {
    P phase = P::kStopped;
    EXPECT_EQ(StepDmd(phase, event).verdict, Verdict::kIgnored) << EnumName(event);
  }
}

TEST(Dmd, ItIsReadBetweenAnUnclearWriteAndTheNext) {
  P phase = P::kReady;
  EXPECT_EQ(StepDmd(phase, E::kDue).action, A::kWrite);
  EXPECT_EQ(StepDmd(phase, E::kWriteFailed).action, A::kBackOff);
  EXPECT_EQ(StepDmd(phase, E::kDue).verdict, Verdict::kIgnored);
  EXPECT_EQ(StepDmd(phase, E::kRetryDue).action, A::kRead);
  EXPECT_EQ(StepDmd(phase, E::kDue).verdict, Verdict::kIgnored);
  EXPECT_EQ(StepDmd(phase, E::kReadDone).action, A::kRest);
  EXPECT_EQ(StepDmd(phase, E::kDue).action, A::kWrite);
}

TEST(Dmd, OutsidersAreUnexpected) { CheckOutsiders(P::kUnread, E::kStarted, StepDmd); }

TEST(Dmd, DescribesItself) {
  const MachineDoc doc = DmdMachineDoc();
  EXPECT_EQ(doc.name, "dmd");
  EXPECT_EQ(doc.initial, EnumName(P::kUnread));
  EXPECT_EQ(doc.rows.size(), kMoves.size());
}

RC_GTEST_PROP(Dmd, WhatIsNotTakenChangesNothing, ()) {
  const P before = *rc::gen::cast<P>(rc::gen::inRange(0, 12));
  P after = before;
  const auto result = StepDmd(after, *rc::gen::cast<E>(rc::gen::inRange(0, 14)));
  RC_CLASSIFY(result.verdict == Verdict::kTaken);
  if (result.verdict == Verdict::kTaken) return;
  RC_ASSERT(after == before);
  RC_ASSERT(result.action == A::kNone);
}

}  // namespace
}  // namespace kinfolder
