// Cereal archives over memory: out to a string, in from bounded bytes, and into a hash.
//
// Little-endian, no alignment, 8-byte container sizes. Reading never trusts a size: no container
// may claim more elements than bytes are left, so hostile input cannot make a large allocation.
// Included by codec.cc only.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include <cereal/cereal.hpp>

namespace kinfolder {

static_assert(std::endian::native == std::endian::little, "the durable format is little-endian");

class BytesOut : public cereal::OutputArchive<BytesOut, cereal::AllowEmptyClassElision> {
 public:
  BytesOut() : OutputArchive(this) {}
  void Write(const void* data, std::size_t size) {
    bytes_.append(static_cast<const char*>(data), size);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class BytesIn : public cereal::InputArchive<BytesIn, cereal::AllowEmptyClassElision> {
 public:
  explicit BytesIn(std::string_view bytes) : InputArchive(this), bytes_(bytes) {}
  // The format the bytes say they are in: what later ones appended is not read then.
  std::uint8_t format = 0;
  void Read(void* data, std::size_t size) {
    if (size > bytes_.size()) throw cereal::Exception("the bytes end early");
    if (size == 0) return;  // an empty container has no address
    std::memcpy(data, bytes_.data(), size);
    bytes_.remove_prefix(size);
  }
  std::size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

class HashOut : public cereal::OutputArchive<HashOut, cereal::AllowEmptyClassElision> {
 public:
  explicit HashOut(std::uint64_t seed) : OutputArchive(this), hash_(seed) {}
  void Write(const void* data, std::size_t size) {
    const auto* p = static_cast<const unsigned char*>(data);
    for (; size >= 8; size -= 8, p += 8) {
      std::uint64_t word;
      std::memcpy(&word, p, 8);
      Mix(word);
    }
    if (size == 0) return;  // also: an empty container has no address
    std::uint64_t rest = 0;
    std::memcpy(&rest, p, size);
    Mix(rest ^ (static_cast<std::uint64_t>(size) << 56));
  }
  std::uint64_t value() const { return hash_; }

 private:
  // One round of a multiply-and-fold mixer; not cryptographic, it only has to notice differences.
  void Mix(std::uint64_t word) {
    hash_ = (hash_ ^ word) * 0x9e3779b97f4a7c15u;
    hash_ ^= hash_ >> 32;
  }

  std::uint64_t hash_;
};

template <class T>
concept PlainNumber = std::is_arithmetic_v<T>;

template <PlainNumber T>
void CEREAL_SAVE_FUNCTION_NAME(BytesOut& ar, const T& t) {
  ar.Write(&t, sizeof t);
}
template <PlainNumber T>
void CEREAL_SAVE_FUNCTION_NAME(HashOut& ar, const T& t) {
  ar.Write(&t, sizeof t);
}
template <PlainNumber T>
void CEREAL_LOAD_FUNCTION_NAME(BytesIn& ar, T& t) {
  ar.Read(&t, sizeof t);
}
// A bool is one byte, 0 or 1; anything else in it would be undefined.
inline void CEREAL_LOAD_FUNCTION_NAME(BytesIn& ar, bool& t) {
  std::uint8_t byte = 0;
  ar.Read(&byte, 1);
  if (byte > 1) throw cereal::Exception("not a truth value");
  t = byte != 0;
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(BytesOut& ar, const cereal::SizeTag<T>& t) {
  const std::uint64_t size = t.size;
  ar.Write(&size, sizeof size);
}
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(HashOut& ar, const cereal::SizeTag<T>& t) {
  const std::uint64_t size = t.size;
  ar.Write(&size, sizeof size);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(BytesIn& ar, cereal::SizeTag<T>& t) {
  std::uint64_t size = 0;
  ar.Read(&size, sizeof size);
  if (size > ar.left()) throw cereal::Exception("a size beyond the bytes that are left");
  t.size = static_cast<cereal::size_type>(size);
}

// Names are not written.
template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(BytesOut& ar, cereal::NameValuePair<T>& t) {
  ar(t.value);
}
template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(HashOut& ar, cereal::NameValuePair<T>& t) {
  ar(t.value);
}
template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(BytesIn& ar, cereal::NameValuePair<T>& t) {
  ar(t.value);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(BytesOut& ar, const cereal::BinaryData<T>& data) {
  ar.Write(data.data, static_cast<std::size_t>(data.size));
}
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(HashOut& ar, const cereal::BinaryData<T>& data) {
  ar.Write(data.data, static_cast<std::size_t>(data.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(BytesIn& ar, cereal::BinaryData<T>& data) {
  ar.Read(data.data, static_cast<std::size_t>(data.size));
}

}  // namespace kinfolder

CEREAL_SETUP_ARCHIVE_TRAITS(kinfolder::BytesIn, kinfolder::BytesOut)
