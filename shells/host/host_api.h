// HostApi: what people and programs can ask of a running agent.
//
// Implemented by AgentHost; shells/api turns requests of the control socket into these calls. All
// of it is for the loop's thread. Nothing here blocks: what takes time answers later, through a
// Reply that is called exactly once, on the loop's thread, perhaps before the call returns. An
// Error's text is for people. Nothing that is returned holds a key or a capability.
//
// `path` arguments are wire paths: relative to the folder's root, '/' between the components.
// `version` is what stands after the '@': "0" the first version, "-1" the one before the last, a
// time (RFC 3339), or the first digits of a snapshot's id as Log shows it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "shells/posix/fd.h"
#include "shells/setup/folder_record.h"

namespace kinfolder {

using Reply = std::function<void(Result<nlohmann::json>)>;

enum class ResolveChoice : unsigned char { kMine = 1, kTheirs = 2, kFile = 3 };

struct ResolveRequest {
  std::string folder;
  std::string path;
  ResolveChoice choice = ResolveChoice::kMine;
  std::string theirs;  // kTheirs: whose; empty if there is only one
  Fd file;             // kFile: open for reading; its content becomes the version
};

class HostApi {
 public:
  virtual ~HostApi() = default;

  // Begins to sync a folder that shells/setup has recorded. Answers {} once it is running.
  virtual void AddFolder(FolderSetup setup, Reply reply) = 0;
  // Stops it and forgets its durable state. Its files, and its setup record, are the caller's.
  virtual void RemoveFolder(const std::string& folder, Reply reply) = 0;

  // The Status document; of one folder, or of all when `folder` is empty. kNotFound.
  virtual Result<nlohmann::json> GetStatus(const std::string& folder) = 0;
  // {"folder","participants":[{"name","self","admin","retired","read_only","reason"}]}
  virtual Result<nlohmann::json> GetParticipants(const std::string& folder) = 0;
  // {"folder","conflicts":[{"path","mine":{...},"theirs":[{"participant","copy","snapshot"}]}]}
  virtual Result<nlohmann::json> GetConflicts(const std::string& folder) = 0;
  // {"folder","held":[path...]}
  virtual Result<nlohmann::json> GetHeldDeletes(const std::string& folder) = 0;
  // Called after each change of what GetStatus would say, at most every 100 ms; nullptr ends it.
  virtual void SetStatusListener(std::function<void()> changed) = 0;

  // Scans, publishes, polls and applies until nothing is left to do; answers the folder's status.
  // kUnavailable: not quiet within `timeout_ms`; the text says what is left.
  virtual void Sync(const std::string& folder, std::int64_t timeout_ms, Reply reply) = 0;
  virtual void SetPaused(const std::string& folder, bool paused, Reply reply) = 0;
  virtual void DecideDeletes(const std::string& folder, bool approve, Reply reply) = 0;

  virtual void Resolve(ResolveRequest request, Reply reply) = 0;
  // {"path","versions":[{"index","snapshot","kind","size","author","created","modified",
  //   "sha256","deleted","current","local"}]}, oldest first: ancestors first, then by creation,
  //   then by id.
  virtual void Log(const std::string& folder, const std::string& path, Reply reply) = 0;
  // Writes the version's content to `out` and closes it; answers {"bytes","snapshot"}.
  virtual void Cat(const std::string& folder, const std::string& path, const std::string& version,
                   Fd out, Reply reply) = 0;
  // Makes the version the file's newest one; answers {"snapshot"} of the version taken.
  virtual void Restore(const std::string& folder, const std::string& path,
                       const std::string& version, Reply reply) = 0;

  // Tells the core of options that were changed in the setup record.
  virtual void ChangeOptions(const std::string& folder,
                             const std::map<std::string, std::string>& options, Reply reply) = 0;
  // Writes what was recorded of the core's steps to `out`; answers {"bytes"}.
  virtual void SaveTrace(const std::string& folder, Fd out, Reply reply) = 0;
};

}  // namespace kinfolder
