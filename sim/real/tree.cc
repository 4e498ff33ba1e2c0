#include "sim/real/tree.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace kinfolder::sim {

namespace {

namespace fs = std::filesystem;

constexpr const char* kAgentsOwn = ".kinfolder";

std::int64_t NsOf(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// The paths below a directory, but for the agent's own; what vanishes meanwhile is left out.
std::vector<std::string> PathsBelow(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator it(directory, fs::directory_options::skip_permission_denied,
                                      error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    const std::string path = it->path().string().substr(directory.size() + 1);
    if (path == kAgentsOwn) {
      it.disable_recursion_pending();
      continue;
    }
    paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::optional<RealEntry> ReadEntry(const std::string& path) {
  struct stat found = {};
  if (lstat(path.c_str(), &found) != 0) return std::nullopt;
  RealEntry entry;
  entry.mode = found.st_mode & 0777;
  entry.mtime_ns = NsOf(found.st_mtim);
  if (S_ISREG(found.st_mode)) {
    std::ifstream in(path, std::ios::binary);
    entry.content.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  } else if (S_ISLNK(found.st_mode)) {
    entry.kind = RealKind::kLink;
    std::error_code error;
    entry.content = fs::read_symlink(path, error).string();
  } else {
    entry.kind = S_ISDIR(found.st_mode) ? RealKind::kDirectory : RealKind::kOther;
    std::error_code error;
    entry.leaf = entry.kind == RealKind::kOther || fs::is_empty(path, error);
  }
  return entry;
}

RealTree ReadTree(const std::string& root) {
  RealTree tree;
  for (const std::string& path : PathsBelow(root))
    if (const auto entry = ReadEntry(root + "/" + path)) tree.emplace(path, *entry);
  return tree;
}

std::string MarkOf(const std::string& directory) {
  std::string mark;
  for (const std::string& path : PathsBelow(directory)) {
    struct stat found = {};
    if (lstat((directory + "/" + path).c_str(), &found) != 0) continue;
    mark += path + ' ' + std::to_string(found.st_ino) + ' ' + std::to_string(found.st_mode) + ' ';
    if (!S_ISDIR(found.st_mode))
      mark += std::to_string(found.st_size) + ' ' + std::to_string(NsOf(found.st_mtim));
    mark += '\n';
  }
  return mark;
}

}  // namespace kinfolder::sim
