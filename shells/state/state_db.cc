#include "shells/state/state_db.h"

#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/write_batch.h>

#include <utility>

#include "core/base/check.h"
#include "shells/state/crc32c.h"
#include "shells/state/torn_tail.h"

namespace kinfolder {

namespace {

constexpr char kFormat = '\x4b';  // magic and version of the framing of one value
constexpr std::size_t kKeyBytes = 9;
constexpr std::size_t kHeaderBytes = 1 + 4 + 4;
// Sorts before every row: a row's table is never 0.
constexpr StateKey kSchemaKey{0, 0, 0};

void AppendU32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint32_t ReadU32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string EncodeKey(const StateKey& key) {
  std::string out;
  out.reserve(kKeyBytes);
  AppendU32(out, key.folder);
  out.push_back(static_cast<char>(key.table));
  AppendU32(out, key.id);
  return out;
}

std::string Frame(std::string_view key, std::string_view payload) {
  std::string out;
  out.reserve(kHeaderBytes + payload.size());
  out.push_back(kFormat);
  AppendU32(out, static_cast<std::uint32_t>(payload.size()));
  AppendU32(out, Crc32c(Crc32c(0, key), payload));
  out.append(payload);
  return out;
}

bool Unframe(std::string_view key, std::string_view value, std::string_view* payload) {
  if (value.size() < kHeaderBytes || value[0] != kFormat) return false;
  *payload = value.substr(kHeaderBytes);
  return ReadU32(value.substr(1)) == payload->size() &&
         ReadU32(value.substr(5)) == Crc32c(Crc32c(0, key), *payload);
}

std::string_view View(const leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

leveldb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

Error StateError(const leveldb::Status& status, const std::string& directory) {
  const std::string what = "the state database in " + directory;
  const std::string why = ": " + status.ToString();
  if (status.IsCorruption())
    return MakeError(ErrorKind::kCorrupt,
                     what + " is damaged" + why +
                         "; restore it from a backup, or join the folders again with a new state "
                         "directory (no file is lost)");
  if (why.find("lock") != std::string::npos && why.find("lready") != std::string::npos)
    return MakeError(ErrorKind::kExists, what + " is in use by another agent; stop that one first");
  if (why.find("No space left") != std::string::npos)
    return MakeError(ErrorKind::kNoSpace, what + " can't be written" + why + "; free some space");
  return MakeError(ErrorKind::kIo, what + " can't be used" + why + "; check the disk");
}

Error ClosedError(const std::string& directory) {
  return MakeError(ErrorKind::kUnavailable, "the state database in " + directory +
                                                " was closed after an error; open it again");
}

Error DamagedRow(const std::string& directory) {
  return MakeError(ErrorKind::kCorrupt,
                   "the state database in " + directory +
                       " holds a row that is not what was written; restore it from a backup");
}

}  // namespace

StateDb::StateDb(std::string directory, leveldb::Env* env)
    : directory_(std::move(directory)), env_(env) {}

StateDb::~StateDb() = default;

Result<std::unique_ptr<StateDb>> StateDb::Open(std::string directory, leveldb::Env* env) {
  std::unique_ptr<StateDb> made(new StateDb(std::move(directory), env));
  const Status opened = made->Reopen();
  if (!opened.ok()) return opened.error();
  return made;
}

void StateDb::Close() { db_.reset(); }

Status StateDb::Reopen() {
  Close();
  Status status = OpenDatabase();
  if (status.ok()) status = CheckSchema();
  if (!status.ok()) Close();
  return status;
}

Status StateDb::OpenDatabase() {
  leveldb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.max_open_files = 64;
  options.compression = leveldb::kNoCompression;  // capabilities and digests are random
  if (env_ != nullptr) options.env = env_;
  leveldb::DB* db = nullptr;
  leveldb::Status opened = leveldb::DB::Open(options, directory_, &db);
  if (opened.IsCorruption()) {
    const Result<bool> cut = CutTornTails(*options.env, directory_);
    if (cut.ok() && cut.value()) opened = leveldb::DB::Open(options, directory_, &db);
  }
  if (!opened.ok()) return StateError(opened, directory_);
  db_.reset(db);
  return Status();
}

// Reads the schema's version, or writes it into an empty database.
Status StateDb::CheckSchema() {
  const std::string key = EncodeKey(kSchemaKey);
  leveldb::ReadOptions read;
  read.verify_checksums = true;
  std::string value;
  const leveldb::Status found = db_->Get(read, key, &value);
  if (found.ok()) {
    std::string_view payload;
    if (!Unframe(key, value, &payload) || payload.size() != 4) return DamagedRow(directory_);
    if (ReadU32(payload) > kStateSchema)
      return MakeError(ErrorKind::kVersion, "the state database in " + directory_ +
                                                " was written by a newer version of this program; "
                                                "use that version or a newer one");
    return Status();
  }
  if (!found.IsNotFound()) return StateError(found, directory_);
  const std::unique_ptr<leveldb::Iterator> rows(db_->NewIterator(read));
  rows->SeekToFirst();
  if (rows->Valid()) return DamagedRow(directory_);
  if (!rows->status().ok()) return StateError(rows->status(), directory_);
  std::string payload;
  AppendU32(payload, kStateSchema);
  leveldb::WriteOptions write;
  write.sync = true;
  const leveldb::Status written = db_->Put(write, key, Frame(key, payload));
  return written.ok() ? Status() : Status(StateError(written, directory_));
}

Status StateDb::Load(std::uint32_t folder, const StateRowSink& row) {
  if (db_ == nullptr) return ClosedError(directory_);
  const std::string first = EncodeKey({folder, 1, 0});
  leveldb::ReadOptions read;
  read.verify_checksums = true;
  read.fill_cache = false;
  const std::unique_ptr<leveldb::Iterator> rows(db_->NewIterator(read));
  for (rows->Seek(first); rows->Valid(); rows->Next()) {
    const std::string_view key = View(rows->key());
    if (key.size() != kKeyBytes) return DamagedRow(directory_);
    if (ReadU32(key) != folder) break;
    std::string_view payload;
    if (!Unframe(key, View(rows->value()), &payload)) return DamagedRow(directory_);
    const Status taken = row(static_cast<std::uint8_t>(key[4]), ReadU32(key.substr(5)), payload);
    if (!taken.ok()) return taken;
  }
  return rows->status().ok() ? Status() : Status(StateError(rows->status(), directory_));
}

Status StateDb::Commit(const std::vector<StateWrite>& writes) {
  if (db_ == nullptr) return ClosedError(directory_);
  leveldb::WriteBatch batch;
  for (const StateWrite& write : writes) {
    CHECK(write.key.table != 0);
    const std::string key = EncodeKey(write.key);
    if (!write.value) {
      batch.Delete(key);
      continue;
    }
    CHECK(write.value->size() <= kMaxStateValueBytes);
    batch.Put(key, ToSlice(Frame(key, *write.value)));
  }
  leveldb::WriteOptions synced;
  synced.sync = true;
  const leveldb::Status written = db_->Write(synced, &batch);
  if (written.ok()) return Status();
  const Error error = StateError(written, directory_);
  Close();
  return error;
}

}  // namespace kinfolder
