#include "shells/names/component.h"

#include <utf8proc.h>

#include <cstdlib>

namespace kinfolder {

bool IsAscii(std::string_view bytes) {
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

bool ToNfc(std::string_view bytes, std::string* nfc) {
  if (IsAscii(bytes)) {
    nfc->assign(bytes);
    return true;
  }
  utf8proc_uint8_t* composed = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
                   static_cast<utf8proc_ssize_t>(bytes.size()), &composed,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (length < 0) return false;
  nfc->assign(reinterpret_cast<const char*>(composed), static_cast<std::size_t>(length));
  std::free(composed);
  return true;
}

bool IsNfc(std::string_view bytes) {
  if (IsAscii(bytes)) return true;
  std::string nfc;
  return ToNfc(bytes, &nfc) && nfc == bytes;
}

bool IsLegalComponent(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

}  // namespace kinfolder
