#include "sim/world/blobs.h"

#include "core/base/check.h"
#include "sim/world/draws.h"

namespace kinfolder::sim {

BlobId Blobs::Intern(std::string_view bytes) {
  const std::uint64_t hash = HashText(bytes);
  std::vector<BlobId>& same_hash = by_hash_[hash];
  for (BlobId id : same_hash)
    if (Bytes(id) == bytes) return id;
  bytes_.push_back(std::make_shared<const std::string>(bytes));
  hashes_.push_back(hash);
  same_hash.push_back(static_cast<BlobId>(bytes_.size()));
  return same_hash.back();
}

const std::string& Blobs::Bytes(BlobId id) const {
  static const std::string kEmpty;
  if (id == 0) return kEmpty;
  CHECK(id <= bytes_.size());
  return *bytes_[id - 1];
}

std::string Quoted(std::string_view bytes) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "\"";
  for (char c : bytes.substr(0, 60)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += std::string("\\") + c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      text += std::string("\\x") + kHex[byte >> 4] + kHex[byte & 15];
    } else {
      text += c;
    }
  }
  text += '"';
  if (bytes.size() > 60) text += "... (" + std::to_string(bytes.size()) + " bytes)";
  return text;
}

std::string Describe(const Blobs& blobs, const SharedVersion& version) {
  switch (version.kind) {
    case Kind::kDeleted:
      return "deleted";
    case Kind::kDirectory:
      return "directory";
    case Kind::kLink:
      return "link to " + Quoted(blobs.Bytes(version.blob));
    case Kind::kFile:
      break;
  }
  return Quoted(blobs.Bytes(version.blob)) + (version.exec ? " (executable)" : "");
}

}  // namespace kinfolder::sim
