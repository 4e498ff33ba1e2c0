#include "sim/world/machine.h"

#include "core/base/check.h"

namespace kinfolder::sim {

bool IsRunning(const Machine& machine) {
  return machine.agent.has_value() || (machine.peer && machine.peer->run);
}

std::string LockRefusal(const Machine& machine) {
  if (!IsRunning(machine)) return "";
  return "another agent (process " + std::to_string(machine.incarnation) +
         ") uses this state directory; expected it to be stopped";
}

PathId PathIdOf(Tables& tables, const std::string& path) {
  if (path.empty()) return {};
  PathIdOf(tables, ParentOf(path));
  const auto [it, fresh] =
      tables.path_ids.emplace(path, static_cast<std::uint32_t>(tables.paths.size()));
  if (fresh) tables.paths.push_back(path);
  return PathId{it->second};
}

ContentId ContentIdOf(Tables& tables, BlobId blob) {
  const auto [it, fresh] =
      tables.content_ids.emplace(blob, static_cast<std::uint32_t>(tables.contents.size()));
  if (fresh) tables.contents.push_back({blob, false, 0});
  return ContentId{it->second};
}

SnapshotId SnapshotIdOf(Tables& tables, Cap cap) {
  if (cap == 0) return {};
  const auto [it, fresh] = tables.snapshot_ids.emplace(
      cap, SnapshotId{static_cast<std::uint32_t>(tables.remote.size())});
  if (fresh) tables.remote.push_back(cap);
  return it->second;
}

ParticipantId ParticipantIdOf(Tables& tables, std::uint32_t directory) {
  if (directory == 0) return {};
  if (directory == tables.participants[kSelf.value]) return kSelf;
  const auto [it, fresh] = tables.participant_ids.emplace(
      directory, static_cast<std::uint32_t>(tables.participants.size()));
  if (fresh) tables.participants.push_back(directory);
  return ParticipantId{it->second};
}

Cap CapOf(const Tables& tables, SnapshotId id) {
  if (!IsLocalId(id)) return id.value < tables.remote.size() ? tables.remote[id.value] : 0;
  const auto cap = tables.local_caps.find(id);
  return cap == tables.local_caps.end() ? 0 : cap->second;
}

TruthId TruthOf(const Tables& tables, const Store& store, SnapshotId id) {
  if (!id) return 0;
  if (IsLocalId(id)) {
    const auto truth = tables.local_truth.find(id);
    return truth == tables.local_truth.end() ? 0 : truth->second;
  }
  const Cap cap = CapOf(tables, id);
  return cap == 0 ? 0 : SnapshotOf(store, cap).truth;
}

SharedVersion Shared(const Tables& tables, const Version& version) {
  const bool has = version.content.value != 0 && version.content.value < tables.contents.size();
  return {version.kind, has ? tables.contents[version.content.value].blob : 0, version.exec};
}

Version Local(Tables& tables, const SharedVersion& version) {
  const bool has = version.kind == Kind::kFile || version.kind == Kind::kLink;
  return {version.kind, has ? ContentIdOf(tables, version.blob) : ContentId{}, version.exec};
}

AgentState Load(const StateDir& state) {
  AgentState loaded = NewAgentState();
  for (const auto& [key, bytes] : state.records) CHECK(DecodeRecord(loaded, key, bytes));
  return loaded;
}

}  // namespace kinfolder::sim
