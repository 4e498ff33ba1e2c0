// A world at work: what scenario steps and random users have in common.
//
// A plain value, also in the middle of a wait: Begin..., StartSettle and the like only say what is
// waited for; each Proceed carries out one thing that is due, so that between two of them the whole
// can be copied, judged or made to crash. The calls without `Start` wait until it is over.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "sim/oracles/oracles.h"
#include "sim/world/world.h"

namespace kinfolder::sim {

// What is waited for.
struct Wait {
  enum class For : std::uint8_t { kNothing, kTime, kBegin, kRest, kAnswer, kScan, kPoll, kJoin };
  For what = For::kNothing;
  int machine = -1;
  CommandId command = 0;
  std::int64_t start_ms = 0;
  std::int64_t leg_ms = 0;  // until when time passes before it is looked again whether it is over
  std::int64_t end_ms = 0;  // when it fails
  std::int64_t poll_ms = 1;
  std::uint64_t polls = 0;  // how many a peer has to have ended
};

// Does what a hook was for, at its instant. What it starts to wait for is begun and not waited for.
using DoDeed = std::function<void(std::uint32_t deed)>;

class Play {
 public:
  World world;
  Oracles oracles;

  // Makes the machines; those that are not late join, and time passes until all is quiet.
  void StartBegin(const std::vector<std::string>& names, const std::set<int>& late,
                  const std::set<int>& read_only);
  void StartUntil(std::int64_t until_ms);
  void StartSettle();
  // Sends a command and waits for its answer.
  void StartCommand(int machine, EventBody body, CommandId command);
  void StartScan(int machine);
  void StartPoll(int machine);
  void StartJoin(int machine);

  bool waiting() const { return wait_.what != Wait::For::kNothing; }
  // Carries out the next thing that is due, with the deeds that wait for it, or finds that the wait
  // is over. False: nothing is waited for any more; `why` then says why what was waited for failed,
  // empty if it did not.
  bool Proceed(const DoDeed& deeds);
  const std::string& why() const { return why_; }
  // The effect that the next Proceed carries out; null if that does something else.
  const EffectDue* NextEffect() const {
    return waiting() ? sim::NextEffect(world, wait_.leg_ms) : nullptr;
  }

  // Gives up what the agent of `machine`, which is not running any more, was asked for. True: there
  // was something, which has to be asked for again once the agent is back.
  bool GiveUp(int machine);

  // The same, waited for. Empty: done. Otherwise why not. No hook waits while it begins.
  void Begin(const std::vector<std::string>& names, const std::set<int>& late,
             const std::set<int>& read_only);
  void RunUntil(std::int64_t until_ms, const DoDeed& deeds);
  std::string Settle(const DoDeed& deeds);

 private:
  void Await(Wait::For what, int machine, std::int64_t leg_ms, std::int64_t patience_ms);
  void Over(std::string why = {});
  void DoDeeds(const DoDeed& deeds);
  // The leg of the wait is done: starts the next one or finds that it is over.
  void EndLeg();
  void EndRestLeg();
  void EndAnswerLeg();
  bool Captured(int machine) const;
  bool Resting() const;
  std::string Restless() const;

  Wait wait_;
  std::string why_;
  std::int64_t settling_since_ms_ = 0;
};

}  // namespace kinfolder::sim
