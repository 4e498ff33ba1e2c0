#include "shells/setup/store_url.h"

#include <stdlib.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "shells/posix/fd.h"
#include "shells/setup/durable_file.h"
#include "shells/store/dir_store.h"

namespace kinfolder {
namespace {

constexpr std::string_view kDirScheme = "dir:";

// Uses the store in `path`, or makes one there.
Status UseOrMakeStore(const std::string& path) {
  const Result<std::unique_ptr<DirStore>> there = DirStore::Open(path);
  if (there.ok()) return Status();
  if (there.error().kind != ErrorKind::kNotFound) return there.error();
  const std::size_t slash = path.find_last_of('/');
  if (slash != std::string::npos && slash > 0) {
    const Status parents = MakeDirectories(path.substr(0, slash));
    if (!parents.ok()) return parents;
  }
  const Status made = DirStore::Create(path);
  if (made.ok() || made.error().kind != ErrorKind::kExists) return made;
  return MakeError(ErrorKind::kInvalid, path +
                                            " has other things in it and is no store; choose a "
                                            "new or empty directory for the store");
}

}  // namespace

Result<std::string> NormalStoreUrl(const std::string& store_url) {
  if (!store_url.starts_with(kDirScheme) || store_url.size() == kDirScheme.size()) {
    return MakeError(ErrorKind::kInvalid, "'" + store_url +
                                              "' names no store this program knows; "
                                              "give one as dir:PATH");
  }
  std::string path = store_url.substr(kDirScheme.size());
  if (path[0] != '/') {
    char* const here = ::getcwd(nullptr, 0);
    if (here == nullptr) return ErrnoError(errno, "can't tell the working directory");
    path = std::string(here) + "/" + path;
    ::free(here);
  }
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return std::string(kDirScheme) + path;
}

std::string StoreDirectory(const std::string& store_url) {
  return store_url.starts_with(kDirScheme) ? store_url.substr(kDirScheme.size()) : "";
}

Result<std::unique_ptr<ObjectStore>> OpenStore(const std::string& store_url) {
  const std::string path = StoreDirectory(store_url);
  if (path.empty()) {
    return MakeError(ErrorKind::kInvalid, "'" + store_url +
                                              "' names no store this program knows; "
                                              "give one as dir:PATH");
  }
  Result<std::unique_ptr<DirStore>> store = DirStore::Open(path);
  if (!store.ok()) return store.error();
  return std::unique_ptr<ObjectStore>(std::move(store).value());
}

Result<StateDir> InitState(const std::string& state_path, const std::string& store_url) {
  const Result<std::string> url = NormalStoreUrl(store_url);
  if (!url.ok()) return url.error();
  const Result<StateDir> before = StateDir::Open(state_path);
  if (before.ok()) {
    return MakeError(ErrorKind::kExists, before.value().path() +
                                             " is a state directory already; use it, or give "
                                             "another place with --state");
  }
  if (before.error().kind != ErrorKind::kNotFound) return before.error();
  const Status store = UseOrMakeStore(StoreDirectory(url.value()));
  if (!store.ok()) return store.error();
  return StateDir::Create(state_path, url.value());
}

}  // namespace kinfolder
