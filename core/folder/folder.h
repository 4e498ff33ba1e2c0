// The folder machine: whether this folder's root can be trusted and what is known of the whole of
// it.
//
// A pure table (folder.cc). No file is touched and no absence believed unless the root was seen to
// be ours; every full scan starts with that look.
#pragma once

#include <cstdint>

#include "core/table_doc/step_result.h"

namespace kinfolder {

struct MachineDoc;

// Fixed numbers: they stand in traces. Never renumber.
enum class FolderPhase : std::uint8_t {
  kNew = 1,
  kCheckingRoot = 2,
  kScanning = 3,
  kScanningAgain = 4,  // and another scan was asked for meanwhile
  kRunning = 5,
  kRootLost = 6,  // missing, emptied or exchanged: nothing is believed, nothing touched
  kPaused = 7,
  kStopped = 8,  // this state directory is a copy: nothing at all until told which is meant
};

enum class FolderEvent : std::uint8_t {
  kStarted = 1,
  kFoundCopied = 2,
  kRootOk = 3,
  kRootBad = 4,
  kScanDue = 5,
  kScanDone = 6,
  kRetryDue = 7,
  kPauseAsked = 8,
  kResumeAsked = 9,
};

enum class FolderAction : std::uint8_t {
  kNone = 0,
  kLookAtRoot = 1,
  kScan = 2,
  kRest = 3,     // arm the next scan
  kBackOff = 4,  // say why, look again later
};

StepResult<FolderAction> StepFolder(FolderPhase& phase, FolderEvent event);
MachineDoc FolderMachineDoc();

}  // namespace kinfolder
