// Becoming a new participant: what is published starts from nothing, all else stays.
#include "core/agent/agent.h"
#include "core/agent/state.h"

namespace kinfolder {

std::vector<RecordKey> BecomeNewParticipant(AgentState& state, ParticipantId former) {
  std::vector<RecordKey> changed{{RecordKey::Table::kFolder, 0}};
  state.folder.foreign_write = false;
  state.folder.joined = false;  // the former DMD is read like everybody's first
  for (std::uint32_t i = 1; i < state.paths.size(); ++i) {
    PathRecord& record = state.paths[i].record;
    const PathRecord before = record;
    record.last_written = record.about_to_write = {};
    for (ConflictRecord& conflict : record.conflicts)
      if (conflict.owner == kForeign) conflict.owner = former;
    for (CopyRecord& copy : record.copies)
      if (copy.owner == kForeign) copy.owner = former;
    if (record == before) continue;
    changed.push_back({RecordKey::Table::kPath, i});
  }
  return changed;
}

}  // namespace kinfolder
