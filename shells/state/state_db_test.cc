#include "shells/state/state_db.h"

#include <gtest/gtest.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/helpers/memenv.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "shells/state/faulty_env_for_test.h"
#include "tests/contract/state_contract.h"

namespace kinfolder {
namespace {

class TempDir {
 public:
  TempDir() {
    const char* base = std::getenv("TEST_TMPDIR");
    path_ = std::string(base != nullptr ? base : "/tmp") + "/state_db_XXXXXX";
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_; }

 private:
  std::string path_;
};

std::unique_ptr<StateDb> MustOpen(const std::string& path, leveldb::Env* env = nullptr) {
  Result<std::unique_ptr<StateDb>> db = StateDb::Open(path, env);
  EXPECT_TRUE(db.ok()) << db.error().text;
  return std::move(db).value();
}

// LevelDB in memory, where writes can fail and the power can go.
class WithFaults {
 public:
  explicit WithFaults(std::uint32_t seed) : rng_(seed) {}
  StateStore& store() { return *db_; }
  void Crash() {
    db_.reset();
    db_ = MustOpen("/db", &faulty_);
  }
  void CutPower() {
    db_.reset();
    power_.Restore(rng_);
    db_ = MustOpen("/db", &faulty_);
  }
  Status FailingCommit(const std::vector<StateWrite>& writes) {
    const std::uint32_t how = rng_() % 3;
    faulty_.fail_append_in = static_cast<int>(how);
    faulty_.fail_sync = how == 0;
    const Status status = db_->Commit(writes);
    faulty_.fail_append_in = 0;
    faulty_.fail_sync = false;
    return status;
  }

 private:
  std::mt19937 rng_;
  std::unique_ptr<leveldb::Env> memory_{leveldb::NewMemEnv(leveldb::Env::Default())};
  PowerEnv power_{memory_.get()};
  FaultyEnv faulty_{&power_};
  std::unique_ptr<StateDb> db_ = MustOpen("/db", &faulty_);
};
INSTANTIATE_TYPED_TEST_SUITE_P(LevelDb, StateContract, WithFaults);

std::string ValueOf(StateStore& store, std::uint32_t id) {
  std::string found = "(none)";
  const Status loaded = store.Load(1, [&](std::uint8_t, std::uint32_t row, std::string_view value) {
    if (row == id) found = std::string(value);
    return Status();
  });
  return loaded.ok() ? found : "(" + loaded.error().text + ")";
}

// A failed append that LevelDB forgets must not let later commits be acknowledged and lost.
TEST(StateDbFaults, AFailedAppendClosesTheDatabase) {
  const std::unique_ptr<leveldb::Env> memory(leveldb::NewMemEnv(leveldb::Env::Default()));
  for (int nth = 1; nth <= 2; ++nth) {
    FaultyEnv env(memory.get());
    const auto db = MustOpen("/append" + std::to_string(nth), &env);
    ASSERT_TRUE(db->Commit({{{1, 1, 1}, "before"}}).ok());
    env.fail_append_in = nth;
    const Status torn = db->Commit({{{1, 1, 2}, std::string(500, 't')}});
    ASSERT_FALSE(torn.ok());
    EXPECT_EQ(torn.error().kind, ErrorKind::kNoSpace);
    EXPECT_FALSE(db->is_open());
    EXPECT_FALSE(db->Commit({{{1, 1, 3}, "too early"}}).ok());
    const Status again = db->Reopen();
    if (!again.ok()) {
      EXPECT_EQ(again.error().kind, ErrorKind::kCorrupt) << again.error().text;
      continue;
    }
    EXPECT_EQ(ValueOf(*db, 1), "before");
    EXPECT_EQ(ValueOf(*db, 3), "(none)");
    ASSERT_TRUE(db->Commit({{{1, 1, 4}, "after"}}).ok());
    ASSERT_TRUE(db->Reopen().ok());
    EXPECT_EQ(ValueOf(*db, 4), "after");
  }
}

TEST(StateDbFaults, AFailedSyncClosesTheDatabase) {
  const std::unique_ptr<leveldb::Env> memory(leveldb::NewMemEnv(leveldb::Env::Default()));
  FaultyEnv env(memory.get());
  const auto db = MustOpen("/sync", &env);
  ASSERT_TRUE(db->Commit({{{1, 1, 1}, "before"}}).ok());
  env.fail_sync = true;
  EXPECT_FALSE(db->Commit({{{1, 1, 2}, "unclear"}}).ok());
  EXPECT_FALSE(db->is_open());
  EXPECT_FALSE(db->Reopen().ok());
  env.fail_sync = false;
  ASSERT_TRUE(db->Reopen().ok());
  EXPECT_EQ(ValueOf(*db, 1), "before");
}

TEST(StateDb, RefusesASecondOpening) {
  TempDir dir;
  const auto db = MustOpen(dir.path() + "/db");
  const auto second = StateDb::Open(dir.path() + "/db");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::kExists) << second.error().text;
}

void PutRaw(const std::string& path, const std::string& key, const std::string& value) {
  leveldb::DB* raw = nullptr;
  ASSERT_TRUE(leveldb::DB::Open({}, path, &raw).ok());
  const std::unique_ptr<leveldb::DB> db(raw);
  ASSERT_TRUE(db->Put({}, key, value).ok());
}

std::string GetRaw(const std::string& path, const std::string& key) {
  leveldb::DB* raw = nullptr;
  EXPECT_TRUE(leveldb::DB::Open({}, path, &raw).ok());
  const std::unique_ptr<leveldb::DB> db(raw);
  std::string value;
  EXPECT_TRUE(db->Get({}, key, &value).ok());
  return value;
}

TEST(StateDb, NoticesForeignRows) {
  TempDir dir;
  const std::string path = dir.path() + "/db";
  const std::string key("\0\0\0\1\1\0\0\0\1", 9);
  {
    const auto db = MustOpen(path);
    ASSERT_TRUE(db->Commit({{{1, 1, 1}, "value"}, {{1, 1, 2}, "valuf"}}).ok());
  }
  const std::string good = GetRaw(path, key);
  const std::string other = GetRaw(path, std::string("\0\0\0\1\1\0\0\0\2", 9));
  std::string flipped = good;
  flipped.back() ^= 1;
  for (const std::string& bad : {std::string(), std::string("x"), flipped, other,
                                 good.substr(0, good.size() - 1), good + "x"}) {
    PutRaw(path, key, bad);
    const auto db = MustOpen(path);
    const Status loaded =
        db->Load(1, [](std::uint8_t, std::uint32_t, std::string_view) { return Status(); });
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().kind, ErrorKind::kCorrupt);
  }
}

