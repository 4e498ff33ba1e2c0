#include "shells/names/name_table.h"

#include <algorithm>
#include <cstring>

#include "core/base/check.h"
#include "shells/names/component.h"

namespace kinfolder {
namespace {

// Bytes that stay where they are until the arena goes.
class Arena {
 public:
  const char* Add(std::string_view a, std::string_view b) {
    const std::size_t size = a.size() + b.size();
    if (size > free_) {
      free_ = std::max<std::size_t>(kChunk, size);
      chunks_.push_back(std::make_unique<char[]>(free_));
      next_ = chunks_.back().get();
    }
    char* const start = next_;
    if (!a.empty()) std::memcpy(start, a.data(), a.size());
    if (!b.empty()) std::memcpy(start + a.size(), b.data(), b.size());
    next_ += size;
    free_ -= size;
    return start;
  }

 private:
  static constexpr std::size_t kChunk = 64 * 1024;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  std::size_t free_ = 0;
};

std::uint32_t HashOf(PathId dir, std::string_view wire) {
  // The upper half of a product depends on all bits of the text's hash and of the directory.
  std::uint64_t h = std::hash<std::string_view>{}(wire);
  h = (h ^ (h >> 32) ^ (std::uint64_t{dir.value} << 32 | dir.value)) * 0x9E3779B97F4A7C15u;
  return static_cast<std::uint32_t>(h >> 32);
}

}  // namespace

struct NameTable::Impl {
  struct Node {
    const char* wire = nullptr;  // followed by the disk's spelling if there is another
    std::uint32_t parent = 0;
    std::uint32_t hash = 0;
    std::uint16_t wire_size = 0;
    std::uint16_t disk_size = 0;  // 0: the same as the wire's
  };

  Arena arena;
  std::vector<Node> nodes{Node{}};                                    // by id; [0] is the root
  std::vector<std::uint32_t> slots = std::vector<std::uint32_t>(64);  // open addressing; 0: free
  std::vector<std::uint32_t> changed;  // ids below first_new whose row changed
  std::uint32_t first_new = 1;         // ids from here on were not taken yet

  std::string_view Wire(const Node& node) const { return {node.wire, node.wire_size}; }
  std::string_view Disk(const Node& node) const {
    if (node.disk_size == 0) return Wire(node);
    return {node.wire + node.wire_size, node.disk_size};
  }
  const Node& At(PathId id) const {
    CHECK(id.value != 0 && id.value < nodes.size());
    return nodes[id.value];
  }

  // The slot that holds the child, or the free one where it belongs.
  std::size_t SlotOf(PathId dir, std::string_view wire, std::uint32_t hash) const {
    const std::size_t mask = slots.size() - 1;
    for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
      const std::uint32_t id = slots[slot];
      if (id == 0) return slot;
      const Node& node = nodes[id];
      if (node.hash == hash && node.parent == dir.value && Wire(node) == wire) return slot;
    }
  }

  PathId FindWire(PathId dir, std::string_view wire) const {
    return PathId{slots[SlotOf(dir, wire, HashOf(dir, wire))]};
  }

  // REQUIRES: it is not there.
  PathId Add(PathId dir, std::string_view wire, std::string_view disk) {
    CHECK(dir.value < nodes.size());
    if ((nodes.size() + 1) * 4 > slots.size() * 3) Grow();
    Node node;
    node.parent = dir.value;
    node.hash = HashOf(dir, wire);
    node.wire_size = static_cast<std::uint16_t>(wire.size());
    if (disk == wire) disk = {};
    node.disk_size = static_cast<std::uint16_t>(disk.size());
    node.wire = arena.Add(wire, disk);
    const auto id = static_cast<std::uint32_t>(nodes.size());
    slots[SlotOf(dir, wire, node.hash)] = id;
    nodes.push_back(node);
    return PathId{id};
  }

