#include "sim/world/store_damage.h"

#include <algorithm>

#include "core/base/check.h"

namespace kinfolder::sim {

namespace {

// The last of the directory's machines; kAnyone: it is nobody's any more.
int OwnerOf(const World& world, std::uint32_t directory) {
  for (std::size_t i = world.machines.size(); i > 0; --i)
    if (world.machines[i - 1].state.directory == directory) return static_cast<int>(i - 1);
  return kAnyone;
}

// Writes down what is not in the store any more in any form.
void NoteLosses(World& world, Deed deed) {
  world.store.has_losses = true;
  std::set<TruthId> there;
  const auto count = static_cast<Cap>(world.store.snapshots.size());
  for (Cap cap = 1; cap <= count; ++cap)
    if (IsStored(world.store, cap)) there.insert(SnapshotOf(world.store, cap).truth);
  for (const StoredSnapshot& snapshot : world.store.snapshots) {
    if (snapshot.truth == 0 || there.count(snapshot.truth) != 0) continue;
    if (!world.truth.excused.insert(snapshot.truth).second) continue;
    const TruthNode& node = NodeOf(world.truth, snapshot.truth);
    NoteDeed(world, kAnyone, deed, node.path, node.version.blob);
  }
}

// Whoever joined since is not listed; who had its name before has it again.
void RollBackCollective(Store& store, std::int64_t to_ms) {
  std::vector<std::string> freed;
  for (const Listed& listed : store.collective)
    if (listed.since_ms > to_ms) freed.push_back(listed.name);
  std::erase_if(store.collective, [&](const Listed& listed) { return listed.since_ms > to_ms; });
  for (const std::string& name : freed)
    for (auto listed = store.collective.rbegin(); listed != store.collective.rend(); ++listed) {
      if (listed->name.rfind(name + "~", 0) != 0) continue;
      listed->name = name;
      break;
    }
}

}  // namespace

void RollBackStore(World& world, std::int64_t to_ms) {
  Store& store = world.store;
  for (std::size_t i = 0; i < store.directories.size(); ++i) {
    StoredDirectory& directory = store.directories[i];
    Directory value = ValueAt(directory, to_ms);
    directory.gone = directory.gone || directory.created_ms > to_ms;
    if (value == directory.now) continue;
    const int owner = OwnerOf(world, static_cast<std::uint32_t>(i + 1));
    if (owner != kAnyone) Log(world, owner, "its directory is rolled back");
    PutDirectory(store, static_cast<std::uint32_t>(i + 1), std::move(value), kAnyone, world.now_ms);
  }
  store.rolled_back_ms = world.now_ms;
  RollBackCollective(store, to_ms);
  for (StoredContent& content : store.contents)
    if (content.stored_ms > to_ms) content.health = Health::kRolledBack;
  for (StoredSnapshot& snapshot : store.snapshots)
    if (snapshot.stored_ms > to_ms) snapshot.health = Health::kRolledBack;
  NoteLosses(world, Deed::kStoreRolledBack);
  NoteChange(world, "the store was rolled back");
}

std::string SetContentHealth(World& world, int machine, const std::string& path, Health health) {
  const std::uint32_t number = At(world, machine).state.directory;
  if (number == 0) return "it has not joined; expected a machine that has published " + path;
  const Directory& now = world.store.directories.at(number - 1).now;
  const auto head = now.find(path);
  const Cap content = head == now.end() ? 0 : SnapshotOf(world.store, head->second).content;
  if (content == 0) return "nothing with a content; expected what the machine has published";
  const BlobId blob = ContentOf(world.store, content).blob;
  world.store.contents[content - 1].health = health;
  NoteChange(world, "a content in the store");
  if (health != Health::kWhole) {
    NoteLosses(world, health == Health::kDamaged ? Deed::kStoreDamaged : Deed::kStoreDropped);
    return {};
  }
  NoteDeed(world, kAnyone, Deed::kStoreRepaired, path, blob);
  for (const StoredSnapshot& snapshot : world.store.snapshots)
    if (snapshot.content == content && snapshot.health == Health::kWhole)
      world.truth.excused.erase(snapshot.truth);
  return {};
}

void NoteStoredAgain(World& world, Cap cap) {
  if (world.truth.excused.empty() || !IsStored(world.store, cap)) return;
  const StoredSnapshot& snapshot = SnapshotOf(world.store, cap);
  std::erase_if(world.truth.excused, [&](TruthId lost) {
    const TruthNode& node = NodeOf(world.truth, lost);
    return node.path == snapshot.path && node.version == snapshot.version;
  });
}

}  // namespace kinfolder::sim
