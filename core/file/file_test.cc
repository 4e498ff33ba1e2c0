#include "core/file/file.h"

#include <vector>

#include "core/agent/testing/matrix.h"
#include "core/table_doc/machine_doc.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace kinfolder {
namespace {

using P = FilePhase;
using E = FileEvent;
using A = FileAction;
using FileMove = Move<P, E, A>;

FileFacts Facts(int bits) {
  return {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0};
}

auto StepWith(const FileFacts& facts) {
  return [facts](P& phase, E event) { return StepFile(phase, event, facts); };
}

// What a path with something to do does next. The order is the order of safety: a replacement whose
// end is not known first, then what it displaced, then what a person wrote, then others' news,
// then giving way to a directory.
std::vector<FileMove> Work(const FileFacts& facts) {
  std::vector<FileMove> moves;
  if (facts.intent)
    moves.push_back({P::kIdle, E::kWork, P::kRecovering, A::kRecover});
  else if (facts.unsettled)
    moves.push_back({P::kIdle, E::kWork, P::kSettling, A::kSettle});
  else if (facts.changed)
    moves.push_back({P::kIdle, E::kWork, P::kCapturing, A::kCapture});
  else if (facts.judge)
    moves.push_back({P::kIdle, E::kWork, P::kLooking, A::kLook});
  else if (facts.aside)
    moves.push_back({P::kIdle, E::kWork, P::kMovingAside, A::kMoveAside});
  if (facts.changed)
    moves.push_back({P::kHolding, E::kWork, P::kCapturing, A::kCapture});
  else if (facts.judge)
    moves.push_back({P::kHolding, E::kWork, P::kLooking, A::kLook});
  if (!facts.intent && !facts.unsettled)
    moves.push_back({P::kWaiting, E::kWork, P::kIdle, A::kRework});
  return moves;
}

const std::vector<FileMove> kMoves = {
    {P::kLooking, E::kSawSame, P::kDeciding, A::kDecide},
    {P::kLooking, E::kSawChange, P::kCapturing, A::kCapture},
    {P::kLooking, E::kSawGone, P::kIdle, A::kNoteAbsence},
    {P::kLooking, E::kSawUnknown, P::kWaiting, A::kBackOff},
    {P::kCapturing, E::kCaptured, P::kIdle, A::kTakeVersion},
    {P::kCapturing, E::kCaptureMoved, P::kWaiting, A::kBackOff},
    {P::kCapturing, E::kCaptureFailed, P::kWaiting, A::kBackOff},
    {P::kDeciding, E::kDecidedStay, P::kIdle, A::kRework},
    {P::kDeciding, E::kDecidedReplace, P::kStaging, A::kStage},
    {P::kDeciding, E::kDecidedRemove, P::kHolding, A::kAskAdmission},
    {P::kHolding, E::kAdmitted, P::kReplacing, A::kReplace},
    {P::kHolding, E::kHeld, P::kIdle, A::kRework},
    {P::kStaging, E::kStaged, P::kReplacing, A::kReplace},
    {P::kStaging, E::kStageFailed, P::kWaiting, A::kBackOff},
    {P::kReplacing, E::kReplaced, P::kSettling, A::kFinish},
    {P::kReplacing, E::kReplacedClean, P::kIdle, A::kFinish},
    {P::kReplacing, E::kReplaceRefused, P::kIdle, A::kAbandon},
    {P::kReplacing, E::kReplaceFailed, P::kWaiting, A::kAbandonAndBackOff},
    {P::kReplacing, E::kReplaceUnclear, P::kRecovering, A::kRecover},
    {P::kRecovering, E::kReplaced, P::kSettling, A::kFinish},
    {P::kRecovering, E::kReplacedClean, P::kIdle, A::kFinish},
    {P::kRecovering, E::kReplaceRefused, P::kIdle, A::kAbandon},
    {P::kRecovering, E::kReplaceFailed, P::kWaiting, A::kBackOff},
    {P::kRecovering, E::kReplaceUnclear, P::kWaiting, A::kBackOff},
    {P::kSettling, E::kSettled, P::kIdle, A::kRework},
    {P::kSettling, E::kSettleFailed, P::kWaiting, A::kBackOff},
    {P::kMovingAside, E::kMovedAside, P::kIdle, A::kRework},
    {P::kMovingAside, E::kAsideRefused, P::kIdle, A::kRework},
    {P::kMovingAside, E::kAsideFailed, P::kWaiting, A::kBackOff},
    {P::kWaiting, E::kRetryDue, P::kIdle, A::kRework},
};

TEST(File, EveryPhaseAndEventWithAllFacts) {
  for (int bits = 0; bits < 32; ++bits) {
    SCOPED_TRACE(bits);
    std::vector<FileMove> moves = Work(Facts(bits));
    moves.insert(moves.end(), kMoves.begin(), kMoves.end());
    CheckMatrix(moves, StepWith(Facts(bits)));
  }
}

TEST(File, EveryPhaseReachesIdleAndIdleEveryPhase) {
  for (const P phase : kAllOf<P>) {
    EXPECT_TRUE(Reaches<E>(phase, P::kIdle, StepWith({}))) << EnumName(phase);
    bool reached = false;
    for (int bits = 0; bits < 32; ++bits)
      reached |= Reaches<E>(P::kIdle, phase, StepWith(Facts(bits)));
    EXPECT_TRUE(reached) << EnumName(phase);
  }
}

TEST(File, NothingIsReplacedWithoutALookFirst) {
  // Every way to Replacing leads through Deciding, and every way there through Looking.
  for (const P before : {P::kIdle, P::kWaiting, P::kCapturing, P::kSettling}) {
    for (const E event : kAllOf<E>) {
      for (int bits = 0; bits < 32; ++bits) {
        P now = before;
        if (StepFile(now, event, Facts(bits)).verdict != Verdict::kTaken) continue;
        EXPECT_NE(now, P::kReplacing);
        EXPECT_NE(now, P::kDeciding);
      }
    }
  }
}

TEST(File, OutsidersAreUnexpected) { CheckOutsiders(P::kIdle, E::kWork, StepWith({})); }

TEST(File, DescribesItself) {
  const MachineDoc doc = FileMachineDoc();
  EXPECT_EQ(doc.name, "file");
  EXPECT_EQ(doc.initial, "Idle");
  ASSERT_FALSE(doc.rows.empty());
  EXPECT_EQ(doc.rows.front().source, "Idle");
}

RC_GTEST_PROP(File, WhatIsNotTakenChangesNothing, ()) {
  const P before = *rc::gen::cast<P>(rc::gen::inRange(0, 13));
  const E event = *rc::gen::cast<E>(rc::gen::inRange(0, 28));
  P after = before;
  const auto result = StepFile(after, event, Facts(*rc::gen::inRange(0, 32)));
  RC_CLASSIFY(result.verdict == Verdict::kTaken);
  if (result.verdict == Verdict::kTaken) return;
  RC_ASSERT(after == before);
  RC_ASSERT(result.action == A::kNone);
}

}  // namespace
}  // namespace kinfolder
