// Durable records, traces and the hash chain: values as bytes.
#include <exception>

#include "core/agent/agent.h"
#include "core/agent/archive.h"
#include "core/agent/serialize.h"

namespace kinfolder {

namespace {

// The first byte of every encoding. Fields are only ever appended, with the next format; a reader
// takes all formats up to its own and refuses later ones.
constexpr std::uint8_t kFormat = 3;

// False if it is none that this program reads.
bool ReadFormat(BytesIn& in) {
  in(in.format);
  return in.format >= 1 && in.format <= kFormat;
}

template <class T>
std::string Encode(const T& value) {
  BytesOut out;
  out(kFormat, value);
  return out.Take();
}

// False if the bytes are not exactly one value of this format.
template <class T>
bool Decode(const std::string& bytes, T& value) {
  try {
    BytesIn in(bytes);
    if (!ReadFormat(in)) return false;
    in(value);
    return in.left() == 0;
  } catch (const std::exception&) {
    return false;
  }
}

// The same for ids from outside: a number that no table of a sane size reaches.
constexpr std::uint32_t kLargestId = 100'000'000;

template <class T>
void HashInto(HashOut& out, const T& value) {
  out(value);
}

void HashRecord(HashOut& out, const AgentState& state, RecordKey key) {
  out(key);
  switch (key.table) {
    case RecordKey::Table::kFolder:
      return HashInto(out, state.folder);
    case RecordKey::Table::kPath:
      if (key.id < state.paths.size()) HashInto(out, state.paths[key.id].record);
      return;
    case RecordKey::Table::kNode:
      if (const Node* node = state.dag.Find(SnapshotId{key.id})) HashInto(out, *node);
      return;
  }
}

}  // namespace

std::optional<std::string> EncodeRecord(const AgentState& state, RecordKey key) {
  switch (key.table) {
    case RecordKey::Table::kFolder:
      return Encode(state.folder);
    case RecordKey::Table::kPath:
      if (key.id >= state.paths.size() || state.paths[key.id].record == PathRecord{})
        return std::nullopt;
      return Encode(state.paths[key.id].record);
    case RecordKey::Table::kNode: {
      const Node* node = state.dag.Find(SnapshotId{key.id});
      if (node == nullptr) return std::nullopt;
      return Encode(*node);
    }
  }
  return std::nullopt;
}

bool DecodeRecord(AgentState& state, RecordKey key, const std::string& bytes) {
  switch (key.table) {
    case RecordKey::Table::kFolder:
      return Decode(bytes, state.folder);
    case RecordKey::Table::kPath: {
      PathRecord record;
      if (key.id == 0 || key.id > kLargestId || !Decode(bytes, record)) return false;
      if (key.id >= state.paths.size()) state.paths.resize(key.id + 1);
      state.paths[key.id].record = std::move(record);
      return true;
    }
    case RecordKey::Table::kNode: {
      Node node;
      const std::uint32_t number = key.id & ~kLocalSnapshotBit;
      if (number == 0 || number > kLargestId || !Decode(bytes, node)) return false;
      state.dag.Add(SnapshotId{key.id}, std::move(node));
      return true;
    }
  }
  return false;
}

std::string EncodeState(const AgentState& state) {
  BytesOut out;
  out(kFormat, state, static_cast<std::uint64_t>(state.dag.size()));
  state.dag.ForEach([&](SnapshotId id, const Node& node) { out(id, node); });
  return out.Take();
}

std::optional<AgentState> DecodeState(const std::string& bytes) {
  try {
    BytesIn in(bytes);
    AgentState state;
    std::uint64_t nodes = 0;
    if (!ReadFormat(in)) return std::nullopt;
    in(state, nodes);
    for (std::uint64_t i = 0; i < nodes; ++i) {
      SnapshotId id;
      Node node;
      in(id, node);
      // Ids are dense: a number that so few bytes cannot reach would only make a large table.
      if ((id.value & ~kLocalSnapshotBit) > bytes.size()) return std::nullopt;
      state.dag.Add(id, std::move(node));
    }
    if (in.left() != 0) return std::nullopt;
    return state;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string EncodeEvent(const Event& event) { return Encode(event); }

std::optional<Event> DecodeEvent(const std::string& bytes) {
  Event event;
  if (!Decode(bytes, event)) return std::nullopt;
  return event;
}

std::uint64_t StateHash(const AgentState& state) {
  HashOut out(0);
  out(state);
  state.dag.ForEach([&](SnapshotId id, const Node& node) { out(id, node); });
  return out.value();
}

std::uint64_t FolderHash(const AgentState& s) {
  const auto word = [](auto value) { return static_cast<std::uint64_t>(value); };
  const Timer next = s.timers.empty() ? Timer{} : *s.timers.begin();
  const std::uint64_t flags = word(s.may_adopt) | word(s.absences_armed) << 1 |
                              word(s.removals_armed) << 2 | word(s.dmd_write_armed) << 3 |
                              word(s.phase) << 8 | word(s.folder_reason) << 16 |
                              word(s.dmd.phase) << 24 | word(s.dmd.reason) << 32;
  // At once, as it is done after every step of a simulation.
  const std::uint64_t words[] = {s.next_effect,
                                 flags,
                                 s.root_effect,
                                 s.scan_effect,
                                 s.absence_effect,
                                 s.dmd.effect,
                                 word(s.root_failures) << 32 | s.dmd.failures,
                                 s.uploads_under_way,
                                 s.files_there,
                                 s.bytes_there,
                                 word(s.first_absence_ms),
                                 word(s.last_absence_ms),
                                 word(s.last_arrival_ms),
                                 word(s.last_scan_wall_ms),
                                 word(s.last_poll_wall_ms),
                                 word(s.dmd.next_write_ms),
                                 word(next.at_mono_ms),
                                 word(next.kind) << 32 | next.id,
                                 s.paths.size(),
                                 s.work.size(),
                                 s.free_work.size(),
                                 s.copy_owner_of.size(),
                                 s.participants.size(),
                                 s.cache.size(),
                                 s.timers.size(),
                                 s.awaited.size(),
                                 s.ready.size(),
                                 s.absences.size(),
                                 s.removals.size(),
                                 s.unrecorded.size(),
                                 s.to_absorb.size(),
                                 s.arrivals.size(),
                                 s.content_uses.size(),
                                 s.syncs.size(),
                                 s.held_links.size(),
                                 s.dmd.due.size(),
                                 s.dmd.writing.size(),
                                 s.dmd.checks.size(),
                                 s.dmd.loss_found,
                                 s.dag.size()};
  HashOut out(0);
  out.Write(words, sizeof words);
  return out.value();
}

std::uint64_t PathHash(const AgentState& state, PathId path) {
  HashOut out(path.value);
  if (path.value >= state.paths.size()) return out.value();
  const PathState& p = state.paths[path.value];
  out(p);
  if (p.work != 0) out(state.work[p.work]);
  return out.value();
}

std::uint64_t ChainHash(std::uint64_t previous, const AgentState& state, const Event& event,
                        const Reaction& reaction) {
  HashOut out(previous);
  out(event, static_cast<std::uint64_t>(reaction.writes.size()));
  for (const RecordKey key : reaction.writes) HashRecord(out, state, key);
  out(reaction.effects);
  return out.value();
}

}  // namespace kinfolder
