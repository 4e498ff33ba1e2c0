// The words of steps: who can do what, and with which arguments.
//
// What a step means is in do_*.cc and user.cc; how its line is read in steps.cc.
#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "sim/world/power_mode.h"
#include "sim/world/user_op.h"

namespace kinfolder::sim {

// The arguments of a step, a letter each: p path, c content, t text, w word, m machine, i number,
// o octal number, d duration, b bytes a second, l what a power cut leaves; those after ? may be
// absent.
struct Verb {
  std::string_view name;
  std::string_view arguments;
  std::optional<UserAct> act = std::nullopt;
};

inline constexpr Verb kMachineVerbs[] = {
    {"write", "pc", UserAct::kWrite},
    {"append", "pc", UserAct::kAppend},
    {"delete", "p", UserAct::kDelete},
    {"rename", "pp", UserAct::kRename},
    {"swap", "pp", UserAct::kSwap},
    {"mkdir", "p", UserAct::kMkdir},
    {"rmdir", "p", UserAct::kRmdir},
    {"rmtree", "p", UserAct::kRmtree},
    {"touch", "p", UserAct::kTouch},
    {"utime", "pi", UserAct::kUtime},
    {"chmod", "po", UserAct::kChmod},
    {"symlink", "pt", UserAct::kSymlink},
    {"save", "pc", UserAct::kSave},
    {"fsync", "p", UserAct::kFsync},
    {"slow-write", "pcid", UserAct::kSlowWrite},
    {"write-same-stat", "pc", UserAct::kWriteSameStat},
    {"write-unseen", "pc", UserAct::kWriteUnseen},
    {"watch-overflow", ""},
    {"watch-dead", ""},
    {"ignore", "t"},
    {"unignore", "t"},
    {"mktree", "pii?i"},
    {"resolve", "pw?c"},
    {"delete-copy", "p?w"},
    {"edit-copy", "pwc"},
    {"move-copy", "pwp"},
    {"restore", "pw"},
    {"scan", ""},
    {"poll", ""},
    {"stop", ""},
    {"start", ""},
    {"crash", ""},
    {"crash-at", ""},
    {"powerloss", "?l"},
    {"join", ""},
    {"leave", ""},
    {"pause", ""},
    {"resume", ""},
    {"offline", ""},
    {"online", ""},
    {"partition", "m"},
    {"unpartition", "m"},
    {"clock", "d"},
    {"disk-full", ""},
    {"disk-ok", ""},
    {"io-error", "p"},
    {"io-ok", "p"},
    {"root-vanish", ""},
    {"root-empty", ""},
    {"root-back", ""},
    {"approve-deletes", ""},
    {"undo-deletes", ""},
    {"fix", ""},
    {"remove", "m"},
    {"lose-state", ""},
    {"rollback-state", ""},
    {"clone-state-from", "m"},
};
inline constexpr Verb kStoreVerbs[] = {
    {"fail", "i"},   {"lose-answer", "i"}, {"stall", "d"},     {"delay-write", "id"},
    {"stale", "d"},  {"latency", "d"},     {"bandwidth", "b"}, {"full", ""},
    {"ok", ""},      {"rollback", "d"},    {"corrupt", "mp"},  {"drop", "mp"},
    {"repair", "mp"}};
inline constexpr Verb kWorldVerbs[] = {{"run", "d"}, {"settle", ""}, {"mark", ""}};

// Steps that only wait until something is done.
inline constexpr std::string_view kWaits[] = {"run", "settle", "scan", "poll"};
inline constexpr std::string_view kStoreAsAWhole[] = {"rollback", "corrupt", "drop", "repair"};
inline constexpr std::string_view kForgeries[] = {"bad-signature", "wrong-path",     "escape",
                                                  "wrong-version", "unknown-author", "cycle",
                                                  "huge",          "huge-parents",   "huge-size"};

inline constexpr std::pair<std::string_view, PowerMode> kPowerModes[] = {
    {"all", PowerMode::kAllKept},
    {"none", PowerMode::kNone},
    {"some", PowerMode::kSubset},
    {"torn", PowerMode::kTorn}};

template <class List>
bool Has(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

template <std::size_t N>
const Verb* FindVerb(const Verb (&verbs)[N], std::string_view name) {
  for (const Verb& verb : verbs)
    if (verb.name == name) return &verb;
  return nullptr;
}

}  // namespace kinfolder::sim
