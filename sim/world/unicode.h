// Spellings of one name: composed, decomposed, and with the case of its letters folded.
//
// Pure functions over UTF-8, by the library that the real shells use too. They take a path for a
// name: a slash never composes with what follows it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kinfolder::sim {

// True if all bytes are below 0x80; then there is one spelling.
bool IsAscii(std::string_view name);
// The NFC form; nullopt: it is not UTF-8.
std::optional<std::string> Composed(std::string_view name);
// The NFD form; what is not UTF-8 stays as it is.
std::string Decomposed(std::string_view name);
// Simple case folding, one letter for one letter, as file systems do it; what is not UTF-8 stays as
// it is.
std::string Folded(std::string_view name);

}  // namespace kinfolder::sim
