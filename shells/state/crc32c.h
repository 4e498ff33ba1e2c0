// CRC-32C (Castagnoli): the checksum of the rows of the state database and of LevelDB's logs.
//
// Pure. Eight bytes at a time by tables, without instructions of one processor.
#pragma once

#include <cstdint>
#include <string_view>

namespace kinfolder {

// The checksum of `bytes`, going on from `crc` (0 at the start).
std::uint32_t Crc32c(std::uint32_t crc, std::string_view bytes);

}  // namespace kinfolder
