// What every files port promises: one suite of effects and expected events, for the real one and
// for the simulated one, so that the model can't drift away from the disk.
//
//   INSTANTIATE_TEST_SUITE_P(Real, FilesContract, testing::Values(&MakeRealFiles));
//
// A fixture is one folder with the port of one agent; a user acts on the same files.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/agent/effect.h"
#include "core/agent/event.h"

namespace kinfolder {

class FilesFixture {
 public:
  virtual ~FilesFixture() = default;

  // --- names ---
  virtual PathId Id(const std::string& path) = 0;
  virtual std::string PathOf(PathId id) = 0;
  virtual ParticipantId Other() = 0;  // another participant

  // --- the port ---
  // Carries out an effect that is answered; returns the answer.
  virtual EventBody Do(const Effect& effect) = 0;
  virtual void Drop(const DropStaged& effect) = 0;
  // Stages these bytes (of a directory: none) for `path`.
  virtual Staged Stage(const std::string& path, Kind kind, const std::string& bytes, bool exec,
                       std::int64_t mtime_ns) = 0;
  // How many files lie in the staging area.
  virtual std::size_t Beside() = 0;

  // --- the user ---
  virtual void Write(const std::string& path, const std::string& bytes) = 0;  // in place
  virtual void Save(const std::string& path, const std::string& bytes) = 0;   // by another file
  virtual void Remove(const std::string& path) = 0;
  virtual void MakeDirectory(const std::string& path) = 0;
  virtual void Link(const std::string& path, const std::string& target) = 0;
  virtual void SetExecutable(const std::string& path) = 0;
  virtual void HoldOpen(const std::string& path) = 0;  // for writing; until LetGo
  virtual void LetGo() = 0;
  // All there is: a file's bytes; "-> target" of a link; "/" of a directory.
  virtual std::map<std::string, std::string> Tree() = 0;
};

using FilesFixtureFactory = std::unique_ptr<FilesFixture> (*)();
using FileTree = std::map<std::string, std::string>;

class FilesContract : public testing::TestWithParam<FilesFixtureFactory> {
 protected:
  static constexpr std::int64_t kTime = 1'600'000'000'000'000'000;

  FilesContract() : files_(GetParam()()) {}

  template <class Answer, class E>
  Answer Ask(E effect) {
    effect.id = ++last_id_;
    const EventBody body = files_->Do(effect);
    const Answer* answer = std::get_if<Answer>(&body);
    EXPECT_NE(answer, nullptr);
    if (answer == nullptr) return {};
    EXPECT_EQ(answer->id, effect.id);
    return *answer;
  }

  Observation LookAt(const std::string& path) {
    return Ask<Looked>(Look{0, files_->Id(path)}).observation;
  }
  Stat StatAt(const std::string& path) {
    const Observation seen = LookAt(path);
    EXPECT_EQ(seen.presence, Presence::kThere) << path;
    return seen.stat;
  }
  Captured Capture(const std::string& path) {
    return Ask<Captured>(kinfolder::Capture{0, files_->Id(path)});
  }
  Staged Stage(const std::string& path, const std::string& bytes, Kind kind = Kind::kFile) {
    const Staged staged = files_->Stage(path, kind, bytes, false, kTime);
    EXPECT_EQ(staged.outcome, Outcome::kDone);
    return staged;
  }
  Replaced Put(const std::string& path, std::optional<Stat> expected, const Staged& staged) {
    return Ask<Replaced>(Replace{0, files_->Id(path), expected, false, staged.token});
  }
  Replaced Take(const std::string& path, std::optional<Stat> expected, std::uint64_t token) {
    return Ask<Replaced>(Replace{0, files_->Id(path), expected, true, token});
  }
  Settled SettleIt(const std::string& path, std::uint64_t token, const Stat& displaced) {
    return Ask<Settled>(Settle{0, files_->Id(path), token, displaced});
  }
  // Where `bytes` were put beside `path`; empty if nowhere.
  std::string PutBeside(const std::string& path, const std::string& bytes) {
    for (const auto& [name, what] : files_->Tree())
      if (what == bytes && name != path && name.rfind(path + ".", 0) == 0) return name;
    return "";
  }

