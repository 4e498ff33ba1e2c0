#include "sim/world/power.h"

#include <algorithm>
#include <limits>

#include "core/base/check.h"
#include "sim/world/draws.h"

namespace kinfolder::sim {

namespace {

class Cut {
 public:
  Cut(World& world, int machine, PowerMode mode, std::uint64_t draw)
      : world_(world), machine_(machine), m_(At(world, machine)), mode_(mode), draw_(draw) {}

  void Run() {
    WriteBack(m_.disk.unsynced, world_.now_ms);
    const std::map<std::string, std::uint64_t> before = Digests();
    if (mode_ != PowerMode::kAllKept) Take();
    const std::map<std::string, std::uint64_t> after = Digests();
    for (const auto& [path, digest] : before) {
      const auto left = after.find(path);
      if (left == after.end() || left->second != digest) NoteTaken(path, digest);
    }
    for (const auto& [path, digest] : after)
      if (before.count(path) == 0) NoteTaken(path, digest);
    Finish();
  }

 private:
  void Take() {
    ChooseJournal();
    CutCopies();
    CutNames();
    for (const auto& [number, trail] : m_.disk.unsynced.files) CutFile(number, trail);
  }

  // Of what each name leads to.
  std::map<std::string, std::uint64_t> Digests() const {
    std::map<std::string, std::uint64_t> digests;
    for (const auto& [path, number] : m_.disk.names) {
      const Inode& inode = m_.disk.inodes.at(number);
      digests[path] = Mix(world_.blobs.HashOf(inode.blob)) ^
                      Mix(inode.mode + (static_cast<std::uint64_t>(inode.kind) << 32));
    }
    return digests;
  }

  void NoteTaken(const std::string& path, std::uint64_t digest) {
    world_.taken = Mix(world_.taken ^ HashText(path) ^ digest);
  }

  std::uint64_t Pick(std::uint64_t choices) {
    return Draw(draw_, "power", 0, ordinal_++) % choices;
  }
  bool Chance(std::uint64_t percent) { return Pick(100) < percent; }

  // The operations before `journal_end_` are kept; 0: there is no journal.
  void ChooseJournal() {
    const Unsynced& unsynced = m_.disk.unsynced;
    std::uint64_t first = unsynced.next_op;
    for (const auto& [key, trail] : unsynced.entries) first = std::min(first, trail.front().op);
    for (const auto& [key, trail] : unsynced.tmp) first = std::min(first, trail.front().op);
    if (Chance(50)) journal_end_ = first + Pick(unsynced.next_op - first + 1);
  }

  // How many of the changes of a trail are kept.
  std::size_t Kept(const Trail<Entry>& trail) {
    if (mode_ == PowerMode::kNone) return 0;
    if (journal_end_ == 0) return static_cast<std::size_t>(Pick(trail.size() + 1));
    return static_cast<std::size_t>(
        std::count_if(trail.begin(), trail.end(),
                      [this](const Former<Entry>& former) { return former.op < journal_end_; }));
  }

  template <class Map, class Key>
  void Choose(Map& map, const Key& key, const Trail<Entry>& trail) {
    const std::size_t kept = Kept(trail);
    if (kept == trail.size()) return;
    if (const Entry& value = trail[kept].value) {
      map[key] = *value;
    } else {
      map.erase(key);
    }
  }

  void CutNames() {
    Disk& disk = m_.disk;
    std::map<EntryKey, std::uint64_t> entries = EntriesOf(disk);
    for (const auto& [key, trail] : disk.unsynced.entries) Choose(entries, key, trail);
    for (const auto& [token, trail] : disk.unsynced.tmp) Choose(disk.tmp, token, trail);
    std::map<std::uint64_t, Inode> all = std::move(disk.inodes);
    all.merge(disk.unsynced.removed);
    former_names_ = std::move(disk.names);
    disk.names.clear();
    disk.inodes.clear();
    Grow(entries, all, 0, "");
    for (const auto& [token, number] : disk.tmp) disk.inodes[number] = all.at(number);
    TellLost(all);
  }

  // The names below the directory `number`. A directory that two names lead to has the first.
  void Grow(const std::map<EntryKey, std::uint64_t>& entries,
            const std::map<std::uint64_t, Inode>& all, std::uint64_t number,
            const std::string& prefix) {
    for (auto it = entries.lower_bound({number, ""});
         it != entries.end() && it->first.first == number; ++it) {
      const Inode& inode = all.at(it->second);
      const bool directory = inode.kind == Kind::kDirectory;
      if (directory && m_.disk.inodes.count(it->second) != 0) continue;
      m_.disk.names[prefix + it->first.second] = it->second;
      m_.disk.inodes[it->second] = inode;
      if (directory) Grow(entries, all, it->second, prefix + it->first.second + "/");
    }
  }

  void TellLost(const std::map<std::uint64_t, Inode>& all) {
    for (const auto& [path, number] : former_names_) {
      const auto now = m_.disk.names.find(path);
      if (now == m_.disk.names.end() || now->second != number)
        NoteDeed(world_, machine_, Deed::kCutOff, path, all.at(number).blob);
    }
  }