TEST(StateDb, RefusesANewerSchema) {
  TempDir dir;
  const std::string path = dir.path() + "/db";
  { MustOpen(path); }
  // Format, length, checksum, and schema 2.
  PutRaw(path, std::string(9, '\0'),
         std::string("\x4b\0\0\0\x04"
                     "\x5d\x60\xd5\x13"
                     "\0\0\0\x02",
                     13));
  const auto newer = StateDb::Open(path);
  ASSERT_FALSE(newer.ok());
  EXPECT_EQ(newer.error().kind, ErrorKind::kVersion) << newer.error().text;
}

TEST(StateDb, FoldersAreApartAndAllOnDisk) {
  TempDir dir;
  {
    const auto db = MustOpen(dir.path() + "/db");
    ASSERT_TRUE(db->Commit({{{1, 1, 1}, "a"}, {{2, 1, 1}, "b"}, {{2, 1, 2}, "c"}}).ok());
  }
  const auto db = MustOpen(dir.path() + "/db");
  EXPECT_EQ(ValueOf(*db, 1), "a");
  EXPECT_EQ(ValueOf(*db, 2), "(none)");
}

TEST(StateDb, ErasesOneFolderOnly) {
  TempDir dir;
  const auto db = MustOpen(dir.path() + "/db");
  ASSERT_TRUE(db->Commit({{{1, 1, 1}, "a"}, {{1, 200, 7}, "b"}, {{2, 1, 1}, "c"}}).ok());
  ASSERT_TRUE(EraseFolder(*db, 1).ok());
  EXPECT_EQ(ValueOf(*db, 1), "(none)");
  int rows = 0;
  ASSERT_TRUE(db->Load(2, [&](std::uint8_t, std::uint32_t, std::string_view) {
                  ++rows;
                  return Status();
                }).ok());
  EXPECT_EQ(rows, 1);
}

}  // namespace
}  // namespace kinfolder
