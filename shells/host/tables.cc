#include "shells/host/tables.h"

#include <cstring>
#include <utility>

#include "core/agent/state.h"
#include "core/base/check.h"
#include "core/model/dag.h"
#include "shells/host/row_codec.h"
#include "shells/names/conflict_name.h"

namespace kinfolder {

namespace {

Error BadRow() {
  return MakeError(ErrorKind::kCorrupt,
                   "a row of the state database makes no sense; restore it from a backup");
}

std::string ToText(const Digest& digest) { return std::string(DigestBytes(digest)); }

std::string EncodeContent(const ContentRow& row) {
  RowWriter out;
  out.Text(ToText(row.sha256)).Number(row.size).Text(row.cap);
  const StagedRef staged = row.staged.value_or(StagedRef{});
  return out.Number(staged.segment).Number(staged.offset).Number(staged.size).Take();
}

bool DecodeContent(std::string_view bytes, ContentRow* row) {
  RowReader in(bytes);
  const Result<Digest> digest = DigestFromBytes(in.Text());
  row->size = in.Number();
  row->cap = in.Text();
  StagedRef staged;
  staged.segment = in.Number();
  staged.offset = in.Number();
  staged.size = in.Number();
  if (staged.segment != 0) row->staged = staged;
  if (digest.ok()) row->sha256 = digest.value();
  return in.Whole() && digest.ok();
}

std::string EncodePerson(const PersonRow& row) {
  RowWriter out;
  out.Text(row.name).Text(row.key ? PublicKeyToText(*row.key) : std::string());
  return out.Text(row.read_cap).Take();
}

bool DecodePerson(std::string_view bytes, PersonRow* row) {
  RowReader in(bytes);
  row->name = in.Text();
  const std::string key = in.Text();
  row->read_cap = in.Text();
  if (!in.Whole()) return false;
  if (key.empty()) return true;
  const Result<PublicKey> parsed = PublicKeyFromText(key);
  if (parsed.ok()) row->key = parsed.value();
  return parsed.ok();
}

// Grows `table` so that `id` has a place. False: no id can be as large as that.
template <class Row>
bool MakePlace(std::vector<Row>& table, std::uint32_t id) {
  constexpr std::uint32_t kMaxRows = 1u << 30;
  if (id == 0 || id > kMaxRows) return false;
  if (table.size() < id) table.resize(id);
  return true;
}

}  // namespace

std::size_t Tables::DigestHash::operator()(const Digest& digest) const {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

bool Tables::IsHostTable(std::uint8_t table) {
  return table >= static_cast<std::uint8_t>(HostTable::kName) &&
         table <= static_cast<std::uint8_t>(HostTable::kPerson);
}

Status Tables::LoadRow(std::uint8_t table, std::uint32_t id, std::string_view row) {
  bool good = false;
  switch (static_cast<HostTable>(table)) {
    case HostTable::kName: {
      RowReader in(row);
      NameRow name;
      name.id.value = id;
      name.parent.value = static_cast<std::uint32_t>(in.Number());
      name.wire = in.Text();
      name.disk = in.Text();
      good = in.Whole();
      name_rows_.push_back(std::move(name));
      break;
    }
    case HostTable::kSnapshot:
      good = !row.empty();
      if (!good) break;
      if (IsLocalId(SnapshotId{id})) {
        local_caps_[id] = Cap(row);
      } else {
        good = MakePlace(remote_caps_, id);
        if (good) remote_caps_[id - 1] = Cap(row);
      }
      by_cap_[Sha256Of(row)] = SnapshotId{id};
      break;
    case HostTable::kContent:
      good = MakePlace(contents_, id) && DecodeContent(row, &contents_[id - 1]);
      if (good) by_digest_.emplace(contents_[id - 1].sha256, ContentId{id});
      break;
    case HostTable::kPerson:
      good = MakePlace(people_, id) && DecodePerson(row, &people_[id - 1]);
      break;
  }
  return good ? Status() : Status(BadRow());
}

Status Tables::FinishLoading() {
  for (const Cap& cap : remote_caps_)
    if (cap.empty()) return BadRow();
  for (const PersonRow& person : people_)
    if (person.name.empty()) return BadRow();
  if (by_digest_.size() != contents_.size()) return BadRow();
  return names_.Load(std::exchange(name_rows_, {}));
}

void Tables::Touch(HostTable table, std::uint32_t id) {
  touched_[static_cast<std::uint8_t>(table)].insert(id);
}

bool Tables::has_pending() {
  for (const NameRow& row : names_.TakeNewRows()) name_rows_.push_back(row);
  return !touched_.empty() || !name_rows_.empty();
}

std::optional<std::string> Tables::EncodeRow(HostTable table, std::uint32_t id) const {
  switch (table) {
    case HostTable::kSnapshot:
      return *CapOf(SnapshotId{id});
    case HostTable::kContent:
      return EncodeContent(contents_[id - 1]);
    case HostTable::kPerson:
      return EncodePerson(people_[id - 1]);
    case HostTable::kName:
      break;  // see TakePending
  }
  CHECK(false);
  return std::nullopt;
}

std::vector<StateWrite> Tables::TakePending() {
  std::vector<StateWrite> writes;
  if (!has_pending()) return writes;
  for (const NameRow& row : name_rows_) {
    const StateKey key{folder_, static_cast<std::uint8_t>(HostTable::kName), row.id.value};
    writes.push_back(
        {key, RowWriter().Number(row.parent.value).Text(row.wire).Text(row.disk).Take()});
  }
  name_rows_.clear();
  for (const auto& [table, ids] : touched_)
    for (const std::uint32_t id : ids)
      writes.push_back({{folder_, table, id}, EncodeRow(static_cast<HostTable>(table), id)});
  touched_.clear();
  return writes;
}

// --- snapshots ---

SnapshotId Tables::FindSnapshot(const Cap& cap) const {
  const auto found = by_cap_.find(Sha256Of(cap));
  return found == by_cap_.end() ? SnapshotId{} : found->second;
}

SnapshotId Tables::SnapshotOf(const Cap& cap) {
  const SnapshotId known = FindSnapshot(cap);
  if (known) return known;
  remote_caps_.push_back(cap);
  const SnapshotId id{static_cast<std::uint32_t>(remote_caps_.size())};
  CHECK(!IsLocalId(id));
  by_cap_[Sha256Of(cap)] = id;
  Touch(HostTable::kSnapshot, id.value);
  return id;
}

const Cap* Tables::CapOf(SnapshotId id) const {
  if (IsLocalId(id)) {
    const auto found = local_caps_.find(id.value);
    return found == local_caps_.end() ? nullptr : &found->second;
  }
  if (!id || id.value > remote_caps_.size()) return nullptr;
  return &remote_caps_[id.value - 1];
}

void Tables::SetCap(SnapshotId id, const Cap& cap) {
  CHECK(IsLocalId(id));
  local_caps_[id.value] = cap;
  by_cap_[Sha256Of(cap)] = id;
  Touch(HostTable::kSnapshot, id.value);
}

// --- contents ---

ContentId Tables::ContentOf(const Digest& sha256, std::uint64_t size) {
  const auto [first, last] = by_digest_.equal_range(sha256);
  for (auto it = first; it != last; ++it)
    if (Content(it->second).size == size) return it->second;
  contents_.push_back({sha256, size, Cap(), std::nullopt});
  const ContentId id{static_cast<std::uint32_t>(contents_.size())};
  by_digest_.emplace(sha256, id);
  Touch(HostTable::kContent, id.value);
  return id;
}

const ContentRow& Tables::Content(ContentId id) const {
  CHECK(id && id.value <= contents_.size());
  return contents_[id.value - 1];
}

void Tables::SetContentCap(ContentId id, const Cap& cap) {
  CHECK(id && id.value <= contents_.size());
  contents_[id.value - 1].cap = cap;
  Touch(HostTable::kContent, id.value);
}

void Tables::SetStaged(ContentId id, std::optional<StagedRef> staged) {
  CHECK(id && id.value <= contents_.size());
  contents_[id.value - 1].staged = staged;
  Touch(HostTable::kContent, id.value);
}

// --- people ---

ParticipantId Tables::FindPerson(std::string_view name) const {
  for (std::size_t i = 0; i < people_.size(); ++i)
    if (people_[i].name == name) return ParticipantId{static_cast<std::uint32_t>(i + 1)};
  return ParticipantId{};
}

ParticipantId Tables::PersonOf(std::string_view name) {
  const ParticipantId known = FindPerson(name);
  if (known) return known;
  people_.push_back({std::string(name), std::nullopt, Cap()});
  const ParticipantId id{static_cast<std::uint32_t>(people_.size())};
  Touch(HostTable::kPerson, id.value);
  return id;
}

ParticipantId Tables::PersonByKey(const PublicKey& key) const {
  for (std::size_t i = 0; i < people_.size(); ++i)
    if (people_[i].key == key) return ParticipantId{static_cast<std::uint32_t>(i + 1)};
  return ParticipantId{};
}

ParticipantId Tables::PersonByReadCap(const Cap& read_cap) const {
  if (read_cap.empty()) return ParticipantId{};
  for (std::size_t i = 0; i < people_.size(); ++i)
    if (people_[i].read_cap == read_cap) return ParticipantId{static_cast<std::uint32_t>(i + 1)};
  return ParticipantId{};
}

ParticipantId Tables::PersonByFileName(std::string_view written) const {
  for (std::size_t i = 0; i < people_.size(); ++i)
    if (ParticipantForFileName(people_[i].name) == written)
      return ParticipantId{static_cast<std::uint32_t>(i + 1)};
  return ParticipantId{};
}

const PersonRow& Tables::Person(ParticipantId id) const {
  CHECK(id && id.value <= people_.size());
  return people_[id.value - 1];
}

const std::string& Tables::OwnerName(ParticipantId id) const {
  return Person(id == kForeign ? kSelf : id).name;
}

void Tables::SetKey(ParticipantId id, const PublicKey& key) {
  if (Person(id).key == key) return;
  people_[id.value - 1].key = key;
  Touch(HostTable::kPerson, id.value);
}

void Tables::SetReadCap(ParticipantId id, const Cap& cap) {
  if (Person(id).read_cap == cap) return;
  people_[id.value - 1].read_cap = cap;
  Touch(HostTable::kPerson, id.value);
}

}  // namespace kinfolder
