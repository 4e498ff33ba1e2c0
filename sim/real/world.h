// The machines of a scenario as they really are: for each an agent's state directory, a root, and a
// way to the one store, all below one temporary directory.
//
// Time: agents run only in the calls that let time pass; between them they are held still. A
// scenario's minute is a second here (kScale), within limits that keep waits short.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/real/agent_process.h"
#include "sim/real/command.h"
#include "sim/real/tree.h"
#include "sim/scenario/steps.h"

namespace kinfolder::sim {

struct RealMachine {
  std::string name;
  std::string participant;  // the name, or NAME-2 and so on after its state was lost
  std::string home;         // all of it: root, state, store (a link), log
  bool read_only = false, joined = false, left = false;
  bool offline = false, paused = false, root_away = false;
  int lives = 1;  // state directories so far
  AgentProcess agent;
  std::vector<std::pair<std::string, std::string>> options;  // of the folder, as the agent has them
  std::deque<SlowWrite> slow;

  std::string root() const { return home + "/root"; }
  std::string state() const { return home + "/state"; }
  std::string store() const { return home + "/store"; }
};

class RealWorld {
 public:
  // `program`: the agent. Everything goes below `directory`, which is there and empty.
  RealWorld(const Scenario& scenario, std::string program, std::string directory);

  // All that follow return nothing, or what went wrong.

  // Makes the machines; those that are not late join, and all come to rest.
  std::string Begin();
  std::string Join(RealMachine& m);
  std::string Start(RealMachine& m);
  std::string Stop(RealMachine& m);
  std::string RunFor(std::int64_t scenario_ms);
  std::string Settle();
  // Until the agent has nothing left to do, or what is left has failed.
  std::string SyncNow(RealMachine& m);
  void SetOffline(RealMachine& m, bool offline);
  std::string BringBack(RealMachine& m);  // the earlier state directory

  // A command of that machine's, while all agents run (or only its own).
  CommandResult Kinfolder(const RealMachine& m, const std::vector<std::string>& words);
  std::string Command(RealMachine& m, const std::vector<std::string>& words, bool alone);
  // The status of the machine's folder. Its agent has to run.
  Result<nlohmann::json> StatusOf(RealMachine& m);

  RealMachine& At(int machine) { return machines_.at(static_cast<std::size_t>(machine)); }
  std::deque<RealMachine>& machines() { return machines_; }
  const std::string& directory() const { return directory_; }
  // Empty, or which agent ended by itself.
  std::string Dead();

  // While one of these lives, time passes.
  class Running {
   public:
    explicit Running(RealWorld& world) : world_(world) { world_.ThawAll(); }
    ~Running() { world_.FreezeAll(); }

   private:
    RealWorld& world_;
  };

 private:
  struct Look {
    std::string mark;
    bool resting = true, retrying = false;
    std::string who;  // is not resting
  };

  void Configure(const Scenario& scenario);
  void ThawAll();
  void FreezeAll();
  void WriteSlowParts();
  void Pause(std::int64_t ms);
  std::string WaitListed();
  Look LookAround();
  void AskForSyncs();

  std::string program_, directory_;
  bool keeps_states_ = false;  // a step will bring an earlier one back
  std::int64_t poll_ms_ = 0;
  std::deque<RealMachine> machines_;
};

// What a time of a scenario becomes.
std::int64_t RealMs(std::int64_t scenario_ms);

}  // namespace kinfolder::sim
