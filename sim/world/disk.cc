#include "sim/world/disk.h"

#include <algorithm>

#include "core/base/check.h"
#include "sim/world/unicode.h"

namespace kinfolder::sim {

namespace {

bool Below(const std::string& path, const std::string& top) {
  return path.size() > top.size() && path.compare(0, top.size(), top) == 0 &&
         path[top.size()] == '/';
}

std::int64_t Granular(const Disk& disk, std::int64_t ns) {
  return ns - ns % disk.mtime_granularity_ns;
}

template <class Key>
Entry EntryIn(const std::map<Key, std::uint64_t>& map, const Key& key) {
  const auto at = map.find(key);
  return at == map.end() ? Entry() : Entry(at->second);
}

template <class Key>
void Put(std::map<Key, std::uint64_t>& map, const Key& key, Entry entry) {
  if (entry) {
    map[key] = *entry;
  } else {
    map.erase(key);
  }
}

EntryKey KeyOf(const Disk& disk, const std::string& path) {
  const std::string dir = ParentOf(path);
  if (dir.empty()) return {0, path};
  return {disk.names.at(dir), path.substr(dir.size() + 1)};
}

void SetNameAs(Disk& disk, std::uint64_t op, const std::string& path, Entry entry) {
  const std::string dir = ParentOf(path);
  disk.has_wide = disk.has_wide || !IsAscii(path);
  NoteEntry(disk.unsynced, op, KeyOf(disk, path), EntryIn(disk.names, path));
  Put(disk.names, path, entry);
  // The directory's own times move on; how far does not matter.
  if (!dir.empty()) ++disk.inodes.at(disk.names.at(dir)).ctime_ns;
}

void SetTmpAs(Disk& disk, std::uint64_t op, std::uint64_t token, Entry entry) {
  NoteTmp(disk.unsynced, op, token, EntryIn(disk.tmp, token));
  Put(disk.tmp, token, entry);
}

}  // namespace

std::map<EntryKey, std::uint64_t> EntriesOf(const Disk& disk) {
  std::map<EntryKey, std::uint64_t> entries;
  for (const auto& [path, number] : disk.names) entries[KeyOf(disk, path)] = number;
  return entries;
}

std::string ParentOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

const Inode* FindFile(const Disk& disk, const std::string& path) {
  const auto name = disk.names.find(path);
  if (name == disk.names.end()) return nullptr;
  return &disk.inodes.at(name->second);
}

bool HasChildren(const Disk& disk, const std::string& path) {
  const auto next = disk.names.lower_bound(path + "/");
  return next != disk.names.end() && Below(next->first, path);
}

bool UnderFile(const Disk& disk, const std::string& path) {
  for (std::string dir = ParentOf(path); !dir.empty(); dir = ParentOf(dir))
    if (const Inode* inode = FindFile(disk, dir); inode && inode->kind != Kind::kDirectory)
      return true;
  return false;
}

bool Unreadable(const Disk& disk, const std::string& path) {
  for (std::string dir = ParentOf(path); !dir.empty(); dir = ParentOf(dir))
    if (const Inode* inode = FindFile(disk, dir);
        inode && inode->kind == Kind::kDirectory && (inode->mode & 0400) == 0)
      return true;
  return false;
}

Stat StatOf(const Disk& disk, const Blobs& blobs, std::uint64_t inode) {
  const Inode& file = disk.inodes.at(inode);
  Stat stat;
  stat.kind = file.kind;
  stat.size = file.kind == Kind::kDirectory ? 0 : blobs.Bytes(file.blob).size();
  stat.mtime_ns = file.kind == Kind::kDirectory ? 0 : file.mtime_ns;
  stat.ctime_ns = file.ctime_ns;
  stat.inode = inode;
  stat.exec = file.kind == Kind::kFile && (file.mode & 0100) != 0;
  return stat;
}

std::optional<Stat> StatAt(const Disk& disk, const Blobs& blobs, const std::string& path) {
  const auto name = disk.names.find(path);
  if (name == disk.names.end()) return std::nullopt;
  return StatOf(disk, blobs, name->second);
}

SharedVersion VersionAt(const Disk& disk, const std::string& path) {
  const Inode* inode = FindFile(disk, path);
  if (inode == nullptr) return {};
  if (inode->kind == Kind::kDirectory)
    return HasChildren(disk, path) ? SharedVersion{} : SharedVersion{Kind::kDirectory, 0, false};
  return {inode->kind, inode->blob, inode->kind == Kind::kFile && (inode->mode & 0100) != 0};
}

void SetName(Disk& disk, const std::string& path, Entry entry) {
  SetNameAs(disk, disk.unsynced.next_op++, path, entry);
}

void SetTmp(Disk& disk, std::uint64_t token, Entry entry) {
  SetTmpAs(disk, disk.unsynced.next_op++, token, entry);
}

void Exchange(Disk& disk, const std::string& path, std::uint64_t token) {
  const std::uint64_t op = disk.unsynced.next_op++;
  const Entry there = EntryIn(disk.names, path), aside = EntryIn(disk.tmp, token);
  SetNameAs(disk, op, path, aside);
  SetTmpAs(disk, op, token, there);
}

Inode& Change(Disk& disk, std::uint64_t inode) {
  Inode& changed = disk.inodes.at(inode);
  NoteFile(disk.unsynced, inode, changed);
  return changed;
}

std::uint64_t AddInode(Disk& disk, const Inode& inode) {
  const std::uint64_t number = disk.next_inode++;
  disk.inodes[number] = inode;
  if (inode.kind == Kind::kFile && inode.blob != 0) {
    Inode empty = inode;
    empty.blob = 0;
    NoteFile(disk.unsynced, number, empty);
  }
  return number;
}

void MakeParents(Disk& disk, const std::string& path, std::int64_t now_ns) {
  const std::string dir = ParentOf(path);
  if (dir.empty() || disk.names.count(dir) != 0) return;
  MakeParents(disk, dir, now_ns);
  Create(disk, dir, Kind::kDirectory, 0, now_ns);
}

std::uint64_t Create(Disk& disk, const std::string& path, Kind kind, BlobId blob,
                     std::int64_t now_ns) {
  Unlink(disk, path);
  Inode inode;
  inode.kind = kind;
  inode.blob = blob;
  inode.mode = kind == Kind::kDirectory ? 0755 : 0644;
  inode.mtime_ns = Granular(disk, now_ns);
  inode.ctime_ns = now_ns;
  const std::uint64_t number = AddInode(disk, inode);
  SetName(disk, path, number);
  return number;
}

void SetContent(Disk& disk, std::uint64_t inode, BlobId blob, std::int64_t now_ns) {
  if (disk.inodes.count(inode) == 0) return;
  Change(disk, inode).blob = 0;  // it is truncated first
  Inode& file = Change(disk, inode);
  file.blob = blob;
  file.staged_blob = 0;
  file.mtime_ns = Granular(disk, now_ns);
  file.ctime_ns = now_ns;
}

void Unlink(Disk& disk, const std::string& path) {
  const auto name = disk.names.find(path);
  if (name == disk.names.end()) return;
  const std::uint64_t inode = name->second;
  SetName(disk, path, std::nullopt);
  Reap(disk, inode);
}

void Reap(Disk& disk, std::uint64_t inode) {
  const auto holds = [inode](const auto& entry) { return entry.second == inode; };
  if (std::any_of(disk.names.begin(), disk.names.end(), holds)) return;
  if (std::any_of(disk.tmp.begin(), disk.tmp.end(), holds)) return;
  auto removed = disk.inodes.extract(inode);
  if (!removed.empty()) disk.unsynced.removed.insert(std::move(removed));
}

void Rename(Disk& disk, const std::string& from, const std::string& to, std::int64_t now_ns) {
  CHECK(disk.names.count(from) != 0);
  if (from == to) return;
  const Entry replaced = EntryIn(disk.names, to);
  const std::uint64_t inode = disk.names.at(from);
  // What is in a directory moves with it: its entries stay what they are.
  std::vector<std::pair<std::string, std::uint64_t>> inside;
  for (auto it = disk.names.lower_bound(from + "/");
       it != disk.names.end() && Below(it->first, from); ++it)
    inside.emplace_back(it->first.substr(from.size()), it->second);
  for (const auto& [rest, number] : inside) disk.names.erase(from + rest);
  const std::uint64_t op = disk.unsynced.next_op++;
  SetNameAs(disk, op, from, std::nullopt);
  SetNameAs(disk, op, to, inode);
  for (const auto& [rest, number] : inside) disk.names[to + rest] = number;
  disk.inodes.at(inode).ctime_ns = now_ns;
  if (replaced) Reap(disk, *replaced);
}

void PruneParents(Disk& disk, const std::string& path,
                  const std::function<bool(const std::string&)>& keeps) {
  for (std::string dir = ParentOf(path); !dir.empty() && !HasChildren(disk, dir) && !keeps(dir);
       dir = ParentOf(dir))
    Unlink(disk, dir);
}

Reason RootReason(const Disk& disk) {
  switch (disk.root) {
    case RootState::kOurs:
      return Reason::kNone;
    case RootState::kMissing:
      return Reason::kRootMissing;
    case RootState::kEmptied:
      break;
  }
  return Reason::kRootChanged;
}

}  // namespace kinfolder::sim
