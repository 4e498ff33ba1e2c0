// The copy machine: bringing the conflict copies of one path in line with its conflicts, one by
// one.
//
// A pure table (copy.cc). It never replaces anything: a copy gets a free name, and is removed only
// while its bytes are exactly its snapshot's.
#pragma once

#include <cstdint>

#include "core/table_doc/step_result.h"

namespace kinfolder {

struct MachineDoc;

// Fixed numbers: they stand in traces. Never renumber.
enum class CopyPhase : std::uint8_t {
  kIdle = 1,
  kStaging = 2,   // the content of a copy is being brought
  kPlacing = 3,   // it is being given a name
  kRemoving = 4,  // a copy that is not needed any more, or was edited
  kWaiting = 5,
};

enum class CopyEvent : std::uint8_t {
  kPlaceAsked = 1,   // a conflict has no copy
  kRemoveAsked = 2,  // a copy has no conflict, or was edited
  kStaged = 3,
  kStageFailed = 4,
  kPlaced = 5,
  kNameTaken = 6,
  kPlaceFailed = 7,
  kRemoved = 8,  // it is gone, or was gone
  kKept = 9,     // its bytes are somebody's own now: an ordinary file
  kRemoveFailed = 10,
  kRetryDue = 11,
};

enum class CopyAction : std::uint8_t {
  kNone = 0,
  kStage = 1,
  kPlace = 2,
  kPlaceUnderNextName = 3,
  kRecord = 4,
  kRemove = 5,
  kForget = 6,  // the record of the copy
  kBackOff = 7,
  kRework = 8,
};

StepResult<CopyAction> StepCopy(CopyPhase& phase, CopyEvent event);
MachineDoc CopyMachineDoc();

}  // namespace kinfolder
