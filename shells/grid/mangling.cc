#include "shells/grid/mangling.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

namespace kinfolder {
namespace {

Error Bad(std::string text) { return MakeError(ErrorKind::kInvalid, std::move(text)); }

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// `.`, `..`, empty and NUL, in each part.
Status CheckParts(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return Bad("the path contains a NUL");
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (part.empty()) return Bad("the path has an empty part, or is not relative");
    if (part == "." || part == "..") return Bad("the path has a part '.' or '..'");
    start = end + 1;
  }
  return {};
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    if (data[i] < 0x80) {
      ++i;
      continue;
    }
    utf8proc_int32_t code_point;
    const utf8proc_ssize_t step =
        utf8proc_iterate(data + i, static_cast<utf8proc_ssize_t>(text.size() - i), &code_point);
    if (step <= 0) return false;
    i += static_cast<std::size_t>(step);
  }
  return true;
}

Result<std::string> ToNfc(std::string_view text) {
  if (IsAscii(text)) return std::string(text);
  if (!IsValidUtf8(text)) return Bad("the name is not UTF-8");
  utf8proc_uint8_t* composed = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &composed,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (size < 0) return Bad(std::string("the name has no NFC form: ") + utf8proc_errmsg(size));
  std::string result(reinterpret_cast<const char*>(composed), static_cast<std::size_t>(size));
  std::free(composed);
  return result;
}

Status CheckWirePath(std::string_view path) {
  if (path.size() > kMaxWirePathBytes) {
    return MakeError(ErrorKind::kTooLarge, "the path is longer than 16 KiB");
  }
  if (Status status = CheckParts(path); !status.ok()) return status;
  const Result<std::string> composed = ToNfc(path);
  if (!composed.ok()) return composed.error();
  if (composed.value() != path) return Bad("the path is not in Unicode's NFC form");
  return {};
}

Result<std::string> ToWirePath(std::string_view path) {
  if (path.size() > kMaxWirePathBytes) {
    return MakeError(ErrorKind::kTooLarge, "the path is longer than 16 KiB");
  }
  Result<std::string> composed = ToNfc(path);
  if (!composed.ok()) return composed;
  if (Status status = CheckWirePath(composed.value()); !status.ok()) return status.error();
  return composed;
}

Status CheckParticipantName(std::string_view name) {
  if (name.size() > 64) return Bad("the participant's name is longer than 64 bytes");
  if (name.find('/') != std::string_view::npos) return Bad("the participant's name contains '/'");
  if (name.starts_with('@')) return Bad("the participant's name begins with '@'");
  for (unsigned char c : name) {
    if (c < 0x20 || c == 0x7f) return Bad("the participant's name has a control character");
  }
  return CheckWirePath(name);
}

std::string MangledName(std::string_view path) {
  std::string name;
  name.reserve(path.size() + 16);
  for (char c : path) {
    if (c == '@') {
      name += "@@";
    } else if (c == '/') {
      name += "@_";
    } else {
      name.push_back(c);
    }
  }
  return name;
}

Result<std::string> PathFromMangledName(std::string_view name) {
  if (name.size() > 2 * kMaxWirePathBytes) {
    return MakeError(ErrorKind::kTooLarge, "the name is longer than any path may be");
  }
  std::string path;
  path.reserve(name.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '@') {
      path.push_back(name[i]);
    } else if (i + 1 == name.size()) {
      path.push_back('@');  // A single one at the very end stands for itself.
    } else if (name[++i] == '@') {
      path.push_back('@');
    } else if (name[i] == '_') {
      path.push_back('/');
    } else {
      return Bad("the name has an unknown '@' escape");
    }
  }
  if (Status status = CheckWirePath(path); !status.ok()) return status.error();
  return path;
}

}  // namespace kinfolder
