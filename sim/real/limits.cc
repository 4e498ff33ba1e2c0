// What only a simulator can do, and why.
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "sim/real/run.h"

namespace kinfolder::sim {

namespace {

struct Limit {
  std::string_view verb, why;
};

constexpr std::string_view kEffects = "real agents don't say when they carry out an effect";
constexpr std::string_view kWatch = "a real watch can't be made to lose one event";

constexpr Limit kLimits[] = {
    {"when", kEffects},
    {"crash-at", kEffects},
    {"powerloss", "real disks keep what was written"},
    {"clock", "the real clock is everybody's"},
    {"partition", "a directory store can't hide one directory"},
    {"unpartition", "a directory store can't hide one directory"},
    {"watch-overflow", kWatch},
    {"watch-dead", kWatch},
    {"write-unseen", kWatch},
    {"clone-state-from", "a copied state directory names the other machine's root"},
    {"forge", "no participant's key is at hand"},
    {"ignore", "it is not carried over to the agent's option yet"},
    {"unignore", "it is not carried over to the agent's option yet"},
    {"fix", "the program can't do that yet"},
    {"remove", "the program can't do that yet"},
    {"disk-full", "the real disk is everybody's"},
    {"disk-ok", "the real disk is everybody's"},
};

constexpr Limit kRootLimits[] = {
    {"io-error", "it is done by permissions, which do not bind root"},
    {"io-ok", "it is done by permissions, which do not bind root"},
};

template <std::size_t N>
std::string_view Find(const Limit (&limits)[N], std::string_view verb) {
  const auto found = std::find_if(std::begin(limits), std::end(limits),
                                  [&](const Limit& limit) { return limit.verb == verb; });
  return found == std::end(limits) ? std::string_view() : found->why;
}

bool TakesReadingAway(const Step& step) {
  return step.user && step.user->act == UserAct::kChmod && (step.user->number & 0400) == 0;
}

}  // namespace

std::string WhyNotReal(const Step& step) {
  std::string_view why = Find(kLimits, step.verb);
  const bool root = geteuid() == 0;
  if (why.empty() && root) why = Find(kRootLimits, step.verb);
  if (step.verb.rfind("store ", 0) == 0) why = "a directory store fails for all or for none";
  if (root && TakesReadingAway(step)) why = "permissions do not bind root";
  if (step.verb == "lose-state" && step.machine == 0) why = "nobody could invite the admin back";
  if (step.verb == "expect") return WhyNotReal(*step.expect);
  return std::string(why);
}

std::string WhyNotReal(const Option& option) {
  for (const char* of_the_disk : {"mtime-granularity", "case", "names", "unicode"})
    if (option.key == of_the_disk) return "the file system is the one that is there";
  return {};
}

std::string WhyNotReal(const Expectation& expectation) {
  switch (expectation.form) {
    case Form::kUploads:
    case Form::kDownloads:
    case Form::kDmdWrites:
    case Form::kSnapshotsMade:
      return "a real agent does not count";
    default:
      return {};
  }
}

}  // namespace kinfolder::sim
