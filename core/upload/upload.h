// The upload machine: publishing the local snapshots of one path, oldest first.
//
// A pure table (upload.cc). A change of the file meanwhile never cancels what was scanned before.
#pragma once

#include <cstdint>

#include "core/table_doc/step_result.h"

namespace kinfolder {

struct MachineDoc;

// Fixed numbers: they stand in traces. Never renumber.
enum class UploadPhase : std::uint8_t {
  kIdle = 1,
  kUploading = 2,  // the oldest local snapshot is on its way
  kWaiting = 3,    // it failed; a retry is due later
};

enum class UploadEvent : std::uint8_t {
  kWork = 1,      // there are local snapshots
  kUploaded = 2,  // the oldest one is in the store
  kFailed = 3,
  kDropped = 4,  // the local snapshots were discarded: another's says the same
  kRetryDue = 5,
};

enum class UploadAction : std::uint8_t {
  kNone = 0,
  kUpload = 1,
  kPublish = 2,  // it is our current snapshot now; our personal DMD is due
  kBackOff = 3,
};

StepResult<UploadAction> StepUpload(UploadPhase& phase, UploadEvent event);
MachineDoc UploadMachineDoc();

}  // namespace kinfolder
