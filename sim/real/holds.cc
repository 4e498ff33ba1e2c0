// Judges what `expect` says of real folders and agents.
#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/real/run.h"
#include "sim/world/describe.h"

namespace kinfolder::sim {

namespace {

using Contents = std::vector<std::optional<std::string>>;
using Json = nlohmann::json;

constexpr std::string_view kCopyMark = ".conflict-";
constexpr std::int64_t kAskMs = 60'000;

std::string Text(const std::optional<std::string>& content) {
  return content ? Quoted(*content) : "deleted";
}

std::string Text(const Contents& contents) {
  std::string text;
  for (const auto& content : contents) text += (text.empty() ? "" : ", ") + Text(content);
  return text.empty() ? "nothing" : text;
}

std::string Octal(std::uint32_t mode) {
  std::string text;
  for (int shift = 6; shift >= 0; shift -= 3) text += static_cast<char>('0' + (mode >> shift & 7));
  return text;
}

std::string Described(const RealEntry& entry) {
  if (entry.kind == RealKind::kDirectory) return "a directory";
  if (entry.kind == RealKind::kLink) return "a link to " + Quoted(entry.content);
  return entry.kind == RealKind::kFile ? Quoted(entry.content) : "something else";
}

// The agent's words for what keeps it from its work, as scenarios have them.
std::string KindOfReason(const std::string& reason) {
  if (reason == "permission") return "io";
  if (reason == "name-clash") return "case-clash";
  if (reason == "not-found") return "store";
  return reason;
}

// A name as the agent can say it: bytes that are not UTF-8 are replaced.
std::string AsJson(const std::string& path) {
  return Json::parse(Json(path).dump(-1, ' ', false, Json::error_handler_t::replace));
}

class RealChecker {
 public:
  RealChecker(RealWorld& world, const Expectation& expectation, RealMachine& machine,
              std::string* expected, std::string* is, std::string* refusal)
      : world_(world),
        e_(expectation),
        m_(machine),
        tree_(ReadTree(machine.root())),
        expected_(*expected),
        is_(*is),
        refusal_(*refusal) {}

  bool Check() {
    switch (e_.form) {
      case Form::kVersions:
      case Form::kConflicts:
        return CheckShown();
      case Form::kKeeps:
      case Form::kFiles:
      case Form::kOnly:
        return CheckFolder();
      case Form::kHistory:
      case Form::kHistoryHas:
      case Form::kSnapshots:
        return CheckHistory();
      case Form::kHeldDeletes:
      case Form::kState:
      case Form::kError:
        return CheckStatus();
      default:
        return CheckPath();
    }
  }

 private:
  bool Compare(const std::string& expected, const std::string& is) {
    expected_ = "on " + m_.name + (e_.path.empty() ? "" : ", " + e_.path) + ": " + expected;
    is_ = is;
    return expected == is;
  }

  const RealEntry* Find(const std::string& path) const {
    const auto found = tree_.find(path);
    return found == tree_.end() ? nullptr : &found->second;
  }

  std::optional<std::string> Content(const std::string& path) const {
    const RealEntry* entry = Find(path);
    if (entry == nullptr || entry->kind != RealKind::kFile) return std::nullopt;
    return entry->content;
  }

