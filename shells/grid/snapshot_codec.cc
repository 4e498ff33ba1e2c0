#include "shells/grid/snapshot_codec.h"

#include "core/base/check.h"
#include "shells/grid/encoding.h"
#include "shells/grid/json_text.h"
#include "shells/grid/mangling.h"

namespace kinfolder {
namespace {

constexpr int kSnapshotVersion = 1;

struct KindName {
  SnapshotKind kind;
  const char* name;
};
constexpr KindName kKindNames[] = {
    {SnapshotKind::kFile, "file"},
    {SnapshotKind::kLink, "link"},
    {SnapshotKind::kDirectory, "directory"},
    {SnapshotKind::kDeleted, "deleted"},
};

Error Bad(const char* text) { return MakeError(ErrorKind::kInvalid, text); }

const char* NameOf(SnapshotKind kind) {
  for (const KindName& entry : kKindNames) {
    if (entry.kind == kind) return entry.name;
  }
  CHECK(false);
}

Status CheckWritable(const SnapshotMetadata& metadata) {
  if (Status status = CheckWirePath(metadata.relpath); !status.ok()) return status;
  for (const Cap& parent : metadata.parents) {
    if (!IsValidUtf8(parent)) return Bad("a parent's capability is not UTF-8");
  }
  if (!metadata.has_extras || !metadata.extras.moved_from.has_value()) return {};
  const MovedFrom& moved_from = *metadata.extras.moved_from;
  if (!IsValidUtf8(moved_from.cap)) return Bad("the moved snapshot's capability is not UTF-8");
  return CheckWirePath(moved_from.path);
}

void AppendExtras(const SnapshotExtras& extras, std::string& out) {
  AppendJsonName(out, "kinfolder");
  out += '{';
  AppendJsonName(out, "sha256");
  AppendJsonString(out, HexEncode(DigestBytes(extras.sha256)));
  AppendJsonName(out, "size");
  out += std::to_string(extras.size);
  AppendJsonName(out, "kind");
  AppendJsonString(out, NameOf(extras.kind));
  AppendJsonName(out, "exec");
  out += extras.exec ? "true" : "false";
  AppendJsonName(out, "mtime_ns");
  out += std::to_string(extras.mtime_ns);
  AppendJsonName(out, "created");
  out += std::to_string(extras.created_ns);
  AppendJsonName(out, "generation");
  out += std::to_string(extras.generation);
  if (extras.moved_from.has_value()) {
    AppendJsonName(out, "moved_from");
    out += '{';
    AppendJsonName(out, "path");
    AppendJsonString(out, extras.moved_from->path);
    AppendJsonName(out, "cap");
    AppendJsonString(out, extras.moved_from->cap);
    out += '}';
  }
  if (extras.approved) {
    AppendJsonName(out, "approved");
    out += "true";
  }
  out += '}';
}

Status DecodeAuthor(const nlohmann::json& object, SnapshotMetadata& metadata) {
  const nlohmann::json* author = JsonObject(object, "author");
  if (author == nullptr || author->size() != 2) return Bad("the snapshot has no proper author");
  const std::string* name = JsonString(*author, "name");
  const std::string* key = JsonString(*author, "verify_key");
  if (name == nullptr || key == nullptr) return Bad("the snapshot has no proper author");
  Result<std::string> composed = ToNfc(*name);
  if (!composed.ok()) return composed.error();
  Result<PublicKey> decoded = PublicKeyFromText(*key);
  if (!decoded.ok()) return decoded.error();
  metadata.author_name = std::move(composed).value();
  metadata.author_key = decoded.value();
  return {};
}

Status DecodeParents(const nlohmann::json& object, std::vector<Cap>& parents) {
  const nlohmann::json* list = JsonArray(object, "parents");
  if (list == nullptr) return Bad("the snapshot has no list of parents");
  for (const nlohmann::json& item : *list) {
    const auto* cap = item.get_ptr<const std::string*>();
    if (cap == nullptr || cap->empty()) return Bad("a parent of the snapshot is no capability");
    parents.push_back(*cap);
  }
  return {};
}

Status DecodeMovedFrom(const nlohmann::json& object, SnapshotExtras& extras) {
  if (!object.contains("moved_from")) return {};
  const nlohmann::json* moved = JsonObject(object, "moved_from");
  const std::string* path = moved == nullptr ? nullptr : JsonString(*moved, "path");
  const std::string* cap = moved == nullptr ? nullptr : JsonString(*moved, "cap");
  if (path == nullptr || cap == nullptr || !CheckWirePath(*path).ok()) {
    return Bad("the snapshot's moved_from is malformed");
  }
  extras.moved_from = MovedFrom{*path, *cap};
  return {};
}

Status DecodeKind(const nlohmann::json& object, SnapshotExtras& extras) {
  const std::string* text = JsonString(object, "kind");
  for (const KindName& entry : kKindNames) {
    if (text == nullptr || *text != entry.name) continue;
    extras.kind = entry.kind;
    return {};
  }
  return Bad("the snapshot is of an unknown kind; a newer program may know it");
}

Status DecodeExtras(const nlohmann::json& object, SnapshotMetadata& metadata) {
  if (!object.contains("kinfolder")) return {};
  const nlohmann::json* part = JsonObject(object, "kinfolder");
  if (part == nullptr) return Bad("the snapshot's kinfolder part is malformed");
  const std::string* sha256 = JsonString(*part, "sha256");
  const auto size = JsonUnsigned(*part, "size");
  const auto exec = JsonBool(*part, "exec");
  const auto mtime_ns = JsonInteger(*part, "mtime_ns");
  const auto created_ns = JsonInteger(*part, "created");
  const auto generation = JsonUnsigned(*part, "generation");
  if (sha256 == nullptr || !size || !exec || !mtime_ns || !created_ns || !generation) {
    return Bad("the snapshot's kinfolder part is malformed");
  }
  const Result<std::string> raw = HexDecode(*sha256);
  if (!raw.ok()) return raw.error();
  const Result<Digest> digest = DigestFromBytes(raw.value());
  if (!digest.ok()) return digest.error();
  SnapshotExtras& extras = metadata.extras;
  extras.sha256 = digest.value();
  extras.size = *size;
  extras.exec = *exec;
  extras.mtime_ns = *mtime_ns;
  extras.created_ns = *created_ns;
  extras.generation = *generation;
  extras.approved = JsonBool(*part, "approved").value_or(false);
  if (Status status = DecodeKind(*part, extras); !status.ok()) return status;
  if (Status status = DecodeMovedFrom(*part, extras); !status.ok()) return status;
  metadata.has_extras = true;
  return {};
}

}  // namespace

Result<std::string> EncodeMetadata(const SnapshotMetadata& metadata) {
  if (Status status = CheckWritable(metadata); !status.ok()) return status.error();
  const Result<std::string> author_name = ToNfc(metadata.author_name);
  if (!author_name.ok()) return author_name.error();
  std::string out = "{";
  AppendJsonName(out, "snapshot_version");
  out += std::to_string(kSnapshotVersion);
  AppendJsonName(out, "relpath");
  AppendJsonString(out, metadata.relpath);
  AppendJsonName(out, "author");
  out += '{';
  AppendJsonName(out, "name");
  AppendJsonString(out, author_name.value());
  AppendJsonName(out, "verify_key");
  AppendJsonString(out, PublicKeyToText(metadata.author_key));
  out += '}';
  AppendJsonName(out, "modification_time");
  out += std::to_string(metadata.modification_time_s);
  AppendJsonName(out, "parents");
  out += '[';
  for (std::size_t i = 0; i < metadata.parents.size(); ++i) {
    if (i > 0) out += ", ";
    AppendJsonString(out, metadata.parents[i]);
  }
  out += ']';
  if (metadata.has_extras) AppendExtras(metadata.extras, out);
  out += '}';
  if (out.size() > kMaxMetadataBytes) {
    return MakeError(ErrorKind::kTooLarge, "the snapshot has too many parents to be stored");
  }
  return out;
}

Result<SnapshotMetadata> DecodeMetadata(std::string_view bytes) {
  const auto parsed = ParseJsonObject(bytes, kMaxMetadataBytes, "the snapshot's metadata");
  if (!parsed.ok()) return parsed.error();
  const nlohmann::json& object = parsed.value();
  const auto version = JsonUnsigned(object, "snapshot_version");
  if (!version) return Bad("the snapshot has no version");
  if (*version != kSnapshotVersion) {
    return MakeError(ErrorKind::kVersion, "the snapshot is of an unknown version");
  }
  SnapshotMetadata metadata;
  const std::string* relpath = JsonString(object, "relpath");
  if (relpath == nullptr) return Bad("the snapshot has no path");
  if (const auto path = ToWirePath(*relpath); !path.ok()) return path.error();
  metadata.relpath = *relpath;
  const auto modification_time = JsonInteger(object, "modification_time");
  if (!modification_time) return Bad("the snapshot has no proper modification time");
  metadata.modification_time_s = *modification_time;
  if (Status status = DecodeAuthor(object, metadata); !status.ok()) return status.error();
  if (Status status = DecodeParents(object, metadata.parents); !status.ok()) return status.error();
  if (Status status = DecodeExtras(object, metadata); !status.ok()) return status.error();
  return metadata;
}

std::string SnapshotSignedBytes(std::string_view content_cap, std::string_view metadata_cap,
                                std::string_view relpath) {
  CHECK(content_cap.find('\n') == std::string_view::npos);
  CHECK(metadata_cap.find('\n') == std::string_view::npos);
  std::string bytes = "magic-folder-snapshot-v1\n";
  for (std::string_view line : {content_cap, metadata_cap, relpath}) {
    bytes += line;
    bytes += '\n';
  }
  return bytes;
}

Signature SignSnapshot(const SigningKey& key, std::string_view content_cap,
                       std::string_view metadata_cap, std::string_view relpath) {
  return key.Sign(SnapshotSignedBytes(content_cap, metadata_cap, relpath));
}

bool VerifySnapshot(const SnapshotMetadata& metadata, std::string_view content_cap,
                    std::string_view metadata_cap, const Signature& signature) {
  for (std::string_view cap : {content_cap, metadata_cap}) {
    if (cap.find('\n') != std::string_view::npos) return false;
  }
  return VerifySignature(metadata.author_key,
                         SnapshotSignedBytes(content_cap, metadata_cap, metadata.relpath),
                         signature);
}

}  // namespace kinfolder
