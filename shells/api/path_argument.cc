#include "shells/api/path_argument.h"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "shells/grid/mangling.h"
#include "shells/posix/fd.h"

namespace kinfolder {
namespace {

std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> real(::realpath(path.c_str(), nullptr), &free);
  return real == nullptr ? "" : real.get();
}

// `path` with "." and "//" taken out and ".." applied by name.
std::string Lexical(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string clean;
  for (const std::string_view part : parts) clean.append("/").append(part);
  return clean.empty() ? "/" : clean;
}

}  // namespace

Result<std::string> AbsolutePath(const std::string& typed) {
  if (typed.empty()) return MakeError(ErrorKind::kInvalid, "the path is empty; give one");
  std::string whole = typed;
  if (typed[0] != '/') {
    const std::unique_ptr<char, decltype(&free)> here(::getcwd(nullptr, 0), &free);
    if (here == nullptr) return ErrnoError(errno, "can't tell the working directory");
    whole = std::string(here.get()) + "/" + typed;
  }
  whole = Lexical(whole);
  // The links above the file itself, as far as there is something.
  std::string above = whole;
  while (above.size() > 1) {
    above.resize(above.find_last_of('/'));
    const std::string real = RealPath(above.empty() ? "/" : above);
    if (!real.empty()) return (real == "/" ? "" : real) + whole.substr(above.size());
  }
  return whole;
}

Result<FolderPath> FindFolderPath(const std::vector<FolderSetup>& folders,
                                  const std::string& absolute) {
  for (const FolderSetup& record : folders) {
    if (absolute == record.path) return FolderPath{record.name, ""};
    if (!absolute.starts_with(record.path + "/")) continue;
    const Result<std::string> path = ToWirePath(absolute.substr(record.path.size() + 1));
    if (!path.ok()) return path.error();
    return FolderPath{record.name, path.value()};
  }
  return MakeError(ErrorKind::kNotFound,
                   absolute + " is in no folder of this state directory; see `kinfolder list`");
}

}  // namespace kinfolder
