#include "shells/grid/records.h"

#include <gtest/gtest.h>

namespace kinfolder {
namespace {

TEST(RecordsTest, OwnRecord) {
  OwnRecord record;
  EXPECT_EQ(EncodeOwnRecord(record), R"({"version": 1})");
  EXPECT_EQ(DecodeOwnRecord(R"({"version": 1})").value(), record);
  record.verify_key = SigningKey::Generate().public_key();
  record.name = "Zo\xc3\xab";
  EXPECT_EQ(DecodeOwnRecord(EncodeOwnRecord(record)).value(), record);
}

TEST(RecordsTest, CollectiveRecord) {
  CollectiveRecord record;
  EXPECT_EQ(EncodeCollectiveRecord(record), R"({"version": 1})");
  EXPECT_EQ(DecodeCollectiveRecord(R"({"version": 1})").value(), record);
  record.folder = "photos";
  record.admin = "alice";
  record.participants["alice"].verify_key = SigningKey::Generate().public_key();
  record.participants["bob"] = {SigningKey::Generate().public_key(), true, false, "cap:bob"};
  record.participants["carol"].read_only = true;
  EXPECT_EQ(DecodeCollectiveRecord(EncodeCollectiveRecord(record)).value(), record);
}

TEST(RecordsTest, RefusesMalformedRecords) {
  for (const char* text :
       {"", "[]", "{}", R"({"version": "1"})", R"({"version": 1, "kinfolder": 1})",
        R"({"version": 1, "kinfolder": {"name": 1, "admin": 1}})",
        R"({"version": 1, "kinfolder": {"verify_key": "AAAA", "folder": 1}})",
        R"({"version": 1, "kinfolder": {"verify_key": 1, "participants": []}})"}) {
    EXPECT_EQ(DecodeOwnRecord(text).error().kind, ErrorKind::kInvalid) << text;
    EXPECT_EQ(DecodeCollectiveRecord(text).error().kind, ErrorKind::kInvalid) << text;
  }
  for (const char* participants :
       {R"({"a": 1})", R"({"a/b": {}})", R"({"": {}})", R"({"a": {"retired": 1}})",
        R"({"a": {"verify_key": "x"}})", R"({"a": {"read_cap": []}})"}) {
    const std::string text =
        std::string(R"({"version": 1, "kinfolder": {"participants": )") + participants + "}}";
    EXPECT_EQ(DecodeCollectiveRecord(text).error().kind, ErrorKind::kInvalid) << text;
  }
  EXPECT_EQ(DecodeOwnRecord(R"({"version": 2})").error().kind, ErrorKind::kVersion);
  EXPECT_EQ(DecodeCollectiveRecord(R"({"version": 2})").error().kind, ErrorKind::kVersion);
  EXPECT_EQ(DecodeOwnRecord(std::string(kMaxRecordBytes + 1, ' ')).error().kind,
            ErrorKind::kTooLarge);
}

}  // namespace
}  // namespace kinfolder
