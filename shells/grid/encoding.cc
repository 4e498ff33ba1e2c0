#include "shells/grid/encoding.h"

#include <array>
#include <cstdint>

namespace kinfolder {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kHex = "0123456789abcdef";

// An alphabet of 2^kBits characters.
template <int kBits>
std::string Encode(std::string_view bytes, std::string_view alphabet) {
  std::string text;
  text.reserve((bytes.size() * 8 + kBits - 1) / kBits);
  std::uint32_t pending = 0;
  int count = 0;
  for (unsigned char byte : bytes) {
    pending = pending << 8 | byte;
    count += 8;
    while (count >= kBits) {
      count -= kBits;
      text.push_back(alphabet[pending >> count & ((1u << kBits) - 1)]);
    }
    pending &= (1u << count) - 1;
  }
  if (count > 0) text.push_back(alphabet[pending << (kBits - count) & ((1u << kBits) - 1)]);
  return text;
}

std::array<std::int8_t, 256> Reversed(std::string_view alphabet) {
  std::array<std::int8_t, 256> values;
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}

template <int kBits>
Result<std::string> Decode(std::string_view text, const std::array<std::int8_t, 256>& values,
                           const char* what) {
  const Error bad = MakeError(ErrorKind::kInvalid, std::string("not ") + what);
  std::string bytes;
  bytes.reserve(text.size() * kBits / 8);
  std::uint32_t pending = 0;
  int count = 0;
  for (unsigned char c : text) {
    if (values[c] < 0) return bad;
    pending = pending << kBits | static_cast<std::uint32_t>(values[c]);
    count += kBits;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>(pending >> count & 0xff));
    }
    pending &= (1u << count) - 1;
  }
  // A whole leftover character, or leftover bits that say something, have no encoding.
  if (count >= kBits || pending != 0) return bad;
  return bytes;
}

}  // namespace

std::string Base64Encode(std::string_view bytes) {
  std::string text = Encode<6>(bytes, kBase64);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

Result<std::string> Base64Decode(std::string_view text) {
  static const auto values = Reversed(kBase64);
  if (text.size() % 4 != 0) return MakeError(ErrorKind::kInvalid, "not base64: wrong length");
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return Decode<6>(text, values, "base64");
}

std::string Base64UrlEncode(std::string_view bytes) { return Encode<6>(bytes, kBase64Url); }

Result<std::string> Base64UrlDecode(std::string_view text) {
  static const auto values = Reversed(kBase64Url);
  return Decode<6>(text, values, "base64url");
}

std::string Base32Encode(std::string_view bytes) { return Encode<5>(bytes, kBase32); }

Result<std::string> Base32Decode(std::string_view text) {
  static const auto values = Reversed(kBase32);
  return Decode<5>(text, values, "base32");
}

std::string HexEncode(std::string_view bytes) { return Encode<4>(bytes, kHex); }

Result<std::string> HexDecode(std::string_view text) {
  static const auto values = Reversed(kHex);
  return Decode<4>(text, values, "hex");
}

}  // namespace kinfolder