  bool CheckPath() {
    const RealEntry* entry = Find(e_.path);
    const std::string is = entry == nullptr ? "absent" : Described(*entry);
    switch (e_.form) {
      case Form::kContent:
        Compare(Text(e_.contents[0]), is);
        return Content(e_.path) == e_.contents[0];
      case Form::kAbsent:
        return Compare("absent", is);
      case Form::kDir:
        return Compare("a directory", is);
      case Form::kMode:
        return Compare("mode " + Octal(static_cast<std::uint32_t>(e_.number)),
                       entry ? "mode " + Octal(entry->mode) : is);
      case Form::kSymlink:
        return Compare("a link to " + Quoted(e_.words[0]), is);
      case Form::kMtime:
        return Compare("mtime " + std::to_string(e_.number),
                       entry ? "mtime " + std::to_string(entry->mtime_ns / 1'000'000'000) : is);
      default: {
        Compare("one of " + Text(e_.contents), is);
        const auto content = Content(e_.path);
        return std::find(e_.contents.begin(), e_.contents.end(), content) != e_.contents.end();
      }
    }
  }

  bool CheckShown() {
    Contents is;
    for (const std::string& copy : CopiesIn(tree_, e_.path)) is.push_back(Find(copy)->content);
    const std::set<std::optional<std::string>> once(is.begin(), is.end());
    if (e_.form == Form::kVersions) is.push_back(Content(e_.path));
    if (e_.form == Form::kConflicts && !e_.path.empty() && once.size() != is.size()) {
      Compare(Text(e_.contents), Text(is) + " (one of them twice)");
      return false;
    }
    const std::set<std::optional<std::string>> all(is.begin(), is.end());
    const std::set<std::optional<std::string>> wanted(e_.contents.begin(), e_.contents.end());
    if (!Compare(Text(Contents(wanted.begin(), wanted.end())),
                 Text(Contents(all.begin(), all.end()))))
      return false;
    if (e_.form == Form::kVersions || !e_.path.empty() || !m_.agent.started()) return true;
    // The agent must think so, too.
    const auto status = Status();
    return status && Compare("no conflicts in the status", (*status)["conflicts"].empty()
                                                               ? "no conflicts in the status"
                                                               : (*status)["conflicts"].dump());
  }

  bool CheckFolder() {
    std::uint64_t files = 0;
    std::set<std::string> names, contents;
    for (const auto& [path, entry] : tree_) {
      if (entry.kind == RealKind::kFile) ++files;
      if (entry.kind == RealKind::kFile) contents.insert(entry.content);
      if (entry.leaf) names.insert(path);
    }
    if (e_.form == Form::kFiles)
      return Compare(std::to_string(e_.number) + " files", std::to_string(files) + " files");
    if (e_.form == Form::kOnly) {
      const auto list = [](const std::set<std::string>& paths) {
        std::string text = "only";
        for (const std::string& path : paths) text += " " + path;
        return text;
      };
      return Compare(list({e_.words.begin(), e_.words.end()}), list(names));
    }
    bool all = true;
    for (const auto& content : e_.contents) all = all && content && contents.count(*content) != 0;
    Compare("somewhere " + Text(e_.contents),
            "not all of them in " + std::to_string(files) + " files");
    return all;
  }

  bool CheckHistory() {
    if (!Running()) return false;
    const RealWorld::Running running(world_);
    const std::string path = m_.root() + "/" + e_.path;
    const auto log = AskAgent(m_.state(), {{"command", "log"}, {"path", path}}, kAskMs);
    if (!log.ok()) return Compare("a history", log.error().text);
    const Json& versions = log.value()["versions"];
    if (e_.form == Form::kSnapshots)
      return Compare(std::to_string(e_.number) + " snapshots",
                     std::to_string(versions.size()) + " snapshots");
    Contents is;
    for (const Json& version : versions) {
      if (version.value("deleted", false)) {
        is.push_back(std::nullopt);
        continue;
      }
      const CommandResult cat =
          world_.Kinfolder(m_, {"cat", path + "@" + std::to_string(version.value("index", 0))});
      is.push_back(cat.status == 0 ? cat.out : "can't be read: " + cat.error);
    }
    Compare("history " + Text(e_.contents), Text(is));
    if (e_.form == Form::kHistory) return is == e_.contents;
    return std::all_of(e_.contents.begin(), e_.contents.end(), [&](const auto& content) {
      return std::find(is.begin(), is.end(), content) != is.end();
    });
  }

  bool Running() {
    if (!m_.agent.started()) refusal_ = m_.name + " is not running; expected a running agent";
    return m_.agent.started();
  }

  std::optional<Json> Status() {
    if (!Running()) return std::nullopt;
    const RealWorld::Running running(world_);
    Result<Json> status = world_.StatusOf(m_);
    if (status.ok()) return status.value();
    Compare("a status", status.error().text);
    return std::nullopt;
  }

  bool CheckStatus() {
    const auto status = Status();
    if (!status) return false;
    if (e_.form == Form::kState) return Compare(e_.words[0], status->value("state", ""));
    if (e_.form == Form::kHeldDeletes)
      return Compare(std::to_string(e_.number) + " held deletes",
                     std::to_string(status->value("held_deletes", 0)) + " held deletes");
    std::set<std::string> found;
    if (e_.path.empty() && status->value("reason", "none") != "none")
      found.insert(KindOfReason(status->value("reason", "")));
    for (const Json& blocked : (*status)["blocked"])
      if (e_.path.empty() || blocked.value("path", "") == AsJson(e_.path))
        found.insert(KindOfReason(blocked.value("reason", "")));
    if (e_.path.empty() && status->value("held_deletes", 0) > 0) found.insert("held");
    std::string is;
    for (const std::string& one : found) is += (is.empty() ? "" : ", ") + one;
    Compare("error " + e_.words[0], is.empty() ? "no error" : is);
    return found.count(e_.words[0]) != 0;
  }

  RealWorld& world_;
  const Expectation& e_;
  RealMachine& m_;
  const RealTree tree_;
  std::string& expected_;
  std::string& is_;
  std::string& refusal_;
};

// What is compared by `same`: kind, content, executable bit, target; copies as the set of versions.
std::map<std::string, std::string> VersionsOf(const RealTree& tree) {
  const auto described = [](const RealEntry& entry) {
    const bool runs = entry.kind == RealKind::kFile && (entry.mode & 0100) != 0;
    return Described(entry) + (runs ? ", executable" : "");
  };
  std::map<std::string, std::set<std::string>> versions;
  for (const auto& [path, entry] : tree) {
    if (!entry.leaf) continue;
    const std::size_t mark = path.rfind(kCopyMark);
    const std::string base = mark == std::string::npos ? path : path.substr(0, mark);
    versions[tree.count(base) != 0 ? base : path].insert(described(entry));
  }
  std::map<std::string, std::string> texts;
  for (const auto& [path, all] : versions)
    for (const std::string& one : all) texts[path] += (texts[path].empty() ? "" : " | ") + one;
  return texts;
}

bool CheckSame(const std::vector<RealMachine*>& machines, std::string* expected, std::string* is) {
  for (std::size_t i = 1; i < machines.size(); ++i) {
    const auto first = VersionsOf(ReadTree(machines[0]->root()));
    const auto other = VersionsOf(ReadTree(machines[i]->root()));
    for (const auto* texts : {&first, &other})
      for (const auto& [path, text] : *texts) {
        const auto a = first.find(path), b = other.find(path);
        const std::string on_a = a == first.end() ? "absent" : a->second;
        const std::string on_b = b == other.end() ? "absent" : b->second;
        if (on_a == on_b) continue;
        *expected = path + " the same on all";
        *is = machines[0]->name + ": " + on_a + "; " + machines[i]->name + ": " + on_b;
        return false;
      }
  }
  return true;
}

// Beside the roots there is what the runner and the agents put there.
bool CheckOutside(RealWorld& world, std::string* expected, std::string* is) {
  const std::set<std::string> ours = {"root",       "root.away",    "state", "store",
                                      "store.away", "state.before", "log",   "given"};
  std::set<std::string> homes = {"store"};
  for (const RealMachine& m : world.machines()) homes.insert(m.name);
  *expected = "nothing outside of the folders";
  for (const auto& entry : std::filesystem::directory_iterator(world.directory()))
    if (*is = entry.path().filename(); homes.count(*is) == 0) return false;
  for (const RealMachine& m : world.machines())
    for (const auto& entry : std::filesystem::directory_iterator(m.home))
      if (*is = entry.path().filename(); ours.count(*is) == 0) return false;
  return true;
}

}  // namespace

std::vector<std::string> CopiesIn(const RealTree& tree, const std::string& path) {
  std::vector<std::string> copies;
  for (const auto& [name, entry] : tree) {
    const std::size_t mark = name.rfind(kCopyMark);
    if (mark == std::string::npos || entry.kind == RealKind::kDirectory) continue;
    if (path.empty() || name.substr(0, mark) == path) copies.push_back(name);
  }
  return copies;
}

bool HoldsReally(RealWorld& world, const Expectation& expectation, std::string* expected,
                 std::string* is, std::string* refusal) {
  std::vector<RealMachine*> machines;
  for (const int machine : expectation.machines) machines.push_back(&world.At(machine));
  if (expectation.all)
    for (RealMachine& m : world.machines())
      if (m.joined && !m.left) machines.push_back(&m);
  if (expectation.form == Form::kSame) return CheckSame(machines, expected, is);
  if (expectation.form == Form::kOutsideNone) return CheckOutside(world, expected, is);
  return std::all_of(machines.begin(), machines.end(), [&](RealMachine* m) {
    return RealChecker(world, expectation, *m, expected, is, refusal).Check();
  });
}

}  // namespace kinfolder::sim
