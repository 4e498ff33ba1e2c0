#include "shells/grid/directory.h"

#include <set>

#include "shells/grid/json_text.h"
#include "shells/grid/mangling.h"

namespace kinfolder {
namespace {

// {"children":[[name, capability or null, {metadata}], ...]}
constexpr std::size_t kMaxDirectoryBytes = 1024 * 1024;
constexpr int kLevelsAroundMetadata = 3;

Error Bad(const char* text) { return MakeError(ErrorKind::kInvalid, text); }

Status AppendChild(const DirectoryChild& child, std::string& out) {
  if (!IsValidUtf8(child.name)) return Bad("a child's name is not UTF-8");
  if (child.cap.has_value() && !IsValidUtf8(*child.cap)) return Bad("a capability is not UTF-8");
  const std::string metadata = child.metadata_json.empty() ? "{}" : child.metadata_json;
  const auto parsed = ParseJsonObject(metadata, kMaxDirectoryBytes, "a child's metadata",
                                      kMaxJsonDepth - kLevelsAroundMetadata);
  if (!parsed.ok()) return parsed.error();
  out.push_back('[');
  AppendJsonString(out, child.name);
  out.push_back(',');
  if (child.cap.has_value()) {
    AppendJsonString(out, *child.cap);
  } else {
    out += "null";
  }
  out.push_back(',');
  out += metadata;
  out.push_back(']');
  return {};
}

Result<DirectoryChild> DecodeChild(const nlohmann::json& item) {
  if (!item.is_array() || item.size() != 3) return Bad("a directory's child is malformed");
  const auto* name = item[0].get_ptr<const std::string*>();
  const auto* cap = item[1].get_ptr<const std::string*>();
  if (name == nullptr || (cap == nullptr && !item[1].is_null()) || !item[2].is_object()) {
    return Bad("a directory's child is malformed");
  }
  DirectoryChild child;
  child.name = *name;
  if (cap != nullptr) child.cap = *cap;
  child.metadata_json = item[2].dump();
  return child;
}

}  // namespace

Result<std::string> EncodeImmutableDirectory(const std::vector<DirectoryChild>& children) {
  std::string out = R"({"children":[)";
  std::set<std::string_view> names;
  for (const DirectoryChild& child : children) {
    if (!names.insert(child.name).second) return Bad("two children have the same name");
    if (names.size() > 1) out.push_back(',');
    if (Status status = AppendChild(child, out); !status.ok()) return status.error();
  }
  out += "]}";
  if (out.size() > kMaxDirectoryBytes) {
    return MakeError(ErrorKind::kTooLarge, "the directory is larger than any may be");
  }
  return out;
}

Result<std::vector<DirectoryChild>> DecodeImmutableDirectory(std::string_view bytes) {
  const auto object = ParseJsonObject(bytes, kMaxDirectoryBytes, "the directory");
  if (!object.ok()) return object.error();
  const nlohmann::json* list = JsonArray(object.value(), "children");
  if (list == nullptr) return Bad("the directory has no list of children");
  std::vector<DirectoryChild> children;
  std::set<std::string> names;
  for (const nlohmann::json& item : *list) {
    Result<DirectoryChild> child = DecodeChild(item);
    if (!child.ok()) return child.error();
    if (!names.insert(child.value().name).second) return Bad("two children have the same name");
    children.push_back(std::move(child).value());
  }
  return children;
}

}  // namespace kinfolder
