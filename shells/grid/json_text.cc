#include "shells/grid/json_text.h"

#include <utf8proc.h>

#include <cmath>
#include <cstdio>
#include <limits>

#include "core/base/check.h"

namespace kinfolder {
namespace {

void AppendEscaped(std::string& out, unsigned unit) {
  char buffer[8];
  std::snprintf(buffer, sizeof buffer, "\\u%04x", unit & 0xffffu);
  out += buffer;
}

void AppendCodePoint(std::string& out, std::uint32_t code_point) {
  switch (code_point) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  if (code_point >= 0x20 && code_point < 0x7f) {
    out.push_back(static_cast<char>(code_point));
  } else if (code_point < 0x10000) {
    AppendEscaped(out, code_point);
  } else {
    AppendEscaped(out, 0xd800 + ((code_point - 0x10000) >> 10));
    AppendEscaped(out, 0xdc00 + ((code_point - 0x10000) & 0x3ff));
  }
}

// Looks at brackets outside strings only; what is no JSON is left to the parser to refuse.
bool IsTooDeep(std::string_view bytes, int max_depth) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

const nlohmann::json* Member(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out.push_back('"');
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    if (data[i] < 0x80) {
      AppendCodePoint(out, data[i++]);
      continue;
    }
    utf8proc_int32_t code_point;
    const utf8proc_ssize_t step =
        utf8proc_iterate(data + i, static_cast<utf8proc_ssize_t>(text.size() - i), &code_point);
    CHECK(step > 0);
    AppendCodePoint(out, static_cast<std::uint32_t>(code_point));
    i += static_cast<std::size_t>(step);
  }
  out.push_back('"');
}

void AppendJsonName(std::string& out, std::string_view name) {
  if (!out.ends_with('{')) out += ", ";
  AppendJsonString(out, name);
  out += ": ";
}

Result<nlohmann::json> ParseJsonObject(std::string_view bytes, std::size_t max_bytes,
                                       const char* what, int max_depth) {
  if (bytes.size() > max_bytes) {
    return MakeError(ErrorKind::kTooLarge, std::string(what) + " is larger than any may be");
  }
  if (IsTooDeep(bytes, max_depth)) {
    return MakeError(ErrorKind::kInvalid, std::string(what) + " nests too deeply");
  }
  nlohmann::json object = nlohmann::json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return MakeError(ErrorKind::kInvalid, std::string(what) + " is not a JSON object");
  }
  return object;
}

const std::string* JsonString(const nlohmann::json& object, const char* name) {
  const nlohmann::json* member = Member(object, name);
  return member == nullptr ? nullptr : member->get_ptr<const std::string*>();
}

const nlohmann::json* JsonObject(const nlohmann::json& object, const char* name) {
  const nlohmann::json* member = Member(object, name);
  return member != nullptr && member->is_object() ? member : nullptr;
}

const nlohmann::json* JsonArray(const nlohmann::json& object, const char* name) {
  const nlohmann::json* member = Member(object, name);
  return member != nullptr && member->is_array() ? member : nullptr;
}

std::optional<bool> JsonBool(const nlohmann::json& object, const char* name) {
  const nlohmann::json* member = Member(object, name);
  if (member == nullptr || !member->is_boolean()) return std::nullopt;
  return *member->get_ptr<const bool*>();
}

std::optional<std::uint64_t> JsonUnsigned(const nlohmann::json& object, const char* name) {
  const nlohmann::json* member = Member(object, name);
  if (member == nullptr || !member->is_number_unsigned()) return std::nullopt;
  return *member->get_ptr<const std::uint64_t*>();
}

std::optional<std::int64_t> JsonInteger(const nlohmann::json& object, const char* name) {
  const nlohmann::json* member = Member(object, name);
  if (member == nullptr) return std::nullopt;
  if (member->is_number_unsigned()) {
    const std::uint64_t value = *member->get_ptr<const std::uint64_t*>();
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return std::nullopt;
    }
    return static_cast<std::int64_t>(value);
  }
  if (member->is_number_integer()) return *member->get_ptr<const std::int64_t*>();
  if (!member->is_number_float()) return std::nullopt;
  const double value = std::floor(*member->get_ptr<const double*>());
  if (!(value >= -9e18 && value <= 9e18)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace kinfolder
