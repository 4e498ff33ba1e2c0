// Text forms of bytes: base64, base64url, base32 and hex.
//
// Decoding is strict: one text for one byte string, so wrong lengths, foreign characters, missing
// padding and non-zero leftover bits are errors. Nothing here knows what the bytes mean.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace kinfolder {

// Standard alphabet (RFC 4648 section 4) with padding.
std::string Base64Encode(std::string_view bytes);
Result<std::string> Base64Decode(std::string_view text);

// URL-safe alphabet (RFC 4648 section 5) without padding.
std::string Base64UrlEncode(std::string_view bytes);
Result<std::string> Base64UrlDecode(std::string_view text);

// RFC 4648 section 6 in lower case without padding, as capabilities use it.
std::string Base32Encode(std::string_view bytes);
Result<std::string> Base32Decode(std::string_view text);

// Lower case; decoding accepts lower case only.
std::string HexEncode(std::string_view bytes);
Result<std::string> HexDecode(std::string_view text);

}  // namespace kinfolder
