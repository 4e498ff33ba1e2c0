#include "sim/world/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace kinfolder::sim {

namespace {

std::optional<std::string> Mapped(std::string_view name, int form) {
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(name.data()),
                   static_cast<utf8proc_ssize_t>(name.size()), &mapped,
                   static_cast<utf8proc_option_t>(static_cast<int>(UTF8PROC_STABLE) | form));
  if (size < 0) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
  std::free(mapped);
  return text;
}

// The dotted and the dotless i of Turkish have no other case outside of it.
utf8proc_int32_t FoldedLetter(utf8proc_int32_t letter) {
  if (letter == 0x130 || letter == 0x131) return letter;
  return utf8proc_tolower(utf8proc_toupper(letter));
}

}  // namespace

bool IsAscii(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::optional<std::string> Composed(std::string_view name) {
  if (IsAscii(name)) return std::string(name);
  return Mapped(name, UTF8PROC_COMPOSE);
}

std::string Decomposed(std::string_view name) {
  if (IsAscii(name)) return std::string(name);
  return Mapped(name, UTF8PROC_DECOMPOSE).value_or(std::string(name));
}

std::string Folded(std::string_view name) {
  std::string folded;
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(name.data());
  for (auto left = static_cast<utf8proc_ssize_t>(name.size()); left > 0;) {
    utf8proc_int32_t letter = 0;
    const utf8proc_ssize_t size = utf8proc_iterate(at, left, &letter);
    if (size <= 0) return std::string(name);
    std::array<utf8proc_uint8_t, 4> bytes = {};
    const utf8proc_ssize_t written = utf8proc_encode_char(FoldedLetter(letter), bytes.data());
    folded.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(written));
    at += size;
    left -= size;
  }
  return folded;
}

}  // namespace kinfolder::sim
