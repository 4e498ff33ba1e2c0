#include "shells/cli/demo_story.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "shells/cli/command_line.h"
#include "shells/cli/format.h"
#include "shells/grid/keys.h"
#include "shells/setup/durable_file.h"

namespace kinfolder {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience(60);
constexpr std::chrono::milliseconds kLookPause(50);

class Story {
 public:
  Story(DemoWorld& world, bool as_json) : world_(world), as_json_(as_json) {}

  Status Tell() {
    using Chapter = Status (Story::*)();
    constexpr Chapter kChapters[] = {&Story::Write,   &Story::Edit,   &Story::Rename,
                                     &Story::Quarrel, &Story::Settle, &Story::Delete};
    for (const Chapter chapter : kChapters) {
      const Status done = (this->*chapter)();
      if (!done.ok()) return done;
    }
    return Finish();
  }

 private:
  DemoParticipant& anna() { return world_.participants()[0]; }
  DemoParticipant& ben() { return world_.participants()[1]; }

  Status Put(const DemoParticipant& who, const std::string& path, const std::string& bytes,
             bool exec = false) {
    const std::string whole = who.folder + "/" + path;
    const Status above = MakeDirectories(whole.substr(0, whole.find_last_of('/')));
    if (!above.ok()) return above;
    std::ofstream file(whole, std::ios::binary | std::ios::trunc);
    file << bytes;
    file.close();
    if (!file || (exec && ::chmod(whole.c_str(), 0755) != 0)) {
      return MakeError(ErrorKind::kIo, "can't write " + whole + "; free some space");
    }
    expected_[path] = {bytes, exec};
    return Status();
  }

  void Say(const std::string& step, const std::string& text, Clock::time_point since) {
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - since).count();
    if (as_json_) {
      PrintJson({{"step", step}, {"text", text}, {"ms", ms}}, /*stream=*/true);
    } else {
      Print(Styled("ok  ", "32") + text + "  (" + std::to_string(ms) + " ms)\n");
    }
  }

  Status WaitFor(const std::string& what, const std::function<bool()>& there) {
    const Clock::time_point until = Clock::now() + kPatience;
    while (!there()) {
      for (DemoParticipant& each : world_.participants()) {
        if (each.agent && !each.agent->running()) {
          return MakeError(ErrorKind::kInternal,
                           "the agent of " + each.name + " ended; see " + each.log);
        }
      }
      if (Clock::now() > until) {
        return MakeError(ErrorKind::kUnavailable, what + " did not happen within a minute");
      }
      std::this_thread::sleep_for(kLookPause);
    }
    return Status();
  }

  // Until every folder holds exactly what is expected, byte for byte.
  Status WaitForAll(const std::string& step, const std::string& text) {
    const Clock::time_point since = Clock::now();
    const Status arrived = WaitFor(text, [&] {
      for (const DemoParticipant& each : world_.participants()) {
        if (ReadTree(each.folder) != expected_) return false;
      }
      return true;
    });
    if (arrived.ok()) Say(step, text, since);
    return arrived;
  }

  Status Write() {
    Status done = Put(anna(), "hello.txt", "Hello from anna.\n");
    if (done.ok()) done = Put(anna(), "docs/plan.md", "# The plan\n\n1. Share this folder.\n");
    if (done.ok()) done = Put(anna(), "tools/greet.sh", "#!/bin/sh\necho hello\n", true);
    if (done.ok()) done = Put(anna(), "pictures/noise.bin", RandomBytes(1 << 20));
    if (!done.ok()) return done;
    return WaitForAll("write", "anna wrote 4 files, 1 MB; they are in all folders, byte for byte");
  }

  Status Edit() {
    const Status done = Put(ben(), "hello.txt", "Hello from anna.\nAnd from ben.\n");
    if (!done.ok()) return done;
    return WaitForAll("edit", "ben added a line to hello.txt; it is in all folders");
  }

  Status Rename() {
    const std::string folder = anna().folder;
    if (::rename((folder + "/docs/plan.md").c_str(), (folder + "/docs/final plan.md").c_str()) !=
        0) {
      return MakeError(ErrorKind::kIo, "can't rename docs/plan.md");
    }
    auto moved = expected_.extract("docs/plan.md");
    moved.key() = "docs/final plan.md";
    expected_.insert(std::move(moved));
    return WaitForAll("rename",
                      "anna renamed docs/plan.md to docs/final plan.md; so it is called "
                      "in all folders");
  }

  // Both change the same file while they know nothing of each other.
  Status Quarrel() {
    const Clock::time_point since = Clock::now();
    anna().agent.reset();
    ben().agent.reset();
    const std::string annas = "Hello from anna, who was on a train.\n";
    const std::string bens = "Hello from ben, who was on a ship.\n";
    Status done = Put(anna(), "hello.txt", annas);
    if (done.ok()) done = Put(ben(), "hello.txt", bens);
    if (done.ok()) done = world_.StartAgent(anna());
    if (done.ok()) done = world_.StartAgent(ben());
    if (!done.ok()) return done;
    done = WaitFor("a conflict copy of hello.txt at anna and ben", [&] {
      const DemoTree at_anna = ReadTree(anna().folder);
      const DemoTree at_ben = ReadTree(ben().folder);
      return Holds(at_anna, "hello.txt", annas) && Holds(at_ben, "hello.txt", bens) &&
             Holds(at_anna, "hello.txt.conflict-ben", bens) &&
             Holds(at_ben, "hello.txt.conflict-anna", annas);
    });
    if (!done.ok()) return done;
    Say("conflict",
        "anna and ben, both offline, changed hello.txt; each has the own one and the other's as "
        "hello.txt.conflict-<name>: nothing is lost",
        since);
    return Status();
  }