  void Grow() {
    slots.assign(slots.size() * 2, 0);
    const std::size_t mask = slots.size() - 1;
    for (std::uint32_t id = 1; id < nodes.size(); ++id) {
      std::size_t slot = nodes[id].hash & mask;
      while (slots[slot] != 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
  }
};

namespace {

// The wire name of a disk component: `disk` itself, or in `*buffer`. Empty: see `*problem`.
std::string_view WireOf(PathId dir, std::string_view disk, std::string* buffer,
                        NameProblem* problem) {
  std::string_view wire = disk;
  if (!IsAscii(disk)) {
    if (!ToNfc(disk, buffer)) {
      *problem = NameProblem::kNotUtf8;
      return {};
    }
    wire = *buffer;
  }
  if (!IsLegalComponent(wire) || wire.size() > NameTable::kMaxComponentBytes ||
      disk.size() > NameTable::kMaxComponentBytes) {
    *problem = NameProblem::kIllegal;
    return {};
  }
  if (dir == PathId{} && wire == kReservedRootName) {
    *problem = NameProblem::kReserved;
    return {};
  }
  return wire;
}

// Takes the next component off `*rest`.
std::string_view NextComponent(std::string_view* rest, bool* last) {
  const std::size_t slash = rest->find('/');
  const std::string_view component = rest->substr(0, slash);
  *last = slash == std::string_view::npos;
  rest->remove_prefix(*last ? rest->size() : slash + 1);
  return component;
}

Status CheckWirePath(std::string_view wire_path) {
  if (wire_path.size() > NameTable::kMaxPathBytes) {
    return MakeError(ErrorKind::kTooLarge, "the path is too long; shorten its names");
  }
  if (!IsNfc(wire_path)) {
    return MakeError(ErrorKind::kInvalid,
                     "the path is not UTF-8 in composed form (NFC); rename the file");
  }
  bool last = false;
  for (bool first = true; !last; first = false) {
    const std::string_view component = NextComponent(&wire_path, &last);
    if (!IsLegalComponent(component)) {
      return MakeError(ErrorKind::kInvalid,
                       "the path has an empty, '.' or '..' component; it can't be a file's name");
    }
    if (component.size() > NameTable::kMaxComponentBytes) {
      return MakeError(ErrorKind::kTooLarge, "a name in the path is too long; shorten it");
    }
    if (first && component == kReservedRootName) {
      return MakeError(ErrorKind::kInvalid,
                       "the name .kinfolder is the agent's own; rename the file");
    }
  }
  return {};
}

}  // namespace

NameTable::NameTable() : impl_(std::make_unique<Impl>()) {}
NameTable::~NameTable() = default;

ChildResult NameTable::Find(PathId dir, std::string_view disk_component) const {
  ChildResult result;
  std::string buffer;
  const std::string_view wire = WireOf(dir, disk_component, &buffer, &result.problem);
  if (wire.empty()) return result;
  result.id = impl_->FindWire(dir, wire);
  result.other_spelling = result.id && DiskName(result.id) != disk_component;
  return result;
}

ChildResult NameTable::Child(PathId dir, std::string_view disk_component) {
  ChildResult result;
  std::string buffer;
  const std::string_view wire = WireOf(dir, disk_component, &buffer, &result.problem);
  if (wire.empty()) return result;
  result.id = impl_->FindWire(dir, wire);
  if (!result.id) {
    result.id = impl_->Add(dir, wire, disk_component);
  } else {
    result.other_spelling = DiskName(result.id) != disk_component;
  }
  return result;
}

PathId NameTable::FindPath(std::string_view wire_path) const {
  PathId id;
  bool last = false;
  while (!last) {
    id = impl_->FindWire(id, NextComponent(&wire_path, &last));
    if (!id) return id;
  }
  return id;
}

Result<PathId> NameTable::InsertPath(std::string_view wire_path) {
  const Status legal = CheckWirePath(wire_path);
  if (!legal.ok()) return legal.error();
  PathId id;
  bool last = false;
  while (!last) {
    const std::string_view component = NextComponent(&wire_path, &last);
    const PathId child = impl_->FindWire(id, component);
    id = child ? child : impl_->Add(id, component, component);
  }
  return id;
}

std::string NameTable::WirePath(PathId id) const {
  std::size_t size = 0;
  for (PathId at = id; at; at = Parent(at)) size += WireName(at).size() + 1;
  if (size == 0) return {};
  std::string path(size - 1, '/');
  std::size_t end = path.size();
  for (PathId at = id; at; at = Parent(at)) {
    const std::string_view name = WireName(at);
    path.replace(end - name.size(), name.size(), name);
    end -= name.size() + 1;  // wraps around at the first component, where it is not used again
  }
  return path;
}

DiskPath NameTable::DiskPathOf(PathId id) const {
  DiskPath path;
  for (PathId at = id; at; at = Parent(at)) path.emplace_back(DiskName(at));
  std::reverse(path.begin(), path.end());
  return path;
}

PathId NameTable::Parent(PathId id) const { return PathId{impl_->At(id).parent}; }
std::string_view NameTable::WireName(PathId id) const { return impl_->Wire(impl_->At(id)); }
std::string_view NameTable::DiskName(PathId id) const { return impl_->Disk(impl_->At(id)); }

void NameTable::SetDiskName(PathId id, std::string_view disk_component) {
  const std::string_view wire = WireName(id);
  std::string nfc;
  CHECK(ToNfc(disk_component, &nfc) && nfc == wire);
  if (DiskName(id) == disk_component) return;
  Impl::Node& node = impl_->nodes[id.value];
  node.disk_size = 0;
  if (disk_component != wire) {
    node.wire = impl_->arena.Add(wire, disk_component);
    node.disk_size = static_cast<std::uint16_t>(disk_component.size());
  }
  if (id.value < impl_->first_new) impl_->changed.push_back(id.value);
}

bool NameTable::IsWithin(PathId id, PathId ancestor) const {
  while (id != ancestor) {
    if (!id) return false;
    id = Parent(id);
  }
  return true;
}

std::uint32_t NameTable::size() const {
  return static_cast<std::uint32_t>(impl_->nodes.size() - 1);
}

std::vector<NameRow> NameTable::TakeNewRows() {
  std::vector<std::uint32_t> ids = std::move(impl_->changed);
  impl_->changed.clear();
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  for (std::uint32_t id = impl_->first_new; id <= size(); ++id) ids.push_back(id);
  impl_->first_new = size() + 1;
  std::vector<NameRow> rows;
  rows.reserve(ids.size());
  for (const std::uint32_t value : ids) {
    const Impl::Node& node = impl_->nodes[value];
    rows.push_back({PathId{value}, PathId{node.parent}, std::string(impl_->Wire(node)),
                    node.disk_size == 0 ? std::string() : std::string(impl_->Disk(node))});
  }
  return rows;
}

Status NameTable::Load(std::vector<NameRow> rows) {
  CHECK(size() == 0);
  const auto corrupt = [] {
    return MakeError(ErrorKind::kCorrupt,
                     "the table of names is damaged; restore the state directory or set up anew");
  };
  std::sort(rows.begin(), rows.end(),
            [](const NameRow& a, const NameRow& b) { return a.id < b.id; });
  for (const NameRow& row : rows) {
    if (row.id.value != size() + 1 || row.parent >= row.id) return corrupt();
    const std::string_view disk = row.disk.empty() ? row.wire : row.disk;
    std::string buffer;
    NameProblem problem = NameProblem::kNone;
    if (WireOf(row.parent, disk, &buffer, &problem) != row.wire || row.wire.empty()) {
      return corrupt();
    }
    if (impl_->FindWire(row.parent, row.wire)) return corrupt();
    impl_->Add(row.parent, row.wire, disk);
  }
  impl_->first_new = size() + 1;
  return {};
}

}  // namespace kinfolder
