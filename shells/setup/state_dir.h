// The state directory: what this machine is in which folders, and where an agent keeps its things.
//
// Holds `kinfolder.json` (this directory itself), `folders/<number>.json` (one record per folder),
// and the places of others: `lock`, `db/`, `staging/`, `control.sock`, `trace/`. All is private
// (0700, files 0600) and replaced whole, durably. Whoever writes holds the lock (StateLock); the
// class does not take it. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "shells/setup/folder_record.h"

namespace kinfolder {

inline constexpr int kStateFormatVersion = 1;

struct StateInfo {
  std::string state_id;     // 32 hex digits, random; never changes
  std::string machine_id;   // a hash of the machine's own id; empty where there is none
  std::uint64_t inode = 0;  // of the directory when it was made or last told it was moved
  std::string store_url;    // `dir:/absolute/path`
  std::uint32_t epoch = 0;  // starts of an agent so far
  std::uint32_t next_folder = 1;
  std::string boot_id;  // of the machine, at the last start of an agent; empty: not known

  friend bool operator==(const StateInfo&, const StateInfo&) = default;
};

struct AgentStart {
  std::uint32_t epoch = 0;  // larger than at all starts before
  bool rebooted = false;    // the machine was, since the start before (or that is not known)
};

class StateDir {
 public:
  // Makes the directory (and its parents) with a new id. kExists: it is one already; kInvalid:
  // there are other things in it.
  static Result<StateDir> Create(const std::string& path, const std::string& store_url);

  // kNotFound: no state directory at `path`; kVersion: written by a newer program; kCorrupt;
  // kInvalid: `path` is empty, as DefaultPath may be.
  static Result<StateDir> Open(const std::string& path);

  // $XDG_STATE_HOME/kinfolder, or ~/.local/state/kinfolder; "" where neither is known.
  static std::string DefaultPath();

  const std::string& path() const { return path_; }  // absolute
  const StateInfo& info() const { return info_; }
  std::string DbPath() const { return path_ + "/db"; }
  std::string StagingPath() const { return path_ + "/staging"; }
  std::string TracePath() const { return path_ + "/trace"; }
  std::string SocketPath() const { return path_ + "/control.sock"; }

  // True when the directory is not where it was made: another machine, or a copy of the directory.
  bool LooksCopied() const;
  // The user says it was moved: takes the present machine and inode as its own.
  Status AcceptMove();

  // To be called at each start of an agent; durable on return.
  Result<AgentStart> NextStart();

  // All records, by number. One that can't be read is an error: an agent that does not know its
  // folders must not run.
  Result<std::vector<FolderSetup>> Folders() const;
  // By name; kNotFound says which names there are.
  Result<FolderSetup> FindFolder(const std::string& name) const;
  // A number no folder has had, durable on return.
  Result<std::uint32_t> TakeFolderNumber();
  Status SaveFolder(const FolderSetup& record);
  // Removing what is not there is ok.
  Status RemoveFolder(std::uint32_t number);

 private:
  StateDir(std::string path, StateInfo info);
  Status Save(const StateInfo& info);

  std::string path_;
  StateInfo info_;
};

}  // namespace kinfolder
