// The directory part of snapshot_codec.h.
#include "shells/grid/json_text.h"
#include "shells/grid/snapshot_codec.h"

namespace kinfolder {
namespace {

Error Bad(const char* text) { return MakeError(ErrorKind::kInvalid, text); }

Result<nlohmann::json> EntryMetadata(const DirectoryChild& child) {
  const std::string text = child.metadata_json.empty() ? "{}" : child.metadata_json;
  return ParseJsonObject(text, kMaxMetadataBytes, "a snapshot's entry");
}

Status ParseContent(const DirectoryChild& child, SnapshotParts& parts) {
  const auto entry = EntryMetadata(child);
  if (!entry.ok()) return entry.error();
  parts.content = child.cap;
  parts.mtime_s = JsonInteger(entry.value(), "mtime").value_or(0);
  parts.ctime_s = JsonInteger(entry.value(), "ctime").value_or(0);
  return {};
}

Status ParseMetadata(const DirectoryChild& child, SnapshotParts& parts) {
  if (!child.cap.has_value()) return Bad("the snapshot's metadata child names nothing");
  const auto entry = EntryMetadata(child);
  if (!entry.ok()) return entry.error();
  const nlohmann::json* part = JsonObject(entry.value(), "magic_folder");
  const std::string* text = part == nullptr ? nullptr : JsonString(*part, "author_signature");
  if (text == nullptr) return Bad("the snapshot is not signed");
  const Result<Signature> signature = SignatureFromText(*text);
  if (!signature.ok()) return signature.error();
  parts.metadata = *child.cap;
  parts.signature = signature.value();
  return {};
}

}  // namespace

std::vector<DirectoryChild> SnapshotDirectory(const SnapshotParts& parts) {
  std::string times = "{";
  AppendJsonName(times, "mtime");
  times += std::to_string(parts.mtime_s);
  AppendJsonName(times, "ctime");
  times += std::to_string(parts.ctime_s);
  times += '}';
  std::string signature = R"({"magic_folder": {"author_signature": )";
  AppendJsonString(signature, SignatureToText(parts.signature));
  signature += "}}";
  return {{"content", parts.content, times}, {"metadata", parts.metadata, signature}};
}

Result<SnapshotParts> ParseSnapshotDirectory(const std::vector<DirectoryChild>& children) {
  if (children.size() != 2) return Bad("the snapshot does not have exactly two children");
  const bool content_first = children[0].name == "content";
  const DirectoryChild& content = children[content_first ? 0 : 1];
  const DirectoryChild& metadata = children[content_first ? 1 : 0];
  if (content.name != "content" || metadata.name != "metadata") {
    return Bad("the snapshot's children are not 'content' and 'metadata'");
  }
  SnapshotParts parts;
  if (Status status = ParseContent(content, parts); !status.ok()) return status.error();
  if (Status status = ParseMetadata(metadata, parts); !status.ok()) return status.error();
  return parts;
}

}  // namespace kinfolder
