// The state database and power cuts: what was acknowledged is there, the rest whole or not at all.
#include <gtest/gtest.h>
#include <leveldb/env.h>
#include <leveldb/helpers/memenv.h>

#include <map>
#include <memory>
#include <random>
#include <string>

#include "shells/state/faulty_env_for_test.h"
#include "shells/state/state_db.h"
#include "shells/state/torn_tail.h"

namespace kinfolder {
namespace {

std::map<std::uint32_t, std::string> RowsOf(StateDb& db) {
  std::map<std::uint32_t, std::string> rows;
  const Status loaded = db.Load(1, [&](std::uint8_t, std::uint32_t id, std::string_view value) {
    rows[id] = std::string(value);
    return Status();
  });
  EXPECT_TRUE(loaded.ok()) << loaded.error().text;
  return rows;
}

TEST(StatePower, WhatWasAcknowledgedIsThereAndTheRestWholeOrNotAtAll) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 rng(seed);
    const std::unique_ptr<leveldb::Env> memory(leveldb::NewMemEnv(leveldb::Env::Default()));
    PowerEnv env(memory.get());
    std::map<std::uint32_t, std::string> rows;
    for (int life = 0; life < 4; ++life) {
      Result<std::unique_ptr<StateDb>> opened = StateDb::Open("/db", &env);
      ASSERT_TRUE(opened.ok()) << "seed " << seed << ": " << opened.error().text;
      StateDb& db = *opened.value();
      ASSERT_EQ(RowsOf(db), rows) << "seed " << seed;
      env.syncs_left = static_cast<int>(rng() % 30);
      std::map<std::uint32_t, std::string> next = rows;
      for (bool alive = true; alive;) {
        rows = next;
        std::vector<StateWrite> writes;
        for (std::uint32_t n = rng() % 5 + 1; n > 0; --n) {
          const std::uint32_t id = rng() % 20;
          const std::string value(rng() % 8 == 0 ? 40000 : rng() % 900, static_cast<char>(rng()));
          next[id] = value;
          writes.push_back({{1, 1, id}, value});
        }
        alive = db.Commit(writes).ok();
      }
      opened.value().reset();
      env.Restore(rng);
      Result<std::unique_ptr<StateDb>> after = StateDb::Open("/db", &env);
      ASSERT_TRUE(after.ok()) << "seed " << seed << ": " << after.error().text;
      const std::map<std::uint32_t, std::string> found = RowsOf(*after.value());
      EXPECT_TRUE(found == rows || found == next) << "seed " << seed;
      rows = found;
    }
  }
}

// A database's log after three commits, the last of them large.
std::string LogBytes(leveldb::Env* env, std::string* path) {
  {
    const auto db = StateDb::Open("/db", env).value();
    for (std::uint32_t id = 1; id <= 3; ++id)
      EXPECT_TRUE(db->Commit({{{1, 1, id}, std::string(id * 20000, 'v')}}).ok());
  }
  std::vector<std::string> names;
  EXPECT_TRUE(env->GetChildren("/db", &names).ok());
  std::string bytes;
  for (const std::string& name : names)
    if (name.ends_with(".log")) *path = "/db/" + name;
  EXPECT_TRUE(leveldb::ReadFileToString(env, *path, &bytes).ok());
  return bytes;
}

TEST(StatePower, OnlyTheLastRecordMayBeTorn) {
  const std::unique_ptr<leveldb::Env> env(leveldb::NewMemEnv(leveldb::Env::Default()));
  std::string path;
  const std::string log = LogBytes(env.get(), &path);
  EXPECT_EQ(WithoutTornTail(log), log.size());
  EXPECT_EQ(WithoutTornTail(""), 0u);
  std::string torn = log;
  torn[log.size() - 10] ^= 1;  // in the third record, which has pieces in several blocks
  const std::size_t whole = WithoutTornTail(torn);
  EXPECT_GT(whole, 60000u);
  EXPECT_LT(whole, 62000u);
  EXPECT_EQ(WithoutTornTail(log.substr(0, whole)), whole);
  torn[whole + 10] ^= 1;
  EXPECT_EQ(WithoutTornTail(torn), whole);
  for (const std::size_t at : {std::size_t{10}, std::size_t{30000}, whole - 10}) {
    std::string damaged = log;
    damaged[at] ^= 1;
    EXPECT_EQ(WithoutTornTail(damaged), log.size()) << at;
  }
}

TEST(StatePower, DamageBeforeTheLastRecordIsNotMended) {
  const std::unique_ptr<leveldb::Env> env(leveldb::NewMemEnv(leveldb::Env::Default()));
  std::string path;
  std::string log = LogBytes(env.get(), &path);
  log[30000] ^= 1;
  ASSERT_TRUE(leveldb::WriteStringToFile(env.get(), log, path).ok());
  const auto opened = StateDb::Open("/db", env.get());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::kCorrupt) << opened.error().text;
}

}  // namespace
}  // namespace kinfolder