  static bool Holds(const DemoTree& tree, const std::string& path, const std::string& bytes) {
    const auto found = tree.find(path);
    return found != tree.end() && found->second.bytes == bytes;
  }

  Status Settle() {
    const Result<json> settled = world_.Ask(anna(), {{"command", "resolve"},
                                                     {"path", anna().folder + "/hello.txt"},
                                                     {"choice", "theirs"},
                                                     {"theirs", "ben"}});
    if (!settled.ok()) return settled.error();
    // expected_ holds ben's, who wrote last.
    return WaitForAll("resolve",
                      "anna settled it with ben's hello.txt; the copies are gone "
                      "everywhere, all folders are the same again");
  }

  Status Delete() {
    if (::unlink((ben().folder + "/pictures/noise.bin").c_str()) != 0) {
      return MakeError(ErrorKind::kIo, "can't delete pictures/noise.bin");
    }
    expected_.erase("pictures/noise.bin");
    return WaitForAll("delete", "ben deleted pictures/noise.bin; it is gone in all folders");
  }

  Status Finish() {
    for (DemoParticipant& each : world_.participants()) {
      if (!each.agent->Stop()) {
        return MakeError(ErrorKind::kInternal,
                         "the agent of " + each.name + " did not end well; see " + each.log);
      }
      if (ReadTree(each.folder) != expected_) {
        return MakeError(ErrorKind::kInternal, "the folder of " + each.name + " is not as it was");
      }
    }
    if (!as_json_) {
      Print("All " + std::to_string(world_.participants().size()) + " folders hold the same " +
            Count(expected_.size(), "file", "files") + ", byte for byte. They are in " +
            world_.directory() + "\n");
    }
    return Status();
  }

  DemoWorld& world_;
  const bool as_json_;
  DemoTree expected_;
};

// Notices what is new in the folders and says who had it first.
class Arrivals {
 public:
  explicit Arrivals(DemoWorld& world) : world_(world) {}

  void Look(bool say) {
    for (const DemoParticipant& each : world_.participants()) {
      DemoTree tree = ReadTree(each.folder);
      DemoTree& before = known_[each.name];
      for (const auto& [path, file] : tree) {
        const auto found = before.find(path);
        if (found != before.end() && found->second == file) continue;
        if (say) Changed(each.name, path, HumanBytes(file.bytes.size()), {path, file.bytes});
      }
      for (const auto& [path, file] : before) {
        if (say && !tree.contains(path)) Changed(each.name, path, "deleted", {path, ""});
      }
      before = std::move(tree);
    }
  }

 private:
  using News = std::pair<std::string, std::string>;  // path and content

  void Changed(const std::string& who, const std::string& path, const std::string& what,
               News news) {
    const bool copy = path.find(".conflict-") != std::string::npos;
    // The first one had it before the others; then it goes round once.
    auto& seen = seen_by_[std::move(news)];
    const bool first = seen.empty() || seen.contains(who);
    if (first) seen.clear();
    seen.insert(who);
    Print((first && !copy
               ? Styled(who, "1") + ": " + path + " (" + what + ")"
               : "    -> " + Styled(who, "32") + " has it: " + path + " (" + what + ")") +
          "\n");
  }

  DemoWorld& world_;
  std::map<std::string, DemoTree> known_;
  std::map<News, std::set<std::string>> seen_by_;
};

}  // namespace

Status TellStory(DemoWorld& world, bool json) { return Story(world, json).Tell(); }

Status WatchAndTell(DemoWorld& world) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  Print("These folders are kept the same, each by an agent of its own:\n");
  for (const DemoParticipant& each : world.participants()) {
    Print("  " + Styled(each.folder) + "\n");
  }
  const DemoParticipant& anna = world.participants()[0];
  const DemoParticipant& ben = world.participants()[1];
  Print("Try: echo hello > " + anna.folder + "/hello.txt\n");
  Print("     and see it appear in " + ben.folder + "\n");
  Print("See: kinfolder --state " + anna.state + " status\n");
  Print("Ctrl-C ends it; the folders stay.\n\n");
  Arrivals arrivals(world);
  arrivals.Look(/*say=*/false);
  const timespec pause = {0, 200'000'000};
  while (::sigtimedwait(&set, nullptr, &pause) < 0) {
    arrivals.Look(/*say=*/true);
    for (DemoParticipant& each : world.participants()) {
      if (!each.agent->running()) {
        return MakeError(ErrorKind::kInternal,
                         "the agent of " + each.name + " ended; see " + each.log);
      }
    }
  }
  Print("\nThe folders stay in " + world.directory() + "\n");
  return Status();
}

}  // namespace kinfolder
