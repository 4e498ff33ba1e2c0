#include "shells/posix/root.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "shells/posix/file_stat.h"

namespace kinfolder {
namespace {

constexpr char kAgentDirectory[] = ".kinfolder";
constexpr char kMarkerFile[] = "root.json";
constexpr char kMarkerDraft[] = "root.json.new";
constexpr char kTmpDirectory[] = "tmp";
constexpr std::size_t kMaxMarkerBytes = 4096;

Fd OpenAt(int dir_fd, const char* name, int flags, mode_t mode = 0) {
  return Fd(RetryEintr([&] { return openat(dir_fd, name, flags | O_CLOEXEC | O_NOFOLLOW, mode); }));
}

// Makes the directory where it is missing and opens it.
Result<Fd> MakeDirectory(int dir_fd, const char* name) {
  if (mkdirat(dir_fd, name, 0700) != 0 && errno != EEXIST) {
    return ErrnoError(errno, "the folder's .kinfolder directory can't be made");
  }
  Fd fd = OpenAt(dir_fd, name, O_RDONLY | O_DIRECTORY);
  if (!fd.ok()) return ErrnoError(errno, "the folder's .kinfolder directory can't be opened");
  return fd;
}

Status WriteAll(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = RetryEintr([&] { return write(fd, text.data() + done, text.size() - done); });
    if (n < 0) return ErrnoError(errno, "the folder's marker can't be written");
    done += static_cast<std::size_t>(n);
  }
  return {};
}

Result<std::string> ReadSmall(int fd) {
  std::string text(kMaxMarkerBytes, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = RetryEintr([&] { return read(fd, text.data() + done, text.size() - done); });
    if (n < 0) return ErrnoError(errno, "the folder's marker can't be read");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  text.resize(done);
  return text;
}

Result<RootMarker> ParseMarker(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto field = [&json](const char* name) -> const std::string* {
    if (!json.is_object()) return nullptr;
    const auto at = json.find(name);
    return at == json.end() ? nullptr : at->get_ptr<const std::string*>();
  };
  const std::string* folder = field("folder");
  const std::string* state = field("state");
  if (folder == nullptr || state == nullptr) {
    return MakeError(ErrorKind::kCorrupt,
                     "the folder's marker .kinfolder/root.json is damaged; run doctor");
  }
  return RootMarker{*folder, *state};
}

std::string MarkerText(const RootMarker& marker) {
  const nlohmann::json json = {{"folder", marker.folder}, {"state", marker.state}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// The marker as a whole or not at all, and durable.
Status PlaceMarker(int agent_fd, const std::string& text) {
  Fd draft = OpenAt(agent_fd, kMarkerDraft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (!draft.ok()) return ErrnoError(errno, "the folder's marker can't be written");
  const Status written = WriteAll(draft.get(), text);
  if (!written.ok()) return written;
  if (fsync(draft.get()) != 0 || renameat(agent_fd, kMarkerDraft, agent_fd, kMarkerFile) != 0 ||
      fsync(agent_fd) != 0) {
    return ErrnoError(errno, "the folder's marker can't be made durable");
  }
  return {};
}

}  // namespace

Root::Root(std::string path, RootMarker expected, Fd fd, RootIdentity identity)
    : path_(std::move(path)),
      expected_(std::move(expected)),
      fd_(std::move(fd)),
      identity_(identity) {}

Result<Root> Root::Open(std::string path, RootMarker expected) {
  Fd fd(RetryEintr([&] { return open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
  FileStat stat;
  const int error = fd.ok() ? StatAt(fd.get(), "", &stat) : errno;
  if (error != 0) return ErrnoError(error, "the folder's directory can't be opened");
  return Root(std::move(path), std::move(expected), std::move(fd), {stat.device, stat.inode});
}

Status Root::CreateMarker(bool take_over) {
  const Result<RootMarker> present = ReadMarker();
  if (!take_over && present.ok() && present.value() != expected_) {
    return MakeError(ErrorKind::kExists,
                     "the directory already belongs to another folder or state directory; choose "
                     "another directory, or take it over");
  }
  if (!take_over && !present.ok() && present.error().kind != ErrorKind::kNotFound) {
    return present.error();
  }
  Result<Fd> agent = MakeDirectory(fd(), kAgentDirectory);
  if (!agent.ok()) return agent.error();
  const int agent_fd = agent.value().get();
  const Result<Fd> tmp = MakeDirectory(agent_fd, kTmpDirectory);
  if (!tmp.ok()) return tmp.error();
  const Status placed = PlaceMarker(agent_fd, MarkerText(expected_));
  if (!placed.ok()) return placed;
  const Fd self = OpenAt(fd(), ".", O_RDONLY | O_DIRECTORY);
  if (!self.ok() || fsync(self.get()) != 0) {
    return ErrnoError(errno, "the folder's marker can't be made durable");
  }
  return {};
}

Result<RootMarker> Root::ReadMarker() const {
  const Fd agent = OpenAt(fd(), kAgentDirectory, O_PATH | O_DIRECTORY);
  if (!agent.ok()) return ErrnoError(errno, "the folder's marker can't be read");
  const Fd file = OpenAt(agent.get(), kMarkerFile, O_RDONLY | O_NONBLOCK);
  if (!file.ok()) return ErrnoError(errno, "the folder's marker can't be read");
  const Result<std::string> text = ReadSmall(file.get());
  if (!text.ok()) return text.error();
  return ParseMarker(text.value());
}

RootStatus Root::Check() const {
  struct stat at_path;
  if (RetryEintr([&] { return stat(path_.c_str(), &at_path); }) != 0) return RootStatus::kMissing;
  if (at_path.st_dev != identity_.device || at_path.st_ino != identity_.inode) {
    return RootStatus::kExchanged;
  }
  const Result<RootMarker> marker = ReadMarker();
  if (marker.ok()) {
    return marker.value() == expected_ ? RootStatus::kOk : RootStatus::kForeignMarker;
  }
  return marker.error().kind == ErrorKind::kNotFound ? RootStatus::kNoMarker
                                                     : RootStatus::kForeignMarker;
}

}  // namespace kinfolder