  void CutFile(std::uint64_t number, const Trail<Inode>& trail) {
    const auto at = m_.disk.inodes.find(number);
    if (at == m_.disk.inodes.end()) return;
    const Inode last = at->second;
    std::vector<Inode> versions;
    for (const Former<Inode>& former : trail) versions.push_back(former.value);
    versions.push_back(last);
    const auto choose = [&] {
      return mode_ == PowerMode::kNone ? 0 : static_cast<std::size_t>(Pick(versions.size()));
    };
    const Inode& rest = versions[choose()];
    Inode& file = at->second;
    file.mode = rest.mode;
    file.mtime_ns = rest.mtime_ns;
    file.ctime_ns = rest.ctime_ns;
    const bool written = std::any_of(versions.begin(), versions.end(), [&](const Inode& version) {
      return version.blob != last.blob;
    });
    if (mode_ == PowerMode::kNone) {
      file.blob = rest.blob;
    } else if (written) {
      const std::size_t size = world_.blobs.Bytes(versions[choose()].blob).size();
      file.blob = mode_ == PowerMode::kTorn
                      ? Torn(versions, size)
                      : Fit(world_.blobs.Bytes(versions[choose()].blob), size);
    }
    if (world_.blobs.Bytes(file.blob) == world_.blobs.Bytes(last.blob)) file.blob = last.blob;
    if (file.blob != last.blob) TellChanged(number, last.blob);
    if (last.staged_blob == 0) MarkSilent(versions, file);
  }

  // The content of one version in the size of another.
  BlobId Fit(std::string bytes, std::size_t size) {
    bytes.resize(size, '\0');
    return world_.blobs.Intern(bytes);
  }

  BlobId Torn(const std::vector<Inode>& versions, std::size_t size) {
    std::string bytes = world_.blobs.Bytes(versions.back().blob);
    if (Chance(30)) {  // what came first was written, and perhaps space taken for the rest
      bytes.resize(static_cast<std::size_t>(Pick(bytes.size() + 1)));
      if (Chance(50)) bytes.resize(std::max(size, bytes.size()), '\0');
      return world_.blobs.Intern(bytes);
    }
    bytes.resize(size, '\0');
    const std::size_t block = Chance(50) ? 4096 : 512;
    for (std::size_t at = 0; at < size; at += block) {
      const std::size_t end = std::min(at + block, size);
      const std::uint64_t which = Pick(versions.size() + 1);  // the last: zeros
      const std::string from =
          which < versions.size() ? world_.blobs.Bytes(versions[which].blob) : std::string();
      for (std::size_t i = at; i < end; ++i) bytes[i] = i < from.size() ? from[i] : '\0';
    }
    return world_.blobs.Intern(bytes);
  }

  void TellChanged(std::uint64_t number, BlobId former) {
    for (const auto& [path, inode] : m_.disk.names)
      if (inode == number) NoteDeed(world_, machine_, Deed::kCutOff, path, former);
  }

  // Who saw one of the versions takes the file for that one, by its stat, though it is not.
  void MarkSilent(const std::vector<Inode>& versions, const Inode& file) {
    const auto size = [this](const Inode& inode) { return world_.blobs.Bytes(inode.blob).size(); };
    for (const Inode& version : versions)
      if (version.mtime_ns == file.mtime_ns && version.ctime_ns == file.ctime_ns &&
          size(version) == size(file) && version.blob != file.blob)
        m_.disk.silent.insert(file.blob);
  }

  void CutCopies() {
    for (const auto& [blob, since_ms] : m_.disk.unsynced.staged) {
      if (mode_ != PowerMode::kNone && Chance(50)) continue;
      const auto content = m_.state.tables.content_ids.find(blob);
      if (content != m_.state.tables.content_ids.end())
        m_.state.tables.contents.at(content->second).staged = false;
    }
  }

  void Finish() {
    Unsynced& unsynced = m_.disk.unsynced;
    unsynced.entries.clear();
    unsynced.tmp.clear();
    unsynced.files.clear();
    unsynced.removed.clear();
    unsynced.staged.clear();
    for (auto& [number, inode] : m_.disk.inodes) inode.writers = 0;
    std::erase_if(world_.queue, [this](const auto& item) {
      const auto* part = std::get_if<SlowPart>(&item.second);
      return part && part->machine == machine_;
    });
    m_.dark = true;
    m_.rebooted = true;
    NoteChange(world_, "the power of " + m_.name);
  }

  World& world_;
  int machine_;
  Machine& m_;
  PowerMode mode_;
  std::uint64_t draw_;
  std::uint64_t ordinal_ = 0;
  std::uint64_t journal_end_ = 0;
  std::map<std::string, std::uint64_t> former_names_;
};

}  // namespace

void CutPower(World& world, int machine, PowerMode mode, std::uint64_t draw) {
  Log(world, machine, "loses power");
  StopAgent(world, machine);
  Cut(world, machine, mode, draw).Run();
}

bool HasUnsynced(const World& world, int machine) {
  return !IsEmpty(world.machines.at(static_cast<std::size_t>(machine)).disk.unsynced, world.now_ms);
}

}  // namespace kinfolder::sim
