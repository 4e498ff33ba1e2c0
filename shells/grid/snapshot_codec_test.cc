#include "shells/grid/snapshot_codec.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "shells/grid/encoding.h"
#include "shells/grid/mangling.h"
#include "shells/grid/testdata_for_test.h"

namespace kinfolder {
namespace {

using nlohmann::json;

std::string FromBase64(const json& text) { return Base64Decode(text.get<std::string>()).value(); }

SigningKey KeyOf(const std::string& author) {
  const nlohmann::json keys = ReadTestdata("keys.json").at("keys");
  for (const nlohmann::json& item : keys) {
    if (item.at("author_name_given") != author && item.at("author_name_in_metadata") != author) {
      continue;
    }
    return SigningKey::FromSeed(HexDecode(item.at("seed_hex").get<std::string>()).value()).value();
  }
  throw std::runtime_error("no key of " + author);
}

std::string CapOrEmpty(const json& cap) { return cap.is_null() ? "" : cap.get<std::string>(); }

SnapshotMetadata MetadataOf(const json& item) {
  const json& input = item.at("input");
  SnapshotMetadata metadata;
  metadata.relpath = HexDecode(input.at("relpath_utf8_hex").get<std::string>()).value();
  metadata.author_name = input.at("author");
  metadata.author_key = KeyOf(input.at("author")).public_key();
  metadata.modification_time_s = input.at("mtime");
  // A parent that was local when the input was given has its capability only in what was stored.
  const json stored = json::parse(FromBase64(item.at("metadata_json_b64")));
  metadata.parents = stored.at("parents").get<std::vector<Cap>>();
  return metadata;
}

TEST(SnapshotCodecTest, GoldenMetadataAndSignatures) {
  int count = 0;
  const nlohmann::json cases = ReadTestdata("snapshots.json").at("cases");
  for (const nlohmann::json& item : cases) {
    SCOPED_TRACE(item.at("id").get<std::string>());
    ++count;
    const std::string bytes = FromBase64(item.at("metadata_json_b64"));
    SnapshotMetadata expected = MetadataOf(item);
    const auto encoded = EncodeMetadata(expected);
    if (CheckWirePath(expected.relpath).ok()) {
      EXPECT_EQ(encoded.value(), bytes);
    } else {
      EXPECT_FALSE(encoded.ok());  // Not in NFC: read from others, never written.
    }
    expected.author_name = ToNfc(expected.author_name).value();
    const auto decoded = DecodeMetadata(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.error().text;
    EXPECT_EQ(decoded.value(), expected);

    const std::string content = CapOrEmpty(item.at("content_cap"));
    const std::string metadata_cap = item.at("metadata_cap");
    EXPECT_EQ(SnapshotSignedBytes(content, metadata_cap, expected.relpath),
              FromBase64(item.at("signed_bytes_b64")));
    const Signature signature =
        SignatureFromText(item.at("signature_b64").get<std::string>()).value();
    EXPECT_EQ(SignSnapshot(KeyOf(expected.author_name), content, metadata_cap, expected.relpath),
              signature);
    EXPECT_TRUE(VerifySnapshot(decoded.value(), content, metadata_cap, signature));
    EXPECT_FALSE(VerifySnapshot(decoded.value(), content + "x", metadata_cap, signature));
    EXPECT_FALSE(VerifySnapshot(decoded.value(), content, metadata_cap + "x", signature));
  }
  EXPECT_EQ(count, 19);
}

TEST(SnapshotCodecTest, GoldenDirectories) {
  const nlohmann::json cases = ReadTestdata("snapshots.json").at("cases");
  for (const nlohmann::json& item : cases) {
    SCOPED_TRACE(item.at("id").get<std::string>());
    SnapshotParts parts;
    if (!item.at("content_cap").is_null()) parts.content = item.at("content_cap");
    parts.metadata = item.at("metadata_cap");
    parts.signature = SignatureFromText(item.at("signature_b64").get<std::string>()).value();
    const json body = json::parse(FromBase64(item.at("mkdir_immutable_body_b64")));
    parts.mtime_s = body["content"][1]["metadata"]["mtime"];
    parts.ctime_s = body["content"][1]["metadata"]["ctime"];
    const auto children = SnapshotDirectory(parts);
    ASSERT_EQ(children.size(), 2u);
    for (const DirectoryChild& child : children) {
      const json& expected = body.at(child.name).at(1);
      EXPECT_EQ(json::parse(child.metadata_json), expected.at("metadata"));
      EXPECT_EQ(child.cap.value_or(""), CapOrEmpty(expected.at("ro_uri")));
    }
    EXPECT_EQ(ParseSnapshotDirectory(children).value(), parts);
    EXPECT_EQ(ParseSnapshotDirectory({children[1], children[0]}).value(), parts);
  }
}

TEST(SnapshotCodecTest, RefusesOtherDirectories) {
  const auto good = SnapshotDirectory({"c", "m", {}, 1, 2});
  ASSERT_TRUE(ParseSnapshotDirectory(good).ok());
  EXPECT_FALSE(ParseSnapshotDirectory({}).ok());
  EXPECT_FALSE(ParseSnapshotDirectory({good[0]}).ok());
  EXPECT_FALSE(ParseSnapshotDirectory({good[0], good[0]}).ok());
  EXPECT_FALSE(ParseSnapshotDirectory({good[0], good[1], {"x", "y", "{}"}}).ok());
  for (const char* entry : {"", "{", R"({"magic_folder":1})", R"({"magic_folder":{}})",
                            R"({"magic_folder":{"author_signature":"AAAA"}})"}) {
    EXPECT_FALSE(ParseSnapshotDirectory({good[0], {"metadata", "m", entry}}).ok()) << entry;
  }
  EXPECT_FALSE(
      ParseSnapshotDirectory({good[0], {"metadata", std::nullopt, good[1].metadata_json}}).ok());
}

SnapshotMetadata FullMetadata() {
  SnapshotMetadata metadata;
  metadata.relpath = "a/b";
  metadata.author_name = "alice";
  metadata.author_key = KeyOf("alice").public_key();
  metadata.modification_time_s = -5;
  metadata.parents = {"p1", "p2"};
  metadata.has_extras = true;
  metadata.extras.sha256 = Sha256Of("x");
  metadata.extras.size = std::numeric_limits<std::uint64_t>::max();
  metadata.extras.kind = SnapshotKind::kLink;
  metadata.extras.exec = true;
  metadata.extras.mtime_ns = std::numeric_limits<std::int64_t>::min();
  metadata.extras.created_ns = std::numeric_limits<std::int64_t>::max();
  metadata.extras.generation = 7;
  metadata.extras.moved_from = MovedFrom{"old/\xc3\xa9", "cap"};
  metadata.extras.approved = true;
  return metadata;
}

TEST(SnapshotCodecTest, ExtrasComeBack) {
  SnapshotMetadata metadata = FullMetadata();
  EXPECT_EQ(DecodeMetadata(EncodeMetadata(metadata).value()).value(), metadata);
  for (SnapshotKind kind : {SnapshotKind::kFile, SnapshotKind::kLink, SnapshotKind::kDirectory,
                            SnapshotKind::kDeleted}) {
    metadata.extras = {};
    metadata.extras.kind = kind;
    const std::string bytes = EncodeMetadata(metadata).value();
    EXPECT_EQ(DecodeMetadata(bytes).value(), metadata);
    EXPECT_EQ(bytes.find("approved"), std::string::npos);
    EXPECT_EQ(bytes.find("moved_from"), std::string::npos);
  }
}

TEST(SnapshotCodecTest, WritesOnlyWhatMayTravel) {
  for (const char* path : {"", "../x", "/etc/x", "e\xcc\x81", "\xff"}) {
    SnapshotMetadata metadata = FullMetadata();
    metadata.relpath = path;
    EXPECT_FALSE(EncodeMetadata(metadata).ok()) << path;
    metadata = FullMetadata();
    metadata.extras.moved_from->path = path;
    EXPECT_FALSE(EncodeMetadata(metadata).ok()) << path;
  }
  SnapshotMetadata metadata = FullMetadata();
  metadata.author_name = "\xff";
  EXPECT_FALSE(EncodeMetadata(metadata).ok());
  metadata = FullMetadata();
  metadata.parents.assign(100000, std::string(100, 'p'));
  EXPECT_EQ(EncodeMetadata(metadata).error().kind, ErrorKind::kTooLarge);
}

// Each case replaces or removes one member of good metadata.
TEST(SnapshotCodecTest, RefusesMalformedMetadata) {
  const json good = json::parse(EncodeMetadata(FullMetadata()).value());
  const auto refused = [&](const char* pointer, const json& value) {
    json changed = good;
    if (value.is_discarded()) {
      const json::json_pointer at(pointer);
      changed[at.parent_pointer()].erase(at.back());
    } else {
      changed[json::json_pointer(pointer)] = value;
    }
    return !DecodeMetadata(changed.dump()).ok();
  };
  const json removed(json::value_t::discarded);
  for (const char* pointer :
       {"/snapshot_version", "/relpath", "/author", "/author/name", "/author/verify_key",
        "/modification_time", "/parents", "/kinfolder/sha256", "/kinfolder/size", "/kinfolder/kind",
        "/kinfolder/exec", "/kinfolder/mtime_ns", "/kinfolder/created", "/kinfolder/generation",
        "/kinfolder/moved_from/path", "/kinfolder/moved_from/cap"}) {
    EXPECT_TRUE(refused(pointer, removed)) << pointer;
    EXPECT_TRUE(refused(pointer, nullptr)) << pointer;
    EXPECT_TRUE(refused(pointer, json::array({json::object()}))) << pointer;
  }
  EXPECT_TRUE(refused("/author/third", 1));
  EXPECT_TRUE(refused("/relpath", "../x"));
  EXPECT_TRUE(refused("/relpath", "/etc/x"));
  EXPECT_TRUE(refused("/modification_time", 1e300));
  EXPECT_TRUE(refused("/parents/0", ""));
  EXPECT_TRUE(refused("/kinfolder", 1));
  EXPECT_TRUE(refused("/kinfolder/kind", "socket"));
  EXPECT_TRUE(refused("/kinfolder/size", -1));
  EXPECT_TRUE(refused("/kinfolder/sha256", "00"));
  EXPECT_FALSE(refused("/something/else", 1));
  EXPECT_FALSE(refused("/modification_time", 0.75));
  json version = good;
  version["snapshot_version"] = 2;
  EXPECT_EQ(DecodeMetadata(version.dump()).error().kind, ErrorKind::kVersion);
}

TEST(SnapshotCodecTest, SurvivesDamage) {
  const std::string good = EncodeMetadata(FullMetadata()).value();
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = good;
    for (unsigned n = random() % 4 + 1; n > 0; --n) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    if (!DecodeMetadata(bytes).ok()) ++refused;
  }
  EXPECT_GT(refused, 10000);
  EXPECT_FALSE(DecodeMetadata(std::string(kMaxMetadataBytes, '[')).ok());
  EXPECT_EQ(DecodeMetadata(std::string(kMaxMetadataBytes + 1, ' ')).error().kind,
            ErrorKind::kTooLarge);
}

TEST(SnapshotCodecTest, NoLineFeedsInCapabilities) {
  const SigningKey key = KeyOf("alice");
  SnapshotMetadata metadata = FullMetadata();
  metadata.relpath = "b";
  const Signature signature = SignSnapshot(key, "x", "m", "a\nb");
  EXPECT_FALSE(VerifySnapshot(metadata, "x\nm", "a", signature));
}

}  // namespace
}  // namespace kinfolder
