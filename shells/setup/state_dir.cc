#include "shells/setup/state_dir.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "shells/grid/encoding.h"
#include "shells/grid/hash.h"
#include "shells/posix/fd.h"
#include "shells/setup/durable_file.h"

namespace kinfolder {
namespace {

using nlohmann::json;

constexpr char kInfoName[] = "kinfolder.json";
constexpr std::size_t kMaxStateFileBytes = 4 * 1024 * 1024;

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

std::string Absolute(const std::string& path) {
  if (!path.empty() && path[0] == '/') return path;
  const std::unique_ptr<char, decltype(&free)> here(::getcwd(nullptr, 0), &free);
  return here == nullptr ? path : std::string(here.get()) + "/" + path;
}

std::string WithoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// Not the id itself: that one is not to be shown around.
std::string MachineId() {
  const Result<std::string> text = ReadSmallFile("/etc/machine-id", 4096);
  if (!text.ok() || text.value().size() < 32) return "";
  const Digest digest = Sha256Of("kinfolder machine\n" + text.value().substr(0, 32));
  return HexEncode(DigestBytes(digest).substr(0, 16));
}

// Another one after every boot; empty where there is none.
std::string BootId() {
  const Result<std::string> text = ReadSmallFile("/proc/sys/kernel/random/boot_id", 4096);
  return text.ok() ? text.value().substr(0, text.value().find('\n')) : "";
}

std::uint64_t InodeOf(const std::string& path) {
  struct stat found = {};
  return ::stat(path.c_str(), &found) == 0 ? found.st_ino : 0;
}

// The names in a directory but "." and "..".
Result<std::vector<std::string>> List(const std::string& path) {
  const std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
  if (dir == nullptr) return ErrnoError(errno, "can't read " + path);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return ErrnoError(errno, "can't read " + path);
  return names;
}

std::string EncodeInfo(const StateInfo& info) {
  const json object = {{"format", "kinfolder state directory"},
                       {"version", kStateFormatVersion},
                       {"state_id", info.state_id},
                       {"machine_id", info.machine_id},
                       {"inode", info.inode},
                       {"store", info.store_url},
                       {"epoch", info.epoch},
                       {"next_folder", info.next_folder},
                       {"boot_id", info.boot_id}};
  return object.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

std::optional<std::uint64_t> Unsigned(const json& object, const char* name, std::uint64_t max) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  const std::uint64_t value = found->get<std::uint64_t>();
  if (value > max) return std::nullopt;
  return value;
}

std::optional<std::string> Text(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get_ref<const std::string&>();
}

Result<StateInfo> DecodeInfo(const std::string& bytes, const std::string& file) {
  const json object = json::parse(bytes, nullptr, false);
  const Error damaged =
      MakeError(ErrorKind::kCorrupt, file +
                                         " is damaged; restore it from a backup, or make a new "
                                         "state directory and join again");
  if (!object.is_object()) return damaged;
  const auto version = Unsigned(object, "version", UINT32_MAX);
  if (!version) return damaged;
  if (*version > kStateFormatVersion) {
    return MakeError(ErrorKind::kVersion, file + " has format version " + std::to_string(*version) +
                                              ", this program knows up to " +
                                              std::to_string(kStateFormatVersion) +
                                              "; install a newer kinfolder");
  }
  const auto state_id = Text(object, "state_id");
  const auto machine_id = Text(object, "machine_id");
  const auto inode = Unsigned(object, "inode", UINT64_MAX);
  const auto store = Text(object, "store");
  const auto epoch = Unsigned(object, "epoch", UINT32_MAX);
  const auto next_folder = Unsigned(object, "next_folder", UINT32_MAX);
  if (!state_id || state_id->empty() || !machine_id || !inode || !store || !epoch || !next_folder ||
      *next_folder == 0) {
    return damaged;
  }
  return StateInfo{*state_id,
                   *machine_id,
                   *inode,
                   *store,
                   static_cast<std::uint32_t>(*epoch),
                   static_cast<std::uint32_t>(*next_folder),
                   Text(object, "boot_id").value_or("")};
}

}  // namespace

StateDir::StateDir(std::string path, StateInfo info)
    : path_(std::move(path)), info_(std::move(info)) {}

Result<StateDir> StateDir::Create(const std::string& path, const std::string& store_url) {
  const std::string where = WithoutTrailingSlashes(Absolute(path));
  const Status made = MakeDirectories(where);
  if (!made.ok()) return made.error();
  const Result<std::vector<std::string>> names = List(where);
  if (!names.ok()) return names.error();
  for (const std::string& name : names.value()) {
    if (name == kInfoName) {
      return MakeError(ErrorKind::kExists,
                       where + " is a state directory already; use it, or choose another place");
    }
    // What an interrupted Create and its lock leave behind.
    if (name != "lock" && name != "folders" && name != std::string(kInfoName) + ".new") {
      return MakeError(ErrorKind::kInvalid, where + " has other things in it (" + name +
                                                "); choose a new or empty directory");
    }
  }
  if (::chmod(where.c_str(), 0700) != 0)
    return ErrnoError(errno, "can't make " + where + " private");
  const Status folders = MakeDirectories(where + "/folders");
  if (!folders.ok()) return folders.error();
  StateInfo info;
  info.state_id = HexEncode(RandomBytes(16));
  info.machine_id = MachineId();
  info.inode = InodeOf(where);
  info.store_url = store_url;
  StateDir state(where, info);
  const Status saved = state.Save(info);
  if (!saved.ok()) return saved.error();
  return state;
}

Result<StateDir> StateDir::Open(const std::string& path) {
  if (path.empty()) {
    return MakeError(
        ErrorKind::kInvalid,
        "neither HOME nor XDG_STATE_HOME is set; give the state directory with --state");
  }
  const std::string where = WithoutTrailingSlashes(Absolute(path));
  const std::string file = where + "/" + kInfoName;
  const Result<std::string> bytes = ReadSmallFile(file, kMaxStateFileBytes);
  if (!bytes.ok()) {
    if (bytes.error().kind != ErrorKind::kNotFound) return bytes.error();
    return MakeError(ErrorKind::kNotFound, "no state directory at " + where +
                                               "; make one with `kinfolder init --store dir:PATH`");
  }
  const Result<StateInfo> info = DecodeInfo(bytes.value(), file);
  if (!info.ok()) return info.error();
  return StateDir(where, info.value());
}

std::string StateDir::DefaultPath() {
  const char* state_home = ::getenv("XDG_STATE_HOME");
  if (state_home != nullptr && state_home[0] == '/') return std::string(state_home) + "/kinfolder";
  const char* home = ::getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string(home) + "/.local/state/kinfolder";
  return "";
}

bool StateDir::LooksCopied() const {
  const std::string machine = MachineId();
  return InodeOf(path_) != info_.inode ||
         (!machine.empty() && !info_.machine_id.empty() && machine != info_.machine_id);
}

Status StateDir::AcceptMove() {
  StateInfo info = info_;
  info.machine_id = MachineId();
  info.inode = InodeOf(path_);
  return Save(info);
}

Result<AgentStart> StateDir::NextStart() {
  StateInfo info = info_;
  ++info.epoch;
  info.boot_id = BootId();
  const bool rebooted = info.boot_id != info_.boot_id;
  const Status saved = Save(info);
  if (!saved.ok()) return saved.error();
  return AgentStart{info_.epoch, rebooted};
}

Result<std::vector<FolderSetup>> StateDir::Folders() const {
  const std::string directory = path_ + "/folders";
  const Result<std::vector<std::string>> names = List(directory);
  if (!names.ok()) return names.error();
  std::vector<FolderSetup> records;
  for (const std::string& name : names.value()) {
    if (!name.ends_with(".json")) continue;  // an interrupted save
    const std::string file = directory + "/" + name;
    const Result<std::string> bytes = ReadSmallFile(file, kMaxStateFileBytes);
    if (!bytes.ok()) return bytes.error();
    Result<FolderSetup> record = DecodeFolderRecord(bytes.value(), file);
    if (!record.ok()) return record.error();
    if (name != std::to_string(record.value().number) + ".json") {
      return MakeError(ErrorKind::kCorrupt, file +
                                                " is not the record it is named as; restore it "
                                                "from a backup");
    }
    records.push_back(std::move(record).value());
  }
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  return records;
}

Result<FolderSetup> StateDir::FindFolder(const std::string& name) const {
  const Result<std::vector<FolderSetup>> records = Folders();
  if (!records.ok()) return records.error();
  std::string known;
  for (const FolderSetup& record : records.value()) {
    if (record.name == name) return record;
    known += (known.empty() ? "" : ", ") + record.name;
  }
  return MakeError(ErrorKind::kNotFound, "no folder is called '" + name + "'; " +
                                             (known.empty() ? "there are none yet, see `kinfolder "
                                                              "create` and `kinfolder join`"
                                                            : "there are: " + known));
}

Result<std::uint32_t> StateDir::TakeFolderNumber() {
  StateInfo info = info_;
  const std::uint32_t number = info.next_folder++;
  const Status saved = Save(info);
  if (!saved.ok()) return saved.error();
  return number;
}

Status StateDir::SaveFolder(const FolderSetup& record) {
  return ReplaceFile(path_ + "/folders", std::to_string(record.number) + ".json",
                     EncodeFolderRecord(record));
}

Status StateDir::RemoveFolder(std::uint32_t number) {
  const std::string file = path_ + "/folders/" + std::to_string(number) + ".json";
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
    return ErrnoError(errno, "can't remove " + file);
  }
  return Status();
}

Status StateDir::Save(const StateInfo& info) {
  const Status saved = ReplaceFile(path_, kInfoName, EncodeInfo(info));
  if (saved.ok()) info_ = info;
  return saved;
}

}  // namespace kinfolder
