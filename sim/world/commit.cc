#include "sim/world/commit.h"

#include <string>
#include <utility>

#include "core/base/check.h"

namespace kinfolder::sim {

namespace {

// Writes down a snapshot that the core has made, when its node becomes durable.
void RegisterSnapshot(World& world, int machine, SnapshotId id) {
  Machine& m = At(world, machine);
  Agent& agent = *m.agent;
  const Node* node = agent.driver.state().dag.Find(id);
  if (node == nullptr || agent.tables.local_truth.count(id) != 0) return;
  TruthNode truth;
  truth.path = agent.tables.paths.at(node->path.value);
  truth.version = Shared(agent.tables, node->version);
  truth.machine = machine;
  truth.created_ms = node->created_ms;
  for (SnapshotId parent : node->parents)
    if (const TruthId known = TruthOf(agent.tables, world.store, parent); known != 0)
      truth.parents.push_back(known);
  NoteDeed(world, machine, Deed::kSnapshotMade, truth.path, truth.version.blob);
  agent.tables.local_truth[id] = AddTruth(world.truth, std::move(truth));
  agent.tables_changed = true;
  ++m.counters.snapshots_made;
}

bool SameSizes(const Tables& a, const Tables& b) {
  return a.paths.size() == b.paths.size() && a.contents.size() == b.contents.size() &&
         a.remote.size() == b.remote.size() && a.local_caps.size() == b.local_caps.size() &&
         a.participants.size() == b.participants.size();
}

// True if that changed anything.
bool Store(std::map<RecordKey, std::string>& records, const RecordWrite& write) {
  if (!write.bytes) return records.erase(write.key) != 0;
  std::string& stored = records[write.key];
  if (stored == *write.bytes) return false;
  stored = *write.bytes;
  return true;
}

std::string NameOf(const Tables& tables, RecordKey key) {
  if (key.table != RecordKey::Table::kPath) return "";
  return " for " + tables.paths.at(key.id);
}

void Keep(World& world, int machine, const std::vector<RecordWrite>& writes) {
  for (const RecordWrite& write : writes)
    if (write.key.table == RecordKey::Table::kNode && IsLocalId(SnapshotId{write.key.id}))
      RegisterSnapshot(world, machine, SnapshotId{write.key.id});
  Machine& m = At(world, machine);
  Agent& agent = *m.agent;
  for (const RecordWrite& write : writes)
    if (Store(m.state.records, write))
      NoteChange(world, "the durable state of " + m.name + NameOf(agent.tables, write.key));
  if (agent.tables_changed || !SameSizes(agent.tables, m.state.tables))
    m.state.tables = agent.tables;
  agent.tables_changed = false;
}

}  // namespace

CommitEnd CommitState(World& world, int machine, const std::vector<RecordWrite>& writes) {
  Machine& m = At(world, machine);
  CHECK(m.agent);
  const bool fails = m.fail_commit_in != 0 && --m.fail_commit_in == 0;
  if (fails && DrawFor(world, machine, "commit") % 2 == 0) return CommitEnd::kFailedLost;
  Keep(world, machine, writes);
  return fails ? CommitEnd::kFailedKept : CommitEnd::kDone;
}

}  // namespace kinfolder::sim
