#include "shells/state/crc32c.h"

#include <array>

namespace kinfolder {

namespace {

using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

// [k][b]: what byte b contributes when k more bytes follow it.
constexpr CrcTables MakeCrcTables() {
  CrcTables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    tables[0][i] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t i = 0; i < 256; ++i)
      tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 0xff];
  return tables;
}
constexpr CrcTables kCrc = MakeCrcTables();

}  // namespace

std::uint32_t Crc32c(std::uint32_t crc, std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  crc = ~crc;
  for (; bytes.size() >= 8; bytes.remove_prefix(8))
    crc = kCrc[7][(crc ^ byte(0)) & 0xff] ^ kCrc[6][((crc >> 8) ^ byte(1)) & 0xff] ^
          kCrc[5][((crc >> 16) ^ byte(2)) & 0xff] ^ kCrc[4][(crc >> 24) ^ byte(3)] ^
          kCrc[3][byte(4)] ^ kCrc[2][byte(5)] ^ kCrc[1][byte(6)] ^ kCrc[0][byte(7)];
  for (std::size_t i = 0; i < bytes.size(); ++i) crc = kCrc[0][(crc ^ byte(i)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

}  // namespace kinfolder
