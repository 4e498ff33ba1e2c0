// Writing and reading the rows of tables.h: fixed-width numbers and length-prefixed texts, big
// endian. The framing and the checksum are StateDb's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kinfolder {

class RowWriter {
 public:
  RowWriter& Number(std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out_.push_back(static_cast<char>(value >> shift));
    return *this;
  }
  RowWriter& Text(std::string_view text) {
    Number(text.size());
    out_.append(text);
    return *this;
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// After anything that is not there, all further values are 0 or empty and Whole() is false.
class RowReader {
 public:
  explicit RowReader(std::string_view row) : left_(row) {}

  std::uint64_t Number() {
    if (left_.size() < 8) return Fail();
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i)
      value = (value << 8) | static_cast<unsigned char>(left_[static_cast<std::size_t>(i)]);
    left_.remove_prefix(8);
    return value;
  }
  std::string Text() {
    const std::uint64_t size = Number();
    if (size > left_.size()) {
      Fail();
      return std::string();
    }
    std::string text(left_.substr(0, size));
    left_.remove_prefix(size);
    return text;
  }
  // All was there, and nothing is left.
  bool Whole() const { return good_ && left_.empty(); }

 private:
  std::uint64_t Fail() {
    good_ = false;
    left_ = {};
    return 0;
  }

  std::string_view left_;
  bool good_ = true;
};

}  // namespace kinfolder