  std::unique_ptr<FilesFixture> files_;
  EffectId last_id_ = 0;
};

// --- looking ---

TEST_P(FilesContract, ALookSaysThereOrGone) {
  files_->Write("d/f", "12345");
  files_->Link("l", "nowhere");
  files_->MakeDirectory("empty");
  EXPECT_EQ(StatAt("d/f").kind, Kind::kFile);
  EXPECT_EQ(StatAt("d/f").size, 5u);
  EXPECT_EQ(StatAt("l").kind, Kind::kLink);
  EXPECT_EQ(StatAt("empty").kind, Kind::kDirectory);
  for (const char* path : {"none", "none/below", "empty/none"}) {
    EXPECT_EQ(LookAt(path).presence, Presence::kGone) << path;
    EXPECT_EQ(LookAt(path).stat.kind, Kind::kDeleted) << path;
  }
  // A directory with something in it is no version: it is in the way.
  EXPECT_EQ(LookAt("d").presence, Presence::kGone);
  EXPECT_EQ(LookAt("d").stat.kind, Kind::kDirectory);
}

TEST_P(FilesContract, WhatIsBelowAFileOrALinkIsGone) {
  files_->Write("f", "file");
  files_->Write("d/x", "not through the link");
  files_->Link("l", "d");
  EXPECT_EQ(LookAt("f/x").presence, Presence::kGone);
  EXPECT_EQ(LookAt("l/x").presence, Presence::kGone);
}

TEST_P(FilesContract, StatsTellEveryChange) {
  files_->Write("f", "one");
  const Stat first = StatAt("f");
  EXPECT_EQ(StatAt("f"), first);
  EXPECT_FALSE(first.exec);
  files_->Write("f", "two");
  const Stat second = StatAt("f");
  EXPECT_EQ(second.inode, first.inode);
  EXPECT_NE(second, first);
  files_->SetExecutable("f");
  const Stat third = StatAt("f");
  EXPECT_TRUE(third.exec);
  EXPECT_EQ(third.mtime_ns, second.mtime_ns);
  EXPECT_NE(third.ctime_ns, second.ctime_ns);
  files_->Save("f", "two");
  EXPECT_NE(StatAt("f").inode, first.inode);
}

// --- capturing ---

TEST_P(FilesContract, ACaptureSaysTheVersion) {
  files_->Write("a", "same");
  files_->Write("b", "same");
  files_->Write("c", "other");
  files_->Link("l", "same");
  files_->MakeDirectory("d");
  files_->SetExecutable("b");
  const Captured a = Capture("a"), b = Capture("b"), c = Capture("c"), l = Capture("l"),
                 d = Capture("d");
  for (const Captured* each : {&a, &b, &c, &l, &d}) EXPECT_EQ(each->outcome, Outcome::kDone);
  EXPECT_EQ(a.stat, StatAt("a"));
  EXPECT_TRUE(a.version.content);
  EXPECT_EQ(a.version.content, b.version.content);
  EXPECT_NE(a.version.content, c.version.content);
  EXPECT_FALSE(a.version.exec);
  EXPECT_TRUE(b.version.exec);
  EXPECT_EQ(l.version.kind, Kind::kLink);
  EXPECT_EQ(l.version.content, a.version.content);
  EXPECT_EQ(d.version.kind, Kind::kDirectory);
  EXPECT_FALSE(d.version.content);
}

TEST_P(FilesContract, WhatIsGoneIsNotCaptured) {
  files_->Write("d/f", "inside");
  EXPECT_EQ(Capture("none").outcome, Outcome::kRefused);
  EXPECT_EQ(Capture("d/f/x").outcome, Outcome::kRefused);
  EXPECT_EQ(Capture("d").outcome, Outcome::kRefused);
}

// --- putting ---

TEST_P(FilesContract, ANewFileIsPutWithItsParents) {
  const Staged staged = files_->Stage("d/e/f", Kind::kFile, "new", true, kTime);
  EXPECT_EQ(files_->Beside(), 1u);
  const Replaced put = Put("d/e/f", std::nullopt, staged);
  EXPECT_EQ(put.outcome, Outcome::kDone);
  EXPECT_FALSE(put.displaced);
  EXPECT_EQ(put.stat, StatAt("d/e/f"));
  EXPECT_EQ(put.stat.inode, staged.stat.inode);
  EXPECT_EQ(put.stat.mtime_ns, kTime);
  EXPECT_TRUE(put.stat.exec);
  EXPECT_EQ(files_->Tree(), (FileTree{{"d", "/"}, {"d/e", "/"}, {"d/e/f", "new"}}));
  EXPECT_EQ(files_->Beside(), 0u);
}

TEST_P(FilesContract, ANewFileReplacesNothing) {
  const Staged staged = Stage("f", "new");
  files_->Write("f", "the user's");
  const Replaced put = Put("f", std::nullopt, staged);
  EXPECT_EQ(put.outcome, Outcome::kRefused);
  EXPECT_EQ(put.stat, StatAt("f"));
  EXPECT_EQ(files_->Tree(), (FileTree{{"f", "the user's"}}));
  EXPECT_EQ(files_->Beside(), 1u);
  files_->Drop({staged.token});
  EXPECT_EQ(files_->Beside(), 0u);
}

TEST_P(FilesContract, WhatIsReplacedIsKeptUntilItIsSettled) {
  files_->Write("f", "old");
  const Stat old = StatAt("f");
  const Staged staged = Stage("f", "new");
  const Replaced put = Put("f", old, staged);
  ASSERT_EQ(put.outcome, Outcome::kDone);
  EXPECT_EQ(put.stat, StatAt("f"));
  ASSERT_TRUE(put.displaced);
  EXPECT_EQ(put.displaced_stat.inode, old.inode);
  EXPECT_EQ(files_->Beside(), 1u);
  EXPECT_EQ(SettleIt("f", staged.token, put.displaced_stat).outcome, Outcome::kDone);
  EXPECT_EQ(files_->Beside(), 0u);
  EXPECT_EQ(files_->Tree(), (FileTree{{"f", "new"}}));
  EXPECT_EQ(SettleIt("f", staged.token, put.displaced_stat).outcome, Outcome::kDone);
}

TEST_P(FilesContract, WhatIsNotExpectedIsNotReplaced) {
  files_->Write("edited", "old");
  files_->Write("gone", "old");
  const Stat edited = StatAt("edited"), gone = StatAt("gone");
  files_->Write("edited", "the user's");
  files_->Remove("gone");
  const Staged one = Stage("edited", "new"), two = Stage("gone", "new");
  EXPECT_EQ(Put("edited", edited, one).outcome, Outcome::kRefused);
  EXPECT_EQ(Put("gone", gone, two).outcome, Outcome::kRefused);
  EXPECT_EQ(Take("edited", edited, 7).outcome, Outcome::kRefused);
  EXPECT_EQ(Take("gone", gone, 8).outcome, Outcome::kRefused);
  EXPECT_EQ(Take("edited", std::nullopt, 9).outcome, Outcome::kRefused);
  EXPECT_EQ(files_->Tree(), (FileTree{{"edited", "the user's"}}));
  EXPECT_EQ(files_->Beside(), 2u);
}

TEST_P(FilesContract, LinksAreReplacedNotFollowed) {
  files_->Write("target", "untouched");
  files_->Link("l", "target");
  const Staged staged = Stage("l", "a file now");
  EXPECT_EQ(Put("l", StatAt("l"), staged).outcome, Outcome::kDone);
  files_->MakeDirectory("d");
  files_->Link("way", "d");
  const Staged below = Stage("way/f", "not through the link");
  const Replaced clash = Put("way/f", std::nullopt, below);
  EXPECT_EQ(clash.outcome, Outcome::kFailed);
  EXPECT_EQ(clash.reason, Reason::kNameClash);
  const Staged link = Stage("m", "target", Kind::kLink);
  EXPECT_EQ(Put("m", std::nullopt, link).stat.kind, Kind::kLink);
  const FileTree wanted = {{"target", "untouched"},
                           {"l", "a file now"},
                           {"d", "/"},
                           {"way", "-> d"},
                           {"m", "-> target"}};
  EXPECT_EQ(files_->Tree(), wanted);
}

// --- files and directories at one path ---

TEST_P(FilesContract, FilesAndDirectoriesClash) {
  files_->Write("d/inside", "x");
  files_->MakeDirectory("empty");
  files_->Write("f", "x");
  for (const char* path : {"d", "empty", "f/below"}) {
    const Replaced put = Put(path, std::nullopt, Stage(path, "new"));
    EXPECT_EQ(put.outcome, Outcome::kFailed) << path;
    EXPECT_EQ(put.reason, Reason::kNameClash) << path;
  }
  const Stat file = StatAt("f");
  EXPECT_EQ(Take("d", file, 7).reason, Reason::kNameClash);
  EXPECT_EQ(Take("empty", file, 7).reason, Reason::kNameClash);
  EXPECT_EQ(Take("f/below", file, 7).outcome, Outcome::kRefused);
  EXPECT_EQ(Take("f/below", std::nullopt, 7).outcome, Outcome::kDone);
  EXPECT_EQ(Put("f/below", file, Stage("f/below", "new")).outcome, Outcome::kRefused);
  EXPECT_EQ(files_->Tree(), (FileTree{{"d", "/"}, {"d/inside", "x"}, {"empty", "/"}, {"f", "x"}}));
}

TEST_P(FilesContract, AnExpectedEmptyDirectoryGivesWay) {
  files_->MakeDirectory("d");
  const Replaced put = Put("d", StatAt("d"), Stage("d", "a file"));
  EXPECT_EQ(put.outcome, Outcome::kDone);
  EXPECT_FALSE(put.displaced);
  EXPECT_EQ(files_->Tree(), (FileTree{{"d", "a file"}}));
  EXPECT_EQ(files_->Beside(), 0u);
}

TEST_P(FilesContract, AnEmptyDirectoryIsThereIfOneIs) {
  const Staged first = Stage("d", "", Kind::kDirectory);
  const Replaced made = Put("d", std::nullopt, first);
  EXPECT_EQ(made.outcome, Outcome::kDone);
  EXPECT_EQ(made.stat.kind, Kind::kDirectory);
  files_->Write("d/f", "in use");
  EXPECT_EQ(Put("d", std::nullopt, Stage("d", "", Kind::kDirectory)).outcome, Outcome::kDone);
  EXPECT_EQ(Take("d", made.stat, 7).outcome, Outcome::kDone);
  EXPECT_EQ(files_->Tree(), (FileTree{{"d", "/"}, {"d/f", "in use"}}));
  EXPECT_EQ(files_->Beside(), 0u);
}

// --- removing ---

TEST_P(FilesContract, ARemovalTakesEmptyParentsAlong) {
  files_->Write("d/e/f", "old");
  files_->Write("d/other", "stays");
  const Replaced taken = Take("d/e/f", StatAt("d/e/f"), 7);
  ASSERT_EQ(taken.outcome, Outcome::kDone);
  EXPECT_EQ(taken.stat.kind, Kind::kDeleted);
  ASSERT_TRUE(taken.displaced);
  EXPECT_EQ(files_->Tree(), (FileTree{{"d", "/"}, {"d/other", "stays"}}));
  EXPECT_EQ(files_->Beside(), 1u);
  EXPECT_EQ(SettleIt("d/e/f", 7, taken.displaced_stat).outcome, Outcome::kDone);
  EXPECT_EQ(files_->Beside(), 0u);
}

TEST_P(FilesContract, RemovingNothingIsDone) {
  const Replaced taken = Take("none", std::nullopt, 7);
  EXPECT_EQ(taken.outcome, Outcome::kDone);
  EXPECT_FALSE(taken.displaced);
  files_->MakeDirectory("d");
  EXPECT_EQ(Take("d", StatAt("d"), 8).outcome, Outcome::kDone);
  EXPECT_TRUE(files_->Tree().empty());
  EXPECT_EQ(files_->Beside(), 0u);
}

// --- settling ---

TEST_P(FilesContract, ADisplacedFileThatChangedIsPutBeside) {
  files_->Write("f", "old");
  const Staged staged = Stage("f", "new");
  const Replaced put = Put("f", StatAt("f"), staged);
  ASSERT_TRUE(put.displaced);
  Stat other = put.displaced_stat;
  other.mtime_ns -= 1;
  EXPECT_EQ(SettleIt("f", staged.token, other).outcome, Outcome::kRefused);
  EXPECT_NE(PutBeside("f", "old"), "");
  EXPECT_EQ(files_->Tree().at("f"), "new");
  EXPECT_EQ(files_->Beside(), 0u);
}

TEST_P(FilesContract, ADisplacedFileThatIsBeingWrittenWaits) {
  files_->Write("f", "old");
  files_->HoldOpen("f");
  const Staged staged = Stage("f", "new");
  const Replaced put = Put("f", StatAt("f"), staged);
  ASSERT_TRUE(put.displaced);
  const Settled waits = SettleIt("f", staged.token, put.displaced_stat);
  EXPECT_EQ(waits.outcome, Outcome::kFailed);
  EXPECT_EQ(waits.reason, Reason::kUnstable);
  EXPECT_EQ(files_->Beside(), 1u);
  files_->LetGo();
  EXPECT_EQ(SettleIt("f", staged.token, put.displaced_stat).outcome, Outcome::kDone);
  EXPECT_EQ(files_->Tree(), (FileTree{{"f", "new"}}));
}

// --- recovery: which inode is where ---

TEST_P(FilesContract, RecoveryTellsWhetherAFileWasPut) {
  files_->Write("f", "old");
  const Stat old = StatAt("f");
  Staged staged = Stage("f", "new");
  const auto recover = [&] {
    return Ask<Replaced>(RecoverReplace{0, files_->Id("f"), old, false, staged.token, staged.stat});
  };
  EXPECT_EQ(recover().outcome, Outcome::kRefused);
  // What waits to be placed stays until the core has taken down that it was not.
  EXPECT_EQ(files_->Beside(), 1u);
  EXPECT_EQ(recover().outcome, Outcome::kRefused);
  files_->Drop({staged.token});
  EXPECT_EQ(files_->Beside(), 0u);
  EXPECT_EQ(files_->Tree(), (FileTree{{"f", "old"}}));
  staged = Stage("f", "new");
  ASSERT_EQ(Put("f", old, staged).outcome, Outcome::kDone);
  const Replaced done = recover();
  EXPECT_EQ(done.outcome, Outcome::kDone);
  EXPECT_EQ(done.stat, StatAt("f"));
  EXPECT_TRUE(done.displaced);
  // An edit since then is not what was put: the next look sees it.
  files_->Write("f", "the user's");
  const Replaced edited = recover();
  EXPECT_EQ(edited.outcome, Outcome::kDone);
  EXPECT_NE(edited.stat, StatAt("f"));
  ASSERT_TRUE(edited.displaced);
  EXPECT_EQ(SettleIt("f", staged.token, edited.displaced_stat).outcome, Outcome::kDone);
  EXPECT_EQ(recover().outcome, Outcome::kDone);
  EXPECT_FALSE(recover().displaced);
  EXPECT_EQ(files_->Tree(), (FileTree{{"f", "the user's"}}));
}

TEST_P(FilesContract, RecoveryTellsWhetherAFileWasRemoved) {
  files_->Write("f", "old");
  const Stat old = StatAt("f");
  const RecoverReplace recover = {0, files_->Id("f"), old, true, 7, {}};
  EXPECT_EQ(Ask<Replaced>(recover).outcome, Outcome::kRefused);
  const Replaced taken = Take("f", old, 7);
  ASSERT_EQ(taken.outcome, Outcome::kDone);
  const Replaced done = Ask<Replaced>(recover);
  EXPECT_EQ(done.outcome, Outcome::kDone);
  EXPECT_TRUE(done.displaced);
  EXPECT_EQ(SettleIt("f", 7, done.displaced_stat).outcome, Outcome::kDone);
  EXPECT_EQ(Ask<Replaced>(recover).outcome, Outcome::kDone);
  EXPECT_FALSE(Ask<Replaced>(recover).displaced);
}

// --- conflict copies ---

TEST_P(FilesContract, ACopyTakesAFreeNameOfItsOwn) {
  const auto place = [&](std::uint32_t attempt, const Staged& staged) {
    return Ask<CopyPlaced>(PlaceCopy{0, files_->Id("d/f"), files_->Other(), attempt, staged.token});
  };
  files_->Write("d/f", "mine");
  const CopyPlaced first = place(1, Stage("d/f", "theirs"));
  ASSERT_EQ(first.outcome, Outcome::kDone);
  const std::string name = files_->PathOf(first.copy);
  EXPECT_EQ(name.rfind("d/f.conflict-", 0), 0u) << name;
  EXPECT_EQ(first.stat, StatAt(name));
  EXPECT_EQ(LookAt(name).copy_of, files_->Id("d/f"));
  EXPECT_EQ(LookAt(name).copy_owner, files_->Other());
  const Staged newer = Stage("d/f", "theirs, newer");
  EXPECT_EQ(place(1, newer).outcome, Outcome::kRefused);
  const CopyPlaced second = place(2, newer);
  ASSERT_EQ(second.outcome, Outcome::kDone);
  EXPECT_NE(second.copy, first.copy);
  EXPECT_EQ(files_->Tree().at(name), "theirs");
  EXPECT_EQ(files_->Tree().at("d/f"), "mine");
  EXPECT_EQ(files_->Beside(), 0u);
}

TEST_P(FilesContract, ACopyGoesOnlyIfItIsStillTheCopy) {
  const PathId path = files_->Id("f");
  const CopyPlaced placed =
      Ask<CopyPlaced>(PlaceCopy{0, path, files_->Other(), 1, Stage("f", "theirs").token});
  const std::string name = files_->PathOf(placed.copy);
  const RemoveCopy remove = {0, path, placed.copy, placed.stat, false};
  files_->Write(name, "edited");
  EXPECT_EQ(Ask<CopyRemoved>(remove).outcome, Outcome::kRefused);
  EXPECT_EQ(files_->Tree(), (FileTree{{name, "edited"}}));
  RemoveCopy release = remove;
  release.release = true;
  EXPECT_EQ(Ask<CopyRemoved>(release).outcome, Outcome::kRefused);
  EXPECT_EQ(files_->Tree().count(name), 0u);
  EXPECT_NE(PutBeside("f", "edited"), "");
  EXPECT_EQ(Ask<CopyRemoved>(remove).outcome, Outcome::kDone);
  EXPECT_EQ(Ask<CopyRemoved>(release).outcome, Outcome::kDone);
  const CopyPlaced again =
      Ask<CopyPlaced>(PlaceCopy{0, path, files_->Other(), 1, Stage("f", "theirs").token});
  EXPECT_EQ(Ask<CopyRemoved>(RemoveCopy{0, path, again.copy, again.stat, false}).outcome,
            Outcome::kDone);
  EXPECT_EQ(files_->Tree().size(), 1u);
  EXPECT_EQ(files_->Beside(), 0u);
}

}  // namespace kinfolder
