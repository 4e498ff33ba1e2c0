// What the machines' tables were asked and answered, for whoever wants to look on: to measure which
// rows are ever taken, and to show what happened. Decides nothing and is no part of the state.
#pragma once

#include <cstdint>

#include "core/table_doc/step_result.h"

namespace kinfolder {

// The names are those of docs/machines.
enum class MachineKind : std::uint8_t {
  kFile = 1,
  kDmd = 2,
  kUpload = 3,
  kCopy = 4,
  kCache = 5,
  kPoll = 6,
  kFolder = 7,
};

// Phases, event and action are the machine's own enumerators, as numbers.
struct MachineMove {
  MachineKind machine = MachineKind::kFile;
  Verdict verdict = Verdict::kUnexpected;
  std::uint8_t from = 0, event = 0, to = 0, action = 0;

  friend auto operator<=>(const MachineMove&, const MachineMove&) = default;
};

class MoveWatcher {
 public:
  virtual ~MoveWatcher() = default;
  virtual void Moved(const MachineMove& move) = 0;
};

}  // namespace kinfolder
