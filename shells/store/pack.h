// Immutable objects in pack files: their capabilities, and reading them.
//
// A pack is a file of objects one after the other, written once by one batch and never changed; a
// large file may be a pack of its own. A capability says where an object is and what its SHA-256
// is, so a pack has no index and every read is checked:
//
//   kf1:<pack id, 32 hex>:<offset>:<length>:<SHA-256 in base32>      an object
//   kf1-dir:...                                                      an immutable directory
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "shells/store/object_store.h"
#include "shells/store/store_root.h"

namespace kinfolder {

struct PackCap {
  bool directory = false;
  std::string pack_id;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  Digest sha256 = {};

  friend bool operator==(const PackCap&, const PackCap&) = default;
};

Cap FormatPackCap(const PackCap& cap);

// kInvalid for anything FormatPackCap does not write.
Result<PackCap> ParsePackCap(const Cap& cap);

std::string NewPackId();

// Relative to the root.
std::string PackDirectory(const std::string& pack_id);
std::string PackPath(const std::string& pack_id);

// Keeps the most recently used packs open. Safe from several threads.
class PackReader {
 public:
  // The errors of ObjectStore::GetTo.
  Status Read(const RootHandle& root, const PackCap& cap, const ContentSink& sink);

 private:
  struct OpenPack {
    OwnedFd fd;
    std::uint64_t size = 0;
  };
  using Entry = std::pair<std::string, std::shared_ptr<const OpenPack>>;

  Result<std::shared_ptr<const OpenPack>> Find(const RootHandle& root, const std::string& pack_id);

  std::mutex mutex_;
  std::uint64_t epoch_ = 0;  // Of the root that the packs were opened in.
  std::list<Entry> recent_;  // Newest first.
  std::map<std::string, std::list<Entry>::iterator> by_id_;
};

}  // namespace kinfolder
