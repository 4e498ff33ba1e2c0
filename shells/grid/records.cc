#include "shells/grid/records.h"

#include "core/base/check.h"
#include "shells/grid/json_text.h"
#include "shells/grid/mangling.h"

namespace kinfolder {
namespace {

constexpr std::string_view kStart = R"({"version": 1)";

Error Bad(const char* text) { return MakeError(ErrorKind::kInvalid, text); }

void AppendKey(const std::optional<PublicKey>& key, std::string& out) {
  if (!key.has_value()) return;
  AppendJsonName(out, "verify_key");
  AppendJsonString(out, PublicKeyToText(*key));
}

void AppendText(std::string_view name, std::string_view text, std::string& out) {
  if (text.empty()) return;
  AppendJsonName(out, name);
  AppendJsonString(out, text);
}

void AppendFlag(std::string_view name, bool value, std::string& out) {
  if (!value) return;
  AppendJsonName(out, name);
  out += "true";
}

Result<nlohmann::json> ParseRecord(std::string_view bytes) {
  Result<nlohmann::json> object = ParseJsonObject(bytes, kMaxRecordBytes, "the @metadata record");
  if (!object.ok()) return object;
  const auto version = JsonUnsigned(object.value(), "version");
  if (!version) return Bad("the @metadata record has no version");
  if (*version != 1) {
    return MakeError(ErrorKind::kVersion, "the @metadata record is of an unknown version");
  }
  return object;
}

// Of a member that may be missing but not of another type.
Status ReadText(const nlohmann::json& object, const char* name, std::string& text) {
  if (!object.contains(name)) return {};
  const std::string* value = JsonString(object, name);
  if (value == nullptr) return Bad("a text in the @metadata record is malformed");
  text = *value;
  return {};
}

Status ReadFlag(const nlohmann::json& object, const char* name, bool& flag) {
  if (!object.contains(name)) return {};
  const auto value = JsonBool(object, name);
  if (!value) return Bad("a flag in the @metadata record is malformed");
  flag = *value;
  return {};
}

Status ReadKey(const nlohmann::json& object, std::optional<PublicKey>& key) {
  std::string text;
  if (Status status = ReadText(object, "verify_key", text); !status.ok()) return status;
  if (text.empty()) return {};
  const Result<PublicKey> decoded = PublicKeyFromText(text);
  if (!decoded.ok()) return decoded.error();
  key = decoded.value();
  return {};
}

Result<ParticipantRecord> ReadParticipant(const nlohmann::json& object) {
  ParticipantRecord record;
  if (!object.is_object()) return Bad("a participant in the @metadata record is malformed");
  if (Status status = ReadKey(object, record.verify_key); !status.ok()) return status.error();
  for (auto [name, flag] :
       {std::pair{"retired", &record.retired}, std::pair{"read_only", &record.read_only}}) {
    if (Status status = ReadFlag(object, name, *flag); !status.ok()) return status.error();
  }
  Status status = ReadText(object, "read_cap", record.read_cap);
  if (!status.ok()) return status.error();
  return record;
}

Status ReadParticipants(const nlohmann::json& part, CollectiveRecord& record) {
  if (!part.contains("participants")) return {};
  const nlohmann::json* list = JsonObject(part, "participants");
  if (list == nullptr) return Bad("the participants in the @metadata record are malformed");
  for (const auto& [name, value] : list->items()) {
    if (Status status = CheckParticipantName(name); !status.ok()) return status;
    Result<ParticipantRecord> participant = ReadParticipant(value);
    if (!participant.ok()) return participant.error();
    record.participants[name] = std::move(participant).value();
  }
  return {};
}

}  // namespace

std::string EncodeOwnRecord(const OwnRecord& record) {
  std::string part = "{";
  AppendKey(record.verify_key, part);
  AppendText("name", record.name, part);
  std::string out(kStart);
  if (part != "{") {
    AppendJsonName(out, "kinfolder");
    out += part + '}';
  }
  return out + '}';
}

std::string EncodeCollectiveRecord(const CollectiveRecord& record) {
  std::string out(kStart);
  if (record == CollectiveRecord()) return out + '}';
  AppendJsonName(out, "kinfolder");
  out += '{';
  AppendText("folder", record.folder, out);
  AppendJsonName(out, "participants");
  out += '{';
  for (const auto& [name, participant] : record.participants) {
    CHECK(CheckParticipantName(name).ok());
    AppendJsonName(out, name);
    out += '{';
    AppendKey(participant.verify_key, out);
    AppendFlag("retired", participant.retired, out);
    AppendFlag("read_only", participant.read_only, out);
    AppendText("read_cap", participant.read_cap, out);
    out += '}';
  }
  out += '}';
  AppendText("admin", record.admin, out);
  return out + "}}";
}

Result<OwnRecord> DecodeOwnRecord(std::string_view bytes) {
  const auto object = ParseRecord(bytes);
  if (!object.ok()) return object.error();
  OwnRecord record;
  if (!object.value().contains("kinfolder")) return record;
  const nlohmann::json* part = JsonObject(object.value(), "kinfolder");
  if (part == nullptr) return Bad("the kinfolder part of the @metadata record is malformed");
  if (Status status = ReadKey(*part, record.verify_key); !status.ok()) return status.error();
  if (Status status = ReadText(*part, "name", record.name); !status.ok()) return status.error();
  return record;
}

Result<CollectiveRecord> DecodeCollectiveRecord(std::string_view bytes) {
  const auto object = ParseRecord(bytes);
  if (!object.ok()) return object.error();
  CollectiveRecord record;
  if (!object.value().contains("kinfolder")) return record;
  const nlohmann::json* part = JsonObject(object.value(), "kinfolder");
  if (part == nullptr) return Bad("the kinfolder part of the @metadata record is malformed");
  if (Status status = ReadText(*part, "folder", record.folder); !status.ok()) {
    return status.error();
  }
  if (Status status = ReadText(*part, "admin", record.admin); !status.ok()) return status.error();
  if (Status status = ReadParticipants(*part, record); !status.ok()) return status.error();
  return record;
}

}  // namespace kinfolder
