// What a legal name is, and its one spelling on the wire.
//
// Pure functions over bytes; the disk is not asked. Used by NameTable and for participant names.
#pragma once

#include <string>
#include <string_view>

namespace kinfolder {

// True if all bytes are below 0x80 (such a name is its own NFC).
bool IsAscii(std::string_view bytes);

// Sets `*nfc` to the NFC of `bytes`. False, and `*nfc` unspecified, if `bytes` is not UTF-8.
bool ToNfc(std::string_view bytes, std::string* nfc);

// True if `bytes` is UTF-8 and its own NFC.
bool IsNfc(std::string_view bytes);

// True if `name` is not empty, not "." or "..", and holds neither '/' nor NUL.
bool IsLegalComponent(std::string_view name);

}  // namespace kinfolder
