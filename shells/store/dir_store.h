// A store in a directory: on this disk, a removable one, or a mounted share. No server needed.
//
// NOT ENCRYPTED: whoever can read the directory reads every file in it, and whoever can write to it
// can change or remove everything (changed objects are noticed, not prevented). Nothing is ever
// pruned. Several processes, also of several machines if the file system's locks and renames reach
// them, may use one store at once.
//
// Formats: store_root.h (layout), pack.h (objects), mutable_directories.h, directory_log.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shells/store/directory_watch.h"
#include "shells/store/mutable_directories.h"
#include "shells/store/object_store.h"
#include "shells/store/pack.h"
#include "shells/store/store_root.h"

namespace kinfolder {

class DirStore : public ObjectStore {
 public:
  // Makes a store in a directory that is empty or not there yet; its parent must be there. Only
  // this user may enter it; widen its mode to share it. kExists when something is there.
  static Status Create(const std::string& path);

  // kNotFound when there is no store in `path`, kVersion when it is of a newer format, kInvalid
  // when its marker is damaged. The store may come and go while it is open.
  static Result<std::unique_ptr<DirStore>> Open(const std::string& path);

  std::unique_ptr<Batch> NewBatch() override;
  std::unique_ptr<ObjectReader> NewReader() override;
  Result<std::string> Get(const Cap& cap, std::uint64_t max_bytes) override;
  Status GetTo(const Cap& cap, const ContentSink& sink) override;
  Result<std::vector<DirectoryChild>> ReadDirectory(const Cap& cap) override;
  Result<NewDirectory> CreateDirectory() override;
  Result<Cap> ReadCapOf(const Cap& write_cap) override;
  Result<std::string> CheckDirectory(const Cap& cap) override;
  Result<DirectoryChanges> ReadDirectoryChanges(const Cap& cap,
                                                const std::string& known_version) override;
  Result<std::string> Link(const Cap& write_cap,
                           const std::vector<DirectoryChange>& entries) override;
  Status Health() override;
  std::optional<Digest> DigestOf(const Cap& cap) const override;
  std::string Describe() const override;
  Status Watch(const std::vector<Cap>& caps) override;
  int NotifyFd() const override;
  std::vector<Cap> Drain() override;

 private:
  explicit DirStore(std::unique_ptr<StoreRoot> root);

  const std::unique_ptr<StoreRoot> root_;
  PackReader packs_;
  MutableDirectories directories_;
  DirectoryWatch watch_;
};

}  // namespace kinfolder
