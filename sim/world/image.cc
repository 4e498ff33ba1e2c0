#include "sim/world/image.h"

namespace kinfolder::sim {

namespace {

void AddVersion(Digest& digest, const Blobs& blobs, const SharedVersion& version) {
  digest.Add(static_cast<std::uint64_t>(version.kind) << 1 | (version.exec ? 1 : 0));
  digest.Add(blobs.HashOf(version.blob));
}

void AddDisk(Digest& digest, const Blobs& blobs, const Disk& disk) {
  digest.Add(disk.names.size());
  for (const auto& [path, number] : disk.names) {
    digest.Add(path);
    digest.Add(number);
  }
  for (const auto& [number, inode] : disk.inodes) {
    digest.Add(number);
    digest.Add(static_cast<std::uint64_t>(inode.kind) << 32 | inode.mode);
    digest.Add(blobs.HashOf(inode.blob));
    digest.Add(blobs.HashOf(inode.staged_blob));
    digest.Add(static_cast<std::uint64_t>(inode.mtime_ns));
    digest.Add(static_cast<std::uint64_t>(inode.ctime_ns));
    digest.Add(static_cast<std::uint64_t>(inode.writers));
  }
  digest.Add(disk.tmp.size());
  for (const auto& [token, number] : disk.tmp) {
    digest.Add(token);
    digest.Add(number);
  }
  digest.Add(static_cast<std::uint64_t>(disk.root) << 1 | (disk.full ? 1 : 0));
  for (const std::string& path : disk.io_errors) digest.Add(path);
}

void AddState(Digest& digest, const Blobs& blobs, const StateDir& state) {
  digest.Add(state.records.size());
  for (const auto& [key, bytes] : state.records) {
    digest.Add(static_cast<std::uint64_t>(key.table) << 32 | key.id);
    digest.Add(bytes);
  }
  const Tables& tables = state.tables;
  digest.Add(tables.paths.size());
  for (const std::string& path : tables.paths) digest.Add(path);
  for (const auto& [path, name] : tables.spelled) {
    digest.Add(path);
    digest.Add(name);
  }
  for (const ContentRow& row : tables.contents) {
    digest.Add(blobs.HashOf(row.blob));
    digest.Add(static_cast<std::uint64_t>(row.cap) << 1 | (row.staged ? 1 : 0));
  }
  for (Cap cap : tables.remote) digest.Add(cap);
  for (const auto& [id, cap] : tables.local_caps)
    digest.Add(static_cast<std::uint64_t>(id.value) << 32 | cap);
  for (std::uint32_t directory : tables.participants) digest.Add(directory);
  digest.Add(state.directory);
}

void AddMachine(Digest& digest, const Blobs& blobs, const Machine& m) {
  digest.Add((m.agent ? 1U : 0U) | (m.offline ? 2U : 0U) | (m.paused ? 4U : 0U) |
             (m.joined ? 8U : 0U) | (m.left ? 16U : 0U));
  digest.Add(m.partitions.size());
  for (int other : m.partitions) digest.Add(static_cast<std::uint64_t>(other));
  digest.Add(m.hooks.size());
  for (const Hook& hook : m.hooks) {
    digest.Add(static_cast<std::uint64_t>(hook.effect) << 1 | (hook.after ? 1 : 0));
    digest.Add(hook.countdown << 32 | hook.deed);
  }
  digest.Add(m.fail_commit_in);
  AddDisk(digest, blobs, m.disk);
  AddState(digest, blobs, m.state);
}

void AddDirectory(Digest& digest, const Directory& directory) {
  digest.Add(directory.size());
  for (const auto& [path, cap] : directory) {
    digest.Add(path);
    digest.Add(cap);
  }
}

void AddStore(Digest& digest, const Blobs& blobs, const Store& store) {
  digest.Add(store.snapshots.size());
  for (const StoredSnapshot& snapshot : store.snapshots) {
    digest.Add(snapshot.path);
    AddVersion(digest, blobs, snapshot.version);
    digest.Add(static_cast<std::uint64_t>(snapshot.author) << 32 | snapshot.content);
    digest.Add(static_cast<std::uint64_t>(snapshot.created_ms));
    digest.Add(static_cast<std::uint64_t>(snapshot.health));
    for (Cap parent : snapshot.parents) digest.Add(parent);
  }
  for (const StoredContent& content : store.contents) {
    digest.Add(blobs.HashOf(content.blob));
    digest.Add(static_cast<std::uint64_t>(content.health));
  }
  for (const StoredDirectory& directory : store.directories) {
    AddDirectory(digest, directory.now);
    digest.Add(directory.gone ? 1 : 0);
  }
  for (const Listed& listed : store.collective) digest.Add(listed.name);
  for (const auto* counts :
       {&store.faults.fail, &store.faults.lose_answer, &store.faults.delay_write})
    for (const auto& [who, count] : *counts)
      digest.Add(static_cast<std::uint64_t>(who + 1) << 32 | static_cast<std::uint32_t>(count));
}

// What is under way without any agent.
void AddQueue(Digest& digest, const World& world) {
  for (const auto& [when, item] : world.queue) {
    if (const auto* write = std::get_if<DelayedWrite>(&item)) {
      digest.Add(write->directory);
      AddDirectory(digest, write->value);
    } else if (const auto* part = std::get_if<SlowPart>(&item)) {
      digest.Add(part->inode);
      digest.Add(static_cast<std::uint64_t>(part->part));
    }
  }
}

}  // namespace

Image ImageOf(const World& world) {
  Digest digest;
  for (const Machine& m : world.machines) AddMachine(digest, world.blobs, m);
  AddStore(digest, world.blobs, world.store);
  AddQueue(digest, world);
  return digest.value();
}

}  // namespace kinfolder::sim
