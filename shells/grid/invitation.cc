#include "shells/grid/invitation.h"

#include "core/base/check.h"
#include "shells/grid/encoding.h"
#include "shells/grid/hash.h"
#include "shells/grid/json_text.h"
#include "shells/grid/mangling.h"

namespace kinfolder {
namespace {

constexpr std::size_t kMaxInvitationBytes = 64 * 1024;
constexpr std::size_t kChecksumBytes = 4;

Error Bad(const char* text) { return MakeError(ErrorKind::kInvalid, text); }

std::string ChecksumOf(std::string_view bytes) {
  return std::string(DigestBytes(Sha256Of(bytes)).substr(0, kChecksumBytes));
}

void AppendMember(std::string_view name, std::string_view text, std::string& out) {
  AppendJsonName(out, name);
  AppendJsonString(out, text);
}

Status CheckVersion(const nlohmann::json& object, const char* newer) {
  const auto version = JsonUnsigned(object, "v");
  if (!version) return Bad("the text says no version");
  if (*version != 1) return MakeError(ErrorKind::kVersion, newer);
  return {};
}

Result<Invitation> InvitationFromJson(const nlohmann::json& object) {
  Invitation invitation;
  for (auto [name, text] : {std::pair{"store", &invitation.store_hint},
                            std::pair{"collective", &invitation.collective_read_cap},
                            std::pair{"inbox", &invitation.inbox_write_cap},
                            std::pair{"folder", &invitation.folder_name},
                            std::pair{"name", &invitation.participant_name}}) {
    const std::string* value = JsonString(object, name);
    if (value == nullptr) return Bad("the invitation is incomplete; ask for a new one");
    *text = *value;
  }
  const std::string* key = JsonString(object, "admin");
  const auto read_only = JsonBool(object, "read_only");
  const auto expires = JsonInteger(object, "expires");
  if (key == nullptr || !read_only || !expires) {
    return Bad("the invitation is incomplete; ask for a new one");
  }
  const Result<PublicKey> admin_key = PublicKeyFromText(*key);
  if (!admin_key.ok()) return admin_key.error();
  Status status = CheckParticipantName(invitation.participant_name);
  if (!status.ok()) return status.error();
  invitation.admin_key = admin_key.value();
  invitation.read_only = *read_only;
  invitation.expires_s = *expires;
  return invitation;
}

// The name is last, and what is before it has no LF, so no two answers have the same text.
std::string AnswerText(std::string_view inbox_write_cap, std::string_view dmd_read_cap,
                       const PublicKey& key, std::string_view name) {
  std::string text = "kinfolder-join-v1\n";
  text += std::string(inbox_write_cap) + '\n';
  text += std::string(dmd_read_cap) + '\n';
  text += PublicKeyToText(key) + '\n';
  return text + std::string(name) + '\n';
}

bool HasLineFeed(std::string_view text) { return text.find('\n') != std::string_view::npos; }

}  // namespace

std::string EncodeInvitation(const Invitation& invitation) {
  CHECK(CheckParticipantName(invitation.participant_name).ok());
  std::string json = R"({"v": 1)";
  AppendMember("store", invitation.store_hint, json);
  AppendMember("collective", invitation.collective_read_cap, json);
  AppendMember("inbox", invitation.inbox_write_cap, json);
  AppendMember("admin", PublicKeyToText(invitation.admin_key), json);
  AppendMember("folder", invitation.folder_name, json);
  AppendMember("name", invitation.participant_name, json);
  AppendJsonName(json, "read_only");
  json += invitation.read_only ? "true" : "false";
  AppendJsonName(json, "expires");
  json += std::to_string(invitation.expires_s) + '}';
  return std::string(kInvitationPrefix) + Base64UrlEncode(json + ChecksumOf(json));
}

Result<Invitation> DecodeInvitation(std::string_view text) {
  if (text.size() > 2 * kMaxInvitationBytes) return Bad("the text is too long for an invitation");
  std::string line;
  for (char c : text) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') line.push_back(c);
  }
  if (!line.starts_with(kInvitationPrefix)) {
    return Bad("the text is no invitation; it must begin with 'kinfolder-invite:'");
  }
  const auto decoded = Base64UrlDecode(std::string_view(line).substr(kInvitationPrefix.size()));
  if (!decoded.ok() || decoded.value().size() < kChecksumBytes) {
    return Bad("the invitation is damaged; copy the whole of it");
  }
  const std::string_view all = decoded.value();
  const std::string_view json = all.substr(0, all.size() - kChecksumBytes);
  if (ChecksumOf(json) != all.substr(json.size())) {
    return Bad("the invitation is damaged; copy the whole of it");
  }
  const auto object = ParseJsonObject(json, kMaxInvitationBytes, "the invitation");
  if (!object.ok()) return object.error();
  Status status = CheckVersion(object.value(), "the invitation needs a newer program; update");
  if (!status.ok()) return status.error();
  return InvitationFromJson(object.value());
}

bool IsExpired(const Invitation& invitation, std::int64_t now_s) {
  return now_s >= invitation.expires_s;
}

JoinAnswer MakeJoinAnswer(const SigningKey& key, std::string_view inbox_write_cap,
                          std::string_view dmd_read_cap, std::string_view name) {
  CHECK(!HasLineFeed(inbox_write_cap) && !HasLineFeed(dmd_read_cap));
  CHECK(CheckParticipantName(name).ok());
  JoinAnswer answer;
  answer.dmd_read_cap = dmd_read_cap;
  answer.key = key.public_key();
  answer.name = name;
  answer.signature = key.Sign(AnswerText(inbox_write_cap, dmd_read_cap, answer.key, name));
  return answer;
}

bool VerifyJoinAnswer(const JoinAnswer& answer, std::string_view inbox_write_cap) {
  if (HasLineFeed(inbox_write_cap) || HasLineFeed(answer.dmd_read_cap)) return false;
  return VerifySignature(answer.key,
                         AnswerText(inbox_write_cap, answer.dmd_read_cap, answer.key, answer.name),
                         answer.signature);
}

std::string EncodeJoinAnswer(const JoinAnswer& answer) {
  std::string json = R"({"v": 1)";
  AppendMember("personal", answer.dmd_read_cap, json);
  AppendMember("verify_key", PublicKeyToText(answer.key), json);
  AppendMember("name", answer.name, json);
  AppendMember("signature", SignatureToText(answer.signature), json);
  return json + '}';
}

Result<JoinAnswer> DecodeJoinAnswer(std::string_view bytes) {
  const auto object = ParseJsonObject(bytes, kMaxInvitationBytes, "the answer to an invitation");
  if (!object.ok()) return object.error();
  Status status = CheckVersion(object.value(), "the answer is by a newer program; update");
  if (!status.ok()) return status.error();
  const std::string* personal = JsonString(object.value(), "personal");
  const std::string* key = JsonString(object.value(), "verify_key");
  const std::string* name = JsonString(object.value(), "name");
  const std::string* signature = JsonString(object.value(), "signature");
  if (personal == nullptr || key == nullptr || name == nullptr || signature == nullptr) {
    return Bad("the answer to an invitation is incomplete");
  }
  const Result<PublicKey> decoded_key = PublicKeyFromText(*key);
  if (!decoded_key.ok()) return decoded_key.error();
  const Result<Signature> decoded_signature = SignatureFromText(*signature);
  if (!decoded_signature.ok()) return decoded_signature.error();
  if (status = CheckParticipantName(*name); !status.ok()) return status.error();
  return JoinAnswer{*personal, decoded_key.value(), *name, decoded_signature.value()};
}

}  // namespace kinfolder
