#include "shells/state/torn_tail.h"

#include <leveldb/env.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "shells/state/crc32c.h"

namespace kinfolder {

namespace {

// LevelDB's log format: blocks, in them records of checksum (4), length (2), type (1), bytes. A
// record that does not fit is continued in the next block; up to 6 bytes at a block's end are
// unused.
constexpr std::size_t kBlock = 32768;
constexpr std::size_t kHeader = 7;
constexpr unsigned char kFull = 1;
constexpr unsigned char kFirst = 2;
constexpr unsigned char kLast = 4;

struct Piece {
  unsigned char type = 0;
  std::size_t end = 0;  // where the next one begins
};

unsigned char ByteAt(std::string_view log, std::size_t at) {
  return static_cast<unsigned char>(log[at]);
}

// The log keeps checksums rotated and shifted, since checksums of data with checksums are weak.
std::uint32_t Masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

// False: there is no whole piece at `at`.
bool ReadPiece(std::string_view log, std::size_t at, Piece* piece) {
  if (at + kHeader > log.size()) return false;
  const std::size_t length = ByteAt(log, at + 4) | std::size_t{ByteAt(log, at + 5)} << 8;
  piece->type = ByteAt(log, at + 6);
  piece->end = at + kHeader + length;
  if (piece->type < kFull || piece->type > kLast || at % kBlock + kHeader + length > kBlock ||
      piece->end > log.size())
    return false;
  std::uint32_t crc = 0;
  for (std::size_t i = 0; i < 4; ++i) crc |= std::uint32_t{ByteAt(log, at + i)} << (8 * i);
  return crc == Masked(Crc32c(0, log.substr(at + 6, 1 + length)));
}

// Some record begins after `at`, at whichever byte.
bool AnyBegins(std::string_view log, std::size_t at) {
  for (std::size_t i = at + 1; i + kHeader <= log.size(); ++i) {
    Piece piece;
    const unsigned char type = ByteAt(log, i + 6);
    if ((type == kFull || type == kFirst) && ReadPiece(log, i, &piece)) return true;
  }
  return false;
}

Error EnvError(const leveldb::Status& status) {
  return MakeError(ErrorKind::kIo, "the state database's log can't be mended: " +
                                       status.ToString() + "; check the disk");
}

leveldb::Status ReadWhole(leveldb::Env& env, const std::string& path, std::string* bytes) {
  return leveldb::ReadFileToString(&env, path, bytes);
}

leveldb::Status WriteWhole(leveldb::Env& env, const std::string& path, std::string_view bytes) {
  leveldb::WritableFile* made = nullptr;
  leveldb::Status status = env.NewWritableFile(path, &made);
  if (!status.ok()) return status;
  const std::unique_ptr<leveldb::WritableFile> file(made);
  status = file->Append(leveldb::Slice(bytes.data(), bytes.size()));
  if (status.ok()) status = file->Sync();
  if (status.ok()) status = file->Close();
  return status;
}

Result<bool> CutOne(leveldb::Env& env, const std::string& path) {
  std::string bytes;
  leveldb::Status status = ReadWhole(env, path, &bytes);
  if (!status.ok()) return EnvError(status);
  const std::size_t keep = WithoutTornTail(bytes);
  if (keep == bytes.size()) return false;
  // Under a name of the kind that LevelDB removes by itself, should it stay behind.
  const std::string beside = path.substr(0, path.rfind('/') + 1) + "000000.dbtmp";
  status = WriteWhole(env, beside, std::string_view(bytes).substr(0, keep));
  if (status.ok()) status = env.RenameFile(beside, path);
  if (!status.ok()) return EnvError(status);
  return true;
}

// Empty: there is none.
std::string NewestLog(const std::vector<std::string>& names) {
  std::string newest;
  for (const std::string& name : names) {
    if (!name.ends_with(".log")) continue;
    // Numbers have leading zeros up to six digits.
    if (std::pair(name.size(), name) > std::pair(newest.size(), newest)) newest = name;
  }
  return newest;
}

}  // namespace

std::size_t WithoutTornTail(std::string_view log) {
  std::size_t whole = 0;  // end of the last record of which all pieces are there
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t left = kBlock - at % kBlock;
    if (left < kHeader) {
      at += left;
      continue;
    }
    Piece piece;
    if (!ReadPiece(log, at, &piece)) return AnyBegins(log, at) ? log.size() : whole;
    at = piece.end;
    if (piece.type == kFull || piece.type == kLast) whole = at;
  }
  return log.size();
}

Result<bool> CutTornTails(leveldb::Env& env, const std::string& directory) {
  std::vector<std::string> names;
  leveldb::Status status = env.GetChildren(directory, &names);
  std::string manifest;
  if (status.ok()) status = ReadWhole(env, directory + "/CURRENT", &manifest);
  if (!status.ok()) return EnvError(status);
  while (manifest.ends_with('\n')) manifest.pop_back();
  bool cut = false;
  for (const std::string& name : {manifest, NewestLog(names)}) {
    if (name.empty()) continue;
    const Result<bool> one = CutOne(env, directory + "/" + name);
    if (!one.ok()) return one;
    cut = cut || one.value();
  }
  return cut;
}

}  // namespace kinfolder
