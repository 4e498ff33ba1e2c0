#include "sim/sweep/users.h"

#include <algorithm>

#include "sim/world/disk_names.h"

namespace kinfolder::sim {

namespace {

Entry EntryIn(const std::map<EntryKey, std::uint64_t>& entries, const EntryKey& key) {
  const auto at = entries.find(key);
  return at == entries.end() ? Entry() : Entry(at->second);
}

bool IsUsers(const Inode& inode) {
  return inode.staged_blob == 0 || inode.staged_blob != inode.blob;
}

// Whether a user made one of the changes that were undone, back to the value `now`.
bool UndoesUsers(const Trail<Entry>& trail, const Entry& now) {
  for (auto it = trail.rbegin(); it != trail.rend(); ++it) {
    if (it->by_user) return true;
    if (it->value == now) return false;
  }
  return false;
}

bool NamesLost(const Disk& before, const Disk& after) {
  const auto had = EntriesOf(before), has = EntriesOf(after);
  for (const auto& [key, trail] : before.unsynced.entries) {
    const Entry now = EntryIn(has, key);
    if (now != EntryIn(had, key) && UndoesUsers(trail, now)) return true;
  }
  // A file of theirs without any name: one that the agent moved, or in a directory that is gone.
  return std::any_of(had.begin(), had.end(), [&](const auto& entry) {
    const Inode& inode = before.inodes.at(entry.second);
    return inode.kind != Kind::kDirectory && IsUsers(inode) &&
           after.inodes.count(entry.second) == 0;
  });
}

// A directory that is back though the agent had tidied it away: it looks like one that a user made.
bool DirectoryBack(const Disk& before, const Disk& after) {
  return std::any_of(after.names.begin(), after.names.end(), [&](const auto& name) {
    return after.inodes.at(name.second).kind == Kind::kDirectory &&
           before.names.count(name.first) == 0;
  });
}

// The agent syncs a file before it gives it a name: changes of one that has a name are users'.
bool ContentLost(const Disk& before, const Disk& after) {
  std::set<std::uint64_t> named;
  for (const Disk* disk : {&before, &after})
    for (const auto& [path, number] : disk->names) named.insert(number);
  return std::any_of(named.begin(), named.end(), [&](std::uint64_t number) {
    const auto was = before.inodes.find(number), is = after.inodes.find(number);
    if (was == before.inodes.end()) return false;
    if (was->second.writers > 0) return true;  // the program ends before it has written all
    return is != after.inodes.end() &&
           (is->second.blob != was->second.blob || is->second.mode != was->second.mode ||
            is->second.mtime_ns != was->second.mtime_ns);
  });
}

// A user removed what the agent had just put there, and the agent, which does not know yet that it
// did, takes that for the cut's doing.
bool RemovalUnseen(const Machine& before) {
  const AgentState state = Load(before.state);
  for (std::size_t i = 1; i < state.paths.size(); ++i) {
    const auto& intent = state.paths[i].record.intent;
    if (intent && !intent->remove && before.disk.inodes.count(intent->staged.inode) == 0 &&
        before.disk.names.count(Found(before.disk, before.state.tables.paths.at(i))) == 0)
      return true;
  }
  return false;
}

}  // namespace

bool LostOfUsers(const Machine& before, const Machine& after) {
  return NamesLost(before.disk, after.disk) || DirectoryBack(before.disk, after.disk) ||
         ContentLost(before.disk, after.disk) || RemovalUnseen(before);
}

}  // namespace kinfolder::sim
