#include "core/copy/copy.h"

#include <vector>

#include "core/agent/testing/matrix.h"
#include "core/table_doc/machine_doc.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace kinfolder {
namespace {

using P = CopyPhase;
using E = CopyEvent;
using A = CopyAction;

const std::vector<Move<P, E, A>> kMoves = {
    {P::kIdle, E::kPlaceAsked, P::kStaging, A::kStage},
    {P::kIdle, E::kRemoveAsked, P::kRemoving, A::kRemove},
    {P::kStaging, E::kStaged, P::kPlacing, A::kPlace},
    {P::kStaging, E::kStageFailed, P::kWaiting, A::kBackOff},
    {P::kPlacing, E::kPlaced, P::kIdle, A::kRecord},
    {P::kPlacing, E::kNameTaken, P::kPlacing, A::kPlaceUnderNextName},
    {P::kPlacing, E::kPlaceFailed, P::kWaiting, A::kBackOff},
    {P::kRemoving, E::kRemoved, P::kIdle, A::kForget},
    {P::kRemoving, E::kKept, P::kIdle, A::kForget},
    {P::kRemoving, E::kRemoveFailed, P::kWaiting, A::kBackOff},
    {P::kWaiting, E::kRetryDue, P::kIdle, A::kRework},
};

TEST(Copy, EveryPhaseAndEvent) { CheckMatrix(kMoves, StepCopy); }

TEST(Copy, EveryPhaseReachesIdle) {
  for (const P phase : kAllOf<P>) EXPECT_TRUE(Reaches<E>(phase, P::kIdle, StepCopy));
}

TEST(Copy, ATakenNameIsFollowedByTheNext) {
  P phase = P::kPlacing;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(StepCopy(phase, E::kNameTaken).action, A::kPlaceUnderNextName);
  EXPECT_EQ(StepCopy(phase, E::kPlaced).action, A::kRecord);
}

TEST(Copy, OutsidersAreUnexpected) { CheckOutsiders(P::kIdle, E::kPlaceAsked, StepCopy); }

TEST(Copy, DescribesItself) {
  const MachineDoc doc = CopyMachineDoc();
  EXPECT_EQ(doc.name, "copy");
  EXPECT_EQ(doc.initial, EnumName(P::kIdle));
  EXPECT_EQ(doc.rows.size(), kMoves.size());
}

RC_GTEST_PROP(Copy, WhatIsNotTakenChangesNothing, ()) {
  const P before = *rc::gen::cast<P>(rc::gen::inRange(0, 12));
  P after = before;
  const auto result = StepCopy(after, *rc::gen::cast<E>(rc::gen::inRange(0, 14)));
  RC_CLASSIFY(result.verdict == Verdict::kTaken);
  if (result.verdict == Verdict::kTaken) return;
  RC_ASSERT(after == before);
  RC_ASSERT(result.action == A::kNone);
}

}  // namespace
}  // namespace kinfolder
