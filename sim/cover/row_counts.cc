#include "sim/cover/row_counts.h"

#include <memory>
#include <string_view>

#include "core/cache/cache.h"
#include "core/copy/copy.h"
#include "core/dmd/dmd.h"
#include "core/file/file.h"
#include "core/folder/folder.h"
#include "core/poll/poll.h"
#include "core/table_doc/enum_names.h"
#include "core/table_doc/machine_doc.h"
#include "core/upload/upload.h"
#include "sim/random/random_run.h"
#include "sim/scenario/run.h"

namespace kinfolder::sim {

namespace {

std::string RowName(std::string_view machine, std::string_view from, std::string_view event,
                    std::string_view to, std::string_view action) {
  std::string name = std::string(machine) + ": " + std::string(from) + " " + std::string(event) +
                     " -> " + std::string(to);
  if (!action.empty() && action != "None") name += " / " + std::string(action);
  return name;
}

template <class Phase, class Event, class Action>
std::string NameAs(std::string_view machine, const MachineMove& move) {
  return RowName(machine, EnumName(static_cast<Phase>(move.from)),
                 EnumName(static_cast<Event>(move.event)), EnumName(static_cast<Phase>(move.to)),
                 EnumName(static_cast<Action>(move.action)));
}

std::string NameOf(const MachineMove& move) {
  switch (move.machine) {
    case MachineKind::kFile:
      return NameAs<FilePhase, FileEvent, FileAction>("file", move);
    case MachineKind::kDmd:
      return NameAs<DmdPhase, DmdEvent, DmdAction>("dmd", move);
    case MachineKind::kUpload:
      return NameAs<UploadPhase, UploadEvent, UploadAction>("upload", move);
    case MachineKind::kCopy:
      return NameAs<CopyPhase, CopyEvent, CopyAction>("copy", move);
    case MachineKind::kCache:
      return NameAs<CachePhase, CacheEvent, CacheAction>("cache", move);
    case MachineKind::kPoll:
      return NameAs<PollPhase, PollEvent, PollAction>("poll", move);
    case MachineKind::kFolder:
      return NameAs<FolderPhase, FolderEvent, FolderAction>("folder", move);
  }
  return "?";
}

}  // namespace

RowCounts::RowCounts() {
  for (const MachineDoc& doc :
       {FileMachineDoc(), DmdMachineDoc(), UploadMachineDoc(), CopyMachineDoc(), CacheMachineDoc(),
        PollMachineDoc(), FolderMachineDoc()})
    for (const DocRow& row : doc.rows)
      rows_[RowName(doc.name, row.source, row.event, row.target, row.action)] = 0;
}

void RowCounts::Moved(const MachineMove& move) {
  if (move.verdict == Verdict::kTaken) ++rows_[NameOf(move)];
}

void CountScenario(const Scenario& scenario, RowCounts& counts) {
  Run run(std::make_shared<const Scenario>(scenario), false);
  run.world().watcher = &counts;
  while (run.Proceed()) {
  }
}

void CountSeeds(std::uint64_t first, std::uint64_t last, RowCounts& counts) {
  for (const Profile profile :
       {Profile::kCalm, Profile::kCrash, Profile::kSwarm, Profile::kRollback})
    for (std::uint64_t seed = first; seed <= last; ++seed) RunSeed(seed, profile, false, &counts);
}

}  // namespace kinfolder::sim
