#include "shells/host/tables.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace kinfolder {
namespace {

using Rows = std::map<std::pair<std::uint8_t, std::uint32_t>, std::string>;

// What a database would hold after these writes.
void Apply(Tables& tables, Rows& rows) {
  for (const StateWrite& write : tables.TakePending()) {
    EXPECT_EQ(write.key.folder, 7u);
    if (write.value)
      rows[{write.key.table, write.key.id}] = *write.value;
    else
      rows.erase({write.key.table, write.key.id});
  }
}

Status LoadInto(Tables& tables, const Rows& rows) {
  for (const auto& [key, row] : rows) {
    const Status loaded = tables.LoadRow(key.first, key.second, row);
    if (!loaded.ok()) return loaded;
  }
  return tables.FinishLoading();
}

struct Filled {
  Filled() {
    tables.PersonOf("ann");
    bob = tables.PersonOf("bob");
    tables.SetKey(bob, key);
    tables.SetReadCap(bob, "read-cap-of-bob");
    path = tables.names().InsertPath("dir/file").value();
    remote = tables.SnapshotOf("cap-1");
    tables.SetCap(local, "cap-2");
    content = tables.ContentOf(Sha256Of("x"), 1);
    tables.SetStaged(content, StagedRef{3, 4, 1});
    stored = tables.ContentOf(Sha256Of("y"), 1);
    tables.SetContentCap(stored, "content-cap");
  }

  Tables tables{7};
  PublicKey key = SigningKey::Generate().public_key();
  ParticipantId bob;
  PathId path;
  SnapshotId remote;
  SnapshotId local{0x80000005u};
  ContentId content, stored;
};

TEST(Tables, EverythingIsThereAfterLoading) {
  Filled filled;
  Rows rows;
  Apply(filled.tables, rows);
  EXPECT_FALSE(filled.tables.has_pending());
  Tables loaded(7);
  const Status status = LoadInto(loaded, rows);
  ASSERT_TRUE(status.ok()) << status.error().text;
  EXPECT_FALSE(loaded.has_pending());
  EXPECT_EQ(loaded.FindPerson("ann"), ParticipantId{1});
  EXPECT_EQ(loaded.PersonByKey(filled.key), filled.bob);
  EXPECT_EQ(loaded.PersonByReadCap("read-cap-of-bob"), filled.bob);
  EXPECT_EQ(loaded.names().FindPath("dir/file"), filled.path);
  EXPECT_EQ(loaded.FindSnapshot("cap-1"), filled.remote);
  EXPECT_EQ(loaded.FindSnapshot("cap-2"), filled.local);
  EXPECT_EQ(*loaded.CapOf(filled.local), "cap-2");
  EXPECT_EQ(loaded.Content(filled.content), filled.tables.Content(filled.content));
  EXPECT_EQ(loaded.Content(filled.stored).cap, "content-cap");
  EXPECT_EQ(loaded.ContentOf(Sha256Of("x"), 1), filled.content);
  EXPECT_EQ(loaded.SnapshotOf("cap-3"), SnapshotId{filled.remote.value + 1});
}

TEST(Tables, LaterChangesAreWrittenAgain) {
  Filled filled;
  Rows rows;
  Apply(filled.tables, rows);
  filled.tables.SetStaged(filled.content, std::nullopt);
  filled.tables.SetReadCap(filled.bob, "another");
  filled.tables.SetReadCap(filled.bob, "another");
  EXPECT_EQ(filled.tables.TakePending().size(), 2u);
  EXPECT_TRUE(filled.tables.TakePending().empty());
}

TEST(Tables, TheSameHashWithAnotherSizeIsAnotherContent) {
  Tables tables(7);
  const ContentId one = tables.ContentOf(Sha256Of("x"), 1);
  EXPECT_NE(tables.ContentOf(Sha256Of("x"), 2), one);
  EXPECT_EQ(tables.ContentOf(Sha256Of("x"), 1), one);
}

TEST(Tables, DamagedRowsAreRefused) {
  Filled filled;
  Rows rows;
  Apply(filled.tables, rows);
  for (const auto& [key, row] : rows) {
    if (key.first == static_cast<std::uint8_t>(HostTable::kSnapshot)) continue;  // any text
    for (const std::string& bad :
         {std::string(), row.substr(0, row.size() - 1), row + "x", std::string(8, '\xff') + row}) {
      Rows damaged = rows;
      damaged[key] = bad;
      Tables loaded(7);
      EXPECT_FALSE(LoadInto(loaded, damaged).ok()) << int{key.first} << " " << key.second;
    }
  }
}

TEST(Tables, MissingRowsAreNoticed) {
  Filled filled;
  Rows rows;
  Apply(filled.tables, rows);
  for (const HostTable table : {HostTable::kName, HostTable::kContent, HostTable::kPerson}) {
    Rows less = rows;
    less.erase({static_cast<std::uint8_t>(table), 1});
    Tables loaded(7);
    EXPECT_FALSE(LoadInto(loaded, less).ok()) << static_cast<int>(table);
  }
}

}  // namespace
}  // namespace kinfolder
