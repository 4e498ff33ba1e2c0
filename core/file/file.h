// The file machine: what is being done to one path's file on this disk, and what comes next.
//
// A pure table (file.cc). It covers both sides: noticing what a person did (look, capture) and
// bringing in what others did (decide, stage, replace, settle). Deciding is the work of core/merge,
// carrying out that of the shell; core/agent turns their answers into this machine's events.
#pragma once

#include <cstdint>

#include "core/table_doc/step_result.h"

namespace kinfolder {

struct MachineDoc;

// Fixed numbers: they stand in traces. Never renumber.
enum class FilePhase : std::uint8_t {
  kIdle = 1,
  kLooking = 2,       // a look at the file is awaited
  kCapturing = 3,     // its content is being read and staged
  kDeciding = 4,      // heads are being judged (within one step)
  kHolding = 5,       // a removal waits to be admitted as one of not too many
  kStaging = 6,       // the content to be put there is being brought
  kReplacing = 7,     // the intent is durable, the exchange is under way
  kRecovering = 8,    // whether the exchange took place is being found out
  kSettling = 9,      // the displaced file is looked at once more and dropped
  kWaiting = 10,      // something failed; a retry is due later
  kMovingAside = 11,  // it is being given another name, for a directory
};

enum class FileEvent : std::uint8_t {
  kWork = 1,          // the path has something to do (see FileFacts)
  kSawSame = 2,       // the file is as on record
  kSawChange = 3,     // it is not
  kSawGone = 4,       // it is gone for certain
  kSawUnknown = 5,    // it could not be looked at
  kCaptured = 6,      // content staged, version known
  kCaptureMoved = 7,  // it changed or went while being read
  kCaptureFailed = 8,
  kDecidedStay = 9,      // nothing to do on disk
  kDecidedReplace = 10,  // another version is to be put there
  kDecidedRemove = 11,   // the file is to be removed
  kAdmitted = 12,        // the removal may go on
  kHeld = 13,            // it waits for a person
  kStaged = 14,
  kStageFailed = 15,
  kReplaced = 16,        // done; the displaced file waits to be settled
  kReplacedClean = 17,   // done; nothing was displaced
  kReplaceRefused = 18,  // the disk was not as expected; nothing was done
  kReplaceFailed = 19,   // nothing was done
  kReplaceUnclear = 20,  // it may have been done
  kSettled = 21,
  kSettleFailed = 22,
  kRetryDue = 23,
  kMovedAside = 24,
  kAsideRefused = 25,  // it was not as expected; nothing was done
  kAsideFailed = 26,
};

enum class FileAction : std::uint8_t {
  kNone = 0,
  kLook = 1,
  kCapture = 2,
  kNoteAbsence = 3,  // to be judged together with other absences
  kTakeVersion = 4,  // what was captured becomes a local snapshot, unless it is what we know
  kDecide = 5,       // take in the heads
  kAskAdmission = 6,
  kStage = 7,
  kReplace = 8,  // write the intent, then exchange
  kRecover = 9,
  kFinish = 10,   // the path becomes what the intent says; settle what was displaced
  kAbandon = 11,  // forget the intent, drop what was staged, look again
  kAbandonAndBackOff = 12,
  kSettle = 13,
  kBackOff = 14,
  kRework = 15,  // see what there is to do now
  kMoveAside = 16,
};

struct FileFacts {
  bool changed = false;    // disk news wait to be captured
  bool judge = false;      // heads or a person's choice wait to be taken in
  bool intent = false;     // a replacement is on record whose end is not known
  bool unsettled = false;  // a displaced file waits to be settled
  bool aside = false;      // a directory is to stand where the file is

  friend bool operator==(const FileFacts&, const FileFacts&) = default;
};

StepResult<FileAction> StepFile(FilePhase& phase, FileEvent event, const FileFacts& facts);
MachineDoc FileMachineDoc();

}  // namespace kinfolder
