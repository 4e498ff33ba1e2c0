// StateDb: the durable state in LevelDB.
//
// Each value carries a format byte, its length and a checksum of key and payload, over LevelDB's
// own checks (which are all on). A commit is one synced batch. After a failed write LevelDB may
// acknowledge later ones and lose them, so any failure closes the handle (see StateStore).
#pragma once

#include <memory>
#include <string>

#include "shells/state/state_store.h"

namespace leveldb {
class DB;
class Env;
}  // namespace leveldb

namespace kinfolder {

inline constexpr std::uint32_t kStateSchema = 1;
inline constexpr std::size_t kMaxStateValueBytes = 64 * 1024 * 1024;

class StateDb : public StateStore {
 public:
  // Makes the database if `directory` has none. `env` (for tests) must outlive the database; null:
  // the system. kExists: another process has it open; kVersion: written by a newer program;
  // kCorrupt: its files are damaged; nothing is repaired by itself
  // but what a power cut left of the last, unacknowledged commit (torn_tail.h).
  static Result<std::unique_ptr<StateDb>> Open(std::string directory, leveldb::Env* env = nullptr);
  ~StateDb() override;
  StateDb(const StateDb&) = delete;
  StateDb& operator=(const StateDb&) = delete;

  Status Load(std::uint32_t folder, const StateRowSink& row) override;
  Status Commit(const std::vector<StateWrite>& writes) override;
  Status Reopen() override;
  void Close() override;
  bool is_open() const override { return db_ != nullptr; }

 private:
  StateDb(std::string directory, leveldb::Env* env);
  Status OpenDatabase();
  Status CheckSchema();

  std::string directory_;
  leveldb::Env* env_;
  std::unique_ptr<leveldb::DB> db_;
};

}  // namespace kinfolder
