// The personal DMD machine: writing what we publish, when there is no compare-and-set.
//
// A pure table (dmd.cc). last_written and about_to_write make a write safe: it is read before the
// first write of a run, and read back after every unclear answer.
#pragma once

#include <cstdint>

#include "core/table_doc/step_result.h"

namespace kinfolder {

struct MachineDoc;

// Fixed numbers: they stand in traces. Never renumber.
enum class DmdPhase : std::uint8_t {
  kUnread = 1,  // not read in this run: nothing may be written
  kReading = 2,
  kReady = 3,    // as on record; may be written
  kWriting = 4,  // about_to_write is durable, the write is under way
  kWaiting = 5,  // a read or write failed or is unclear; to be read again later
  kStopped = 6,  // somebody else writes it: we never do again
};

enum class DmdEvent : std::uint8_t {
  kStarted = 1,
  kReadDone = 2,  // what it holds is ours
  kReadFailed = 3,
  kForeignFound = 4,  // it holds what we never wrote
  kDue = 5,           // entries wait to be written
  kWritten = 6,
  kWriteFailed = 7,  // or unclear
  kRetryDue = 8,
  kRereadDue = 9,  // it was not read for a while
};

enum class DmdAction : std::uint8_t {
  kNone = 0,
  kRead = 1,
  kRest = 2,     // arm the next re-read; write what is due
  kWrite = 3,    // about_to_write durable first
  kConfirm = 4,  // last_written is what was written
  kStop = 5,     // durably
  kBackOff = 6,
};

StepResult<DmdAction> StepDmd(DmdPhase& phase, DmdEvent event);
MachineDoc DmdMachineDoc();

}  // namespace kinfolder
