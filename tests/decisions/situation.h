// A situation of one path: everything a decision about it can hang on, each part with few values.
//
// The table of decisions goes through all combinations that can be. Parts: what the user did with
// the bytes, the state of the path, our current snapshot, our personal DMD's entry, the other
// participant's head, the unpublished snapshots, and whether there is a conflict already.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kinfolder::decisions {

// What is on disk when the decision is due, against what is on record.
enum class Local : std::uint8_t { kAsRecorded, kMissing, kEdited, kTheirBytes };
enum class Path : std::uint8_t {
  kOrdinary,
  kUnrecorded,  // there is a file that nothing is known of: joining, or lost state
  kReadOnly,    // this participant publishes nothing
  kHolding,     // deletes are so many that each is held
  kIgnored,
  kPaused,
};
enum class Current : std::uint8_t { kNone, kBase, kOurs, kOursBack, kOurDelete };
enum class Own : std::uint8_t { kLinked, kBehind };
// The other participant's head, against our current snapshot.
enum class Theirs : std::uint8_t {
  kNoHead,
  kSame,
  kOlder,
  kNewerContent,
  kNewerSameVersion,
  kNewerDelete,
  kNewerAsQueued,  // the version of our unpublished snapshot, on our current one
  kBesideSameVersion,
  kBesideContent,
  kBesideBack,  // changed, and changed back
  kBesideDelete,
  kStrangerSameVersion,  // no common ancestor
  kStrangerContent,
  kUnreadable,
};
enum class Queue : std::uint8_t { kEmpty, kWaiting, kUploading };
enum class Conflict : std::uint8_t { kNone, kShown };

struct Situation {
  Local local = Local::kAsRecorded;
  Path path = Path::kOrdinary;
  Current current = Current::kNone;
  Own own = Own::kLinked;
  Theirs theirs = Theirs::kNoHead;
  Queue queue = Queue::kEmpty;
  Conflict conflict = Conflict::kNone;
};

// A snapshot of the story. The index in Story::snapshots names it; parents have smaller ones.
struct StorySnapshot {
  std::string name;           // as the page calls it
  std::uint32_t content = 0;  // 0: a delete
  std::vector<int> parents;
};

// The situation as a history. -1: none.
struct Story {
  std::vector<StorySnapshot> snapshots;
  int current = -1;
  int behind = -1;         // what our DMD's entry is if it is behind
  int queued = -1;         // our unpublished snapshot
  int theirs = -1;         // Bea's head
  int conflict = -1;       // Cem's head, shown as a conflict copy
  std::uint32_t disk = 0;  // content of the file when the decision is due; 0: no file

  int tip() const { return queued >= 0 ? queued : current; }
  std::uint32_t ContentOf(int snapshot) const {
    return snapshot < 0 ? 0 : snapshots[static_cast<std::size_t>(snapshot)].content;
  }
};

// The contents that stories are about.
inline constexpr std::uint32_t kBaseContent = 1, kOurContent = 2, kTheirContent = 3,
                               kEditedContent = 4, kConflictContent = 5, kQueuedContent = 6,
                               kFirstContent = 7, kPassingContent = 8;

// All combinations that can be, in the order of the page.
std::vector<Situation> AllSituations();
Story StoryOf(const Situation& situation);

// What became of the path. Snapshots made for it are called `content<parents`.
struct Decision {
  std::uint32_t file = 0;  // content on disk; 0: no file
  std::vector<std::uint32_t> copies;
  std::string mine;                // the tip
  std::vector<std::string> equal;  // noted heads
  std::vector<std::string> conflicts;
  std::string own;    // our personal DMD's entry
  std::string polls;  // the tip when the others were polled three times more

  friend bool operator==(const Decision&, const Decision&) = default;
};

// The name of a snapshot that is not in the story.
std::string MadeName(std::uint32_t content, std::vector<std::string> parents);

// For people.
std::string NameOf(Local), NameOf(Path), NameOf(Current), NameOf(Own), NameOf(Theirs),
    NameOf(Queue), NameOf(Conflict);
std::string Describe(const Situation&);
std::string Describe(const Decision&);

}  // namespace kinfolder::decisions
