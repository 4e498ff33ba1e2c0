#include "shells/setup/folder_record.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "shells/grid/encoding.h"
#include "shells/grid/hash.h"

namespace kinfolder {
namespace {

using nlohmann::json;

constexpr int kRecordVersion = 1;

// Reads members of a record; remembers whether all were there and of the right type.
class Reader {
 public:
  explicit Reader(const json& object) : object_(object) {}

  std::string Text(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end() || !found->is_string()) {
      good_ = false;
      return "";
    }
    return found->get_ref<const std::string&>();
  }

  std::int64_t Number(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end() || !found->is_number_integer()) {
      good_ = false;
      return 0;
    }
    return found->get<std::int64_t>();
  }

  bool Flag(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end() || !found->is_boolean()) {
      good_ = false;
      return false;
    }
    return found->get<bool>();
  }

  bool good() const { return good_; }

 private:
  const json& object_;
  bool good_ = true;
};

json InvitationToJson(const OpenInvitation& invitation) {
  return {{"participant", invitation.participant},
          {"inbox_write_cap", invitation.inbox_write_cap},
          {"inbox_read_cap", invitation.inbox_read_cap},
          {"expires_s", invitation.expires_s},
          {"read_only", invitation.read_only}};
}

bool ReadInvitations(const json& object, FolderSetup& record) {
  const auto found = object.find("invitations");
  if (found == object.end() || !found->is_array()) return false;
  for (const json& element : *found) {
    if (!element.is_object()) return false;
    Reader reader(element);
    OpenInvitation invitation;
    invitation.participant = reader.Text("participant");
    invitation.inbox_write_cap = reader.Text("inbox_write_cap");
    invitation.inbox_read_cap = reader.Text("inbox_read_cap");
    invitation.expires_s = reader.Number("expires_s");
    invitation.read_only = reader.Flag("read_only");
    if (!reader.good()) return false;
    record.invitations.push_back(std::move(invitation));
  }
  return true;
}

bool ReadOptions(const json& object, FolderSetup& record) {
  const auto found = object.find("options");
  if (found == object.end() || !found->is_object()) return false;
  for (const auto& [name, value] : found->items()) {
    if (!value.is_string()) return false;
    record.options[name] = value.get_ref<const std::string&>();
  }
  return true;
}

bool ReadKeys(Reader& reader, FolderSetup& record) {
  const Result<std::string> seed = Base64Decode(reader.Text("key_seed"));
  const Result<PublicKey> admin = PublicKeyFromText(reader.Text("admin_key"));
  if (!seed.ok() || seed.value().size() != 32 || !admin.ok()) return false;
  record.key_seed = seed.value();
  record.admin_key = admin.value();
  return true;
}

bool ReadRecord(const json& object, FolderSetup& record) {
  Reader reader(object);
  const std::int64_t number = reader.Number("number");
  if (number < 1 || number > UINT32_MAX) return false;
  record.number = static_cast<std::uint32_t>(number);
  record.name = reader.Text("name");
  record.path = reader.Text("path");
  record.participant = reader.Text("participant");
  record.dmd_write_cap = reader.Text("dmd_write_cap");
  record.dmd_read_cap = reader.Text("dmd_read_cap");
  record.collective_read_cap = reader.Text("collective_read_cap");
  record.collective_write_cap = reader.Text("collective_write_cap");
  record.read_only = reader.Flag("read_only");
  return ReadKeys(reader, record) && ReadInvitations(object, record) &&
         ReadOptions(object, record) && reader.good() && !record.name.empty() &&
         !record.path.empty();
}

}  // namespace

std::string FolderId(const FolderSetup& record) {
  const Digest digest = Sha256Of("kinfolder folder id\n" + record.collective_read_cap);
  return HexEncode(DigestBytes(digest).substr(0, 16));
}

std::string EncodeFolderRecord(const FolderSetup& record) {
  json invitations = json::array();
  for (const OpenInvitation& invitation : record.invitations) {
    invitations.push_back(InvitationToJson(invitation));
  }
  const json object = {{"version", kRecordVersion},
                       {"number", record.number},
                       {"name", record.name},
                       {"path", record.path},
                       {"participant", record.participant},
                       {"key_seed", Base64Encode(record.key_seed)},
                       {"dmd_write_cap", record.dmd_write_cap},
                       {"dmd_read_cap", record.dmd_read_cap},
                       {"collective_read_cap", record.collective_read_cap},
                       {"collective_write_cap", record.collective_write_cap},
                       {"admin_key", PublicKeyToText(record.admin_key)},
                       {"read_only", record.read_only},
                       {"invitations", std::move(invitations)},
                       {"options", record.options}};
  return object.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

Result<FolderSetup> DecodeFolderRecord(std::string_view bytes, const std::string& what) {
  const json object = json::parse(bytes, nullptr, false);
  const Error damaged =
      MakeError(ErrorKind::kCorrupt, what + " is damaged; restore it from a backup");
  if (!object.is_object()) return damaged;
  Reader reader(object);
  const std::int64_t version = reader.Number("version");
  if (!reader.good()) return damaged;
  if (version > kRecordVersion) {
    return MakeError(ErrorKind::kVersion, what + " has format version " + std::to_string(version) +
                                              ", this program knows " +
                                              std::to_string(kRecordVersion) +
                                              "; install a newer kinfolder");
  }
  FolderSetup record;
  if (!ReadRecord(object, record)) return damaged;
  return record;
}

}  // namespace kinfolder
