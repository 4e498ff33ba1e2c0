// DemoWorld: a few agents on real directories below one, with a store of their own.
//
// Each participant is a process like any other agent. What the story does with their files is
// demo_command.cc's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "shells/api/control_client.h"
#include "shells/cli/child_process.h"

namespace kinfolder {

struct DemoFile {
  std::string bytes;
  bool exec = false;

  friend bool operator==(const DemoFile&, const DemoFile&) = default;
};
using DemoTree = std::map<std::string, DemoFile>;  // by path relative to the folder

struct DemoParticipant {
  std::string name;
  std::string state;   // state directory
  std::string folder;  // the directory that is synchronised
  std::string log;     // what its agent prints
  std::optional<ChildProcess> agent;
};

class DemoWorld {
 public:
  // Makes the store, the folder and all participants in `directory`, which must be new or empty.
  // No agent runs yet.
  static Result<DemoWorld> Make(const std::string& program, const std::string& directory,
                                std::size_t participants);

  std::vector<DemoParticipant>& participants() { return participants_; }
  const std::string& directory() const { return directory_; }

  // Starts the agent and waits until it answers.
  Status StartAgent(DemoParticipant& participant);
  // One request to it.
  Result<nlohmann::json> Ask(const DemoParticipant& participant, const nlohmann::json& request);

 private:
  DemoWorld(std::string program, std::string directory)
      : program_(std::move(program)), directory_(std::move(directory)) {}
  Status MakeParticipants(std::size_t count);

  std::string program_;
  std::string directory_;
  std::vector<DemoParticipant> participants_;
};

// All regular files of a folder but the agent's own.
DemoTree ReadTree(const std::string& folder);

}  // namespace kinfolder
