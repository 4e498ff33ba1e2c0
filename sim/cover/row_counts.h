// Which rows of the machines' tables are ever taken, by scenarios, random worlds or anything else
// that can be watched.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/agent/moves.h"
#include "sim/scenario/steps.h"

namespace kinfolder::sim {

// Counts the rows that are taken, by name: "file: Idle Work -> Looking / Look". Rows that differ in
// their guard alone are one.
class RowCounts : public MoveWatcher {
 public:
  // Every row of every machine, taken 0 times.
  RowCounts();
  void Moved(const MachineMove& move) override;

  const std::map<std::string, std::uint64_t>& rows() const { return rows_; }

 private:
  std::map<std::string, std::uint64_t> rows_;
};

// Plays a scenario to its end, whatever that is.
void CountScenario(const Scenario& scenario, RowCounts& counts);
// Random worlds first..last of each profile.
void CountSeeds(std::uint64_t first, std::uint64_t last, RowCounts& counts);

}  // namespace kinfolder::sim
