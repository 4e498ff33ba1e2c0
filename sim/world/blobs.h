// Blobs: every content that ever was in a world, once. Immutable and shared between copies.
//
// A BlobId stands for the bytes themselves: equal bytes have equal ids. It is the simulator's own
// view across machines; a machine's core sees its own ContentIds only (tables.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/version.h"

namespace kinfolder::sim {

using BlobId = std::uint32_t;  // 0: none

class Blobs {
 public:
  // The id of these bytes.
  BlobId Intern(std::string_view bytes);
  // REQUIRES: `id` was handed out here, or is 0 (empty).
  const std::string& Bytes(BlobId id) const;
  // Of the bytes; the same in worlds that gave them other ids.
  std::uint64_t HashOf(BlobId id) const { return id == 0 ? 0 : hashes_.at(id - 1); }

 private:
  std::vector<std::shared_ptr<const std::string>> bytes_;
  std::vector<std::uint64_t> hashes_;
  std::map<std::uint64_t, std::vector<BlobId>> by_hash_;
};

// A version in terms that all machines share.
struct SharedVersion {
  Kind kind = Kind::kDeleted;
  BlobId blob = 0;
  bool exec = false;

  friend auto operator<=>(const SharedVersion&, const SharedVersion&) = default;
};

// For people: `"text"`, `deleted`, `link to "x"`, `directory`; long contents are cut.
std::string Describe(const Blobs& blobs, const SharedVersion& version);
// For people: the bytes quoted, escaped, cut after 60.
std::string Quoted(std::string_view bytes);

}  // namespace kinfolder::sim
