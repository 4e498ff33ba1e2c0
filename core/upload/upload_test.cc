#include "core/upload/upload.h"

#include <vector>

#include "core/agent/testing/matrix.h"
#include "core/table_doc/machine_doc.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace kinfolder {
namespace {

using P = UploadPhase;
using E = UploadEvent;
using A = UploadAction;

const std::vector<Move<P, E, A>> kMoves = {
    {P::kIdle, E::kWork, P::kUploading, A::kUpload},
    {P::kUploading, E::kUploaded, P::kIdle, A::kPublish},
    {P::kUploading, E::kFailed, P::kWaiting, A::kBackOff},
    {P::kUploading, E::kDropped, P::kIdle},
    {P::kWaiting, E::kRetryDue, P::kUploading, A::kUpload},
    {P::kWaiting, E::kDropped, P::kIdle},
};

TEST(Upload, EveryPhaseAndEvent) { CheckMatrix(kMoves, StepUpload); }

TEST(Upload, EveryPhaseReachesIdle) {
  for (const P phase : kAllOf<P>) EXPECT_TRUE(Reaches<E>(phase, P::kIdle, StepUpload));
}

TEST(Upload, OnlyAnAnswerOrATimerLeadsToAnotherTry) {
  P phase = P::kWaiting;
  EXPECT_EQ(StepUpload(phase, E::kWork).verdict, Verdict::kIgnored);
  EXPECT_EQ(phase, P::kWaiting);
}

TEST(Upload, OutsidersAreUnexpected) { CheckOutsiders(P::kIdle, E::kWork, StepUpload); }

TEST(Upload, DescribesItself) {
  const MachineDoc doc = UploadMachineDoc();
  EXPECT_EQ(doc.name, "upload");
  EXPECT_EQ(doc.initial, EnumName(P::kIdle));
  EXPECT_EQ(doc.rows.size(), kMoves.size());
}

RC_GTEST_PROP(Upload, WhatIsNotTakenChangesNothing, ()) {
  const P before = *rc::gen::cast<P>(rc::gen::inRange(0, 12));
  P after = before;
  const auto result = StepUpload(after, *rc::gen::cast<E>(rc::gen::inRange(0, 14)));
  RC_CLASSIFY(result.verdict == Verdict::kTaken);
  if (result.verdict == Verdict::kTaken) return;
  RC_ASSERT(after == before);
  RC_ASSERT(result.action == A::kNone);
}

}  // namespace
}  // namespace kinfolder
