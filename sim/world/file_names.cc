#include "sim/world/file_names.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/world/disk_names.h"
#include "sim/world/unicode.h"

namespace kinfolder::sim {

namespace {

using Spellings = std::vector<std::pair<std::string, std::string>>;  // of paths

// Another name in the directory `prefix` whose NFC is `name`; empty if there is none.
std::string OtherSpelling(const Disk& disk, const std::string& prefix, const std::string& name) {
  for (auto it = disk.names.lower_bound(prefix);
       it != disk.names.end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it) {
    const std::string rest = it->first.substr(prefix.size());
    if (rest.find('/') == std::string::npos && Composed(rest) == name) return rest;
  }
  return {};
}

std::string Locate(const Tables& tables, const Disk& disk, const std::string& path,
                   Spellings* learned) {
  const bool plain = disk.spelling != Spelling::kDecomposed || IsAscii(path);
  if (!disk.has_wide && tables.spelled.empty() && plain) return path;
  std::string found;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string wire = path.substr(at, slash - at), prefix = found.empty() ? "" : found + "/";
    const auto known = tables.spelled.find(path.substr(0, slash));
    std::string name = Kept(disk, known == tables.spelled.end() ? wire : known->second);
    if (disk.names.count(prefix + name) == 0) {
      if (const std::string other = OtherSpelling(disk, prefix, wire); !other.empty()) {
        name = other;
        learned->emplace_back(path.substr(0, slash), other);
      }
    }
    found = prefix + name;
    at = slash + 1;
  }
  return found;
}

}  // namespace

std::optional<std::string> WirePath(const std::string& on_disk) { return Composed(on_disk); }

std::string DiskPath(const Tables& tables, const Disk& disk, const std::string& path) {
  Spellings unused;
  return Locate(tables, disk, path, &unused);
}

std::string LearnDiskPath(Agent& agent, const Disk& disk, const std::string& path) {
  Spellings learned;
  const std::string found = Locate(agent.tables, disk, path, &learned);
  for (auto& [wire, name] : learned) {
    agent.tables.spelled[wire] = std::move(name);
    agent.tables_changed = true;
  }
  return found;
}

std::map<std::string, Reason> NamelessFiles(const Machine& machine, const Tables& tables) {
  std::map<std::string, Reason> nameless;
  if (!machine.disk.has_wide) return nameless;
  for (const auto& [path, inode] : machine.disk.names) {
    const std::optional<std::string> wire = WirePath(path);
    if (!wire) {
      nameless[path] = Reason::kName;
    } else if (DiskPath(tables, machine.disk, *wire) != path) {
      nameless[path] = Reason::kNameClash;
    }
  }
  return nameless;
}

}  // namespace kinfolder::sim
