#include "sim/world/digest.h"

#include <cstring>

namespace kinfolder::sim {

void Digest::Add(std::string_view text) {
  Add(text.size());
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = text.size() < sizeof word ? text.size() : sizeof word;
    std::memcpy(&word, text.data(), count);
    Add(word);
    text.remove_prefix(count);
  }
}

}  // namespace kinfolder::sim
