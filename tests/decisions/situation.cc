#include "tests/decisions/situation.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace kinfolder::decisions {

namespace {

template <class Enum, Enum last>
std::vector<Enum> AllOf() {
  std::vector<Enum> all;
  for (int i = 0; i <= static_cast<int>(last); ++i) all.push_back(static_cast<Enum>(i));
  return all;
}

template <class Enum, std::size_t n>
std::string Pick(const std::array<const char*, n>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

class Teller {
 public:
  explicit Teller(const Situation& situation) : s_(situation) {}

  Story Tell() {
    if (s_.current != Current::kNone || s_.path == Path::kUnrecorded) {
      first_ = Add("P", kFirstContent, {});
      base_ = Add("O", kBaseContent, {first_});
    }
    TellCurrent();
    if (s_.queue != Queue::kEmpty) story_.queued = Add("L", kQueuedContent, On(story_.current));
    if (s_.conflict == Conflict::kShown) story_.conflict = Add("C", kConflictContent, {});
    TellTheirs();
    story_.disk = Disk();
    return story_;
  }

 private:
  int Add(const char* name, std::uint32_t content, std::vector<int> parents) {
    story_.snapshots.push_back({name, content, std::move(parents)});
    return static_cast<int>(story_.snapshots.size()) - 1;
  }
  static std::vector<int> On(int snapshot) {
    return snapshot < 0 ? std::vector<int>{} : std::vector<int>{snapshot};
  }

  void TellCurrent() {
    switch (s_.current) {
      case Current::kNone:
        return;
      case Current::kBase:
        story_.current = base_;
        return;
      case Current::kOurs:
        story_.current = Add("A", kOurContent, {base_});
        story_.behind = base_;
        return;
      case Current::kOursBack:
        story_.behind = Add("A", kOurContent, {base_});
        story_.current = Add("B", kBaseContent, {story_.behind});
        return;
      case Current::kOurDelete:
        story_.current = Add("D", 0, {base_});
        story_.behind = base_;
        return;
    }
  }

  void TellTheirs() {
    // Of a file that nothing is known of here, the others' history is the base's.
    const int on = s_.path == Path::kUnrecorded ? base_ : story_.current;
    const int below = on == base_ ? first_ : base_;
    const std::uint32_t same = on < 0 ? kBaseContent : story_.ContentOf(on);
    const auto head = [&](std::uint32_t content, std::vector<int> parents) {
      story_.theirs = Add("H", content, std::move(parents));
    };
    switch (s_.theirs) {
      case Theirs::kNoHead:
        return;
      case Theirs::kSame:
        story_.theirs = on;
        return;
      case Theirs::kOlder:
        story_.theirs = below;
        return;
      case Theirs::kNewerContent:
        return head(kTheirContent, On(on));
      case Theirs::kNewerSameVersion:
        return head(same, On(on));
      case Theirs::kNewerDelete:
        return head(0, On(on));
      case Theirs::kNewerAsQueued:
        return head(kQueuedContent, On(on));
      case Theirs::kBesideSameVersion:
        return head(same, On(below));
      case Theirs::kBesideContent:
      case Theirs::kUnreadable:
        return head(kTheirContent, On(below));
      case Theirs::kBesideBack:
        return head(story_.ContentOf(below), {Add("M", kPassingContent, On(below))});
      case Theirs::kBesideDelete:
        return head(0, On(below));
      case Theirs::kStrangerSameVersion:
        return head(same, {});
      case Theirs::kStrangerContent:
        return head(kTheirContent, {});
    }
  }

  std::uint32_t Disk() const {
    if (s_.local == Local::kMissing) return 0;
    if (s_.local == Local::kEdited) return kEditedContent;
    if (s_.local == Local::kTheirBytes) return story_.ContentOf(story_.theirs);
    return s_.path == Path::kUnrecorded ? kBaseContent : story_.ContentOf(story_.tip());
  }

  const Situation& s_;
  Story story_;
  int first_ = -1, base_ = -1;
};

// Whether there can be such a path at all.
bool CanBeState(const Situation& s) {
  const bool queued = s.queue != Queue::kEmpty, shown = s.conflict == Conflict::kShown;
  if (s.path == Path::kUnrecorded)
    return s.current == Current::kNone && !queued && !shown && s.own == Own::kLinked &&
           s.local != Local::kMissing;
  if (s.path == Path::kReadOnly && (queued || s.own == Own::kBehind ||
                                    (s.current != Current::kNone && s.current != Current::kBase)))
    return false;
  if (s.current == Current::kNone && s.own == Own::kBehind) return false;
  if (shown && !queued && (s.current == Current::kNone || s.current == Current::kOurDelete))
    return false;
  // Of a path that is not known here the core hears nothing when it is ignored.
  if (s.path == Path::kIgnored && s.current == Current::kNone && !queued) return false;
  // Deletes are held whatever is queued; that is enough of it.
  return s.path != Path::kHolding || s.own == Own::kLinked;
}

bool CanBeTheirs(const Situation& s) {
  const bool known = s.current != Current::kNone || s.path == Path::kUnrecorded;
  if (s.theirs == Theirs::kNewerAsQueued) return s.queue != Queue::kEmpty;
  if (known) {
    const bool deleted = s.current == Current::kOurDelete;
    return !deleted ||
           (s.theirs != Theirs::kNewerDelete && s.theirs != Theirs::kStrangerSameVersion);
  }
  return s.theirs == Theirs::kNoHead || s.theirs == Theirs::kStrangerContent ||
         s.theirs == Theirs::kUnreadable;
}

bool CanBeLocal(const Situation& s, const Story& story) {
  const std::uint32_t recorded =
      s.path == Path::kUnrecorded ? kBaseContent : story.ContentOf(story.tip());
  if (s.local == Local::kMissing) return recorded != 0;
  if (s.local != Local::kTheirBytes) return true;
  return s.theirs != Theirs::kUnreadable && story.disk != 0 && story.disk != recorded;
}

std::string Join(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

}  // namespace

Story StoryOf(const Situation& situation) { return Teller(situation).Tell(); }

std::vector<Situation> AllSituations() {
  std::vector<Situation> all;
  for (const Path path : AllOf<Path, Path::kPaused>())
    for (const Current current : AllOf<Current, Current::kOurDelete>())
      for (const Queue queue : AllOf<Queue, Queue::kUploading>())
        for (const Conflict conflict : AllOf<Conflict, Conflict::kShown>())
          for (const Own own : AllOf<Own, Own::kBehind>())
            for (const Theirs theirs : AllOf<Theirs, Theirs::kUnreadable>())
              for (const Local local : AllOf<Local, Local::kTheirBytes>()) {
                const Situation s{local, path, current, own, theirs, queue, conflict};
                if (CanBeState(s) && CanBeTheirs(s) && CanBeLocal(s, StoryOf(s))) all.push_back(s);
              }
  return all;
}

std::string MadeName(std::uint32_t content, std::vector<std::string> parents) {
  for (std::string& parent : parents)
    if (parent.find('<') != std::string::npos) parent = "(" + parent + ")";
  std::sort(parents.begin(), parents.end());
  return std::to_string(content) + "<" + Join(parents, "+");
}

std::string NameOf(Local value) {
  return Pick(std::array{"as recorded", "missing", "edited to 4", "their bytes"}, value);
}
std::string NameOf(Path value) {
  return Pick(std::array{"ordinary", "file without a record", "read-only participant",
                         "every delete is held", "ignored", "paused"},
              value);
}
std::string NameOf(Current value) {
  return Pick(std::array{"none", "O (1)", "A (2) on O", "B (1) on A (2) on O", "D (deleted) on O"},
              value);
}
std::string NameOf(Own value) {
  return Pick(std::array{"our entry up to date", "our entry behind"}, value);
}
std::string NameOf(Theirs value) {
  return Pick(
      std::array{"no head", "the same", "older", "newer, 3", "newer, same version", "newer, delete",
                 "newer, 6 as queued", "beside, same version", "beside, 3", "beside, changed back",
                 "beside, delete", "stranger, same version", "stranger, 3", "cannot be read"},
      value);
}
std::string NameOf(Queue value) {
  return Pick(std::array{"nothing unpublished", "L (6) unpublished", "L (6) being uploaded"},
              value);
}
std::string NameOf(Conflict value) {
  return Pick(std::array{"no conflict", "C (5) in conflict"}, value);
}

std::string Describe(const Situation& s) {
  return NameOf(s.path) + "; current " + NameOf(s.current) + "; " + NameOf(s.queue) + "; " +
         NameOf(s.conflict) + "; " + NameOf(s.own) + "; theirs: " + NameOf(s.theirs) +
         "; disk: " + NameOf(s.local);
}

std::string Describe(const Decision& d) {
  std::string text = d.file == 0 ? "no file" : "file " + std::to_string(d.file);
  for (const std::uint32_t copy : d.copies) text += ", copy " + std::to_string(copy);
  text += "; at " + (d.mine.empty() ? "nothing" : d.mine);
  if (!d.equal.empty()) text += "; equal " + Join(d.equal, " ");
  if (!d.conflicts.empty()) text += "; conflicts " + Join(d.conflicts, " ");
  if (d.own != d.mine) text += "; links " + (d.own.empty() ? "nothing" : d.own);
  if (d.polls != d.mine) text += "; later at " + d.polls;
  return text;
}

}  // namespace kinfolder::decisions
