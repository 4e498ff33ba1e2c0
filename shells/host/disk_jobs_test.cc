// What happens to a user's files, on the real file system.
#include "shells/host/disk_jobs.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "shells/grid/hash.h"
#include "shells/host/convert.h"
#include "shells/host/store_jobs.h"
#include "shells/store/dir_store.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

class TextSource : public ContentSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> Read(std::span<std::byte> out) override {
    const std::size_t count = std::min(out.size(), text_.size());
    std::memcpy(out.data(), text_.data(), count);
    text_.erase(0, count);
    return count;
  }

 private:
  std::string text_;
};

class DiskJobs : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* base = std::getenv("TEST_TMPDIR");
    dir_ = std::string(base != nullptr ? base : "/tmp") + "/disk_jobs_XXXXXX";
    ASSERT_NE(mkdtemp(dir_.data()), nullptr);
    Open({});
  }
  void Open(ApplyOptions options) {
    Result<Root> root = Root::Open(dir_, RootMarker{"folder", "state"});
    ASSERT_TRUE(root.ok());
    ASSERT_TRUE(root.value().CreateMarker().ok());
    disk_ = std::make_unique<DiskSide>(std::move(root).value(), "me", std::move(options));
  }
  void TearDown() override { fs::remove_all(dir_); }

  void Write(const std::string& path, const std::string& text) {
    std::ofstream(dir_ + "/" + path, std::ios::trunc) << text;
  }
  std::string Read(const std::string& path) {
    std::ifstream in(dir_ + "/" + path);
    std::ostringstream text;
    text << in.rdbuf();
    return in.is_open() ? text.str() : "(none)";
  }
  Stat StatOf(const std::string& path) {
    const DiskLook look = LookAt(disk_->root, {path});
    EXPECT_EQ(look.presence, DiskPresence::kThere);
    return ToStat(look.stat);
  }
  Stat Stage(std::uint64_t token, const std::string& text) {
    TextSource source(text);
    const Result<FileStat> staged =
        disk_->applier.Stage(Applier::TmpName(token), StageRequest{}, &source);
    EXPECT_TRUE(staged.ok()) << staged.error().text;
    return ToStat(staged.value());
  }
  std::size_t LeftInTmp() { return disk_->applier.RecoverListing().value().size(); }
  std::set<std::string> Names() {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_))
      if (entry.path().filename() != ".kinfolder") names.insert(entry.path().filename());
    return names;
  }

  std::string dir_;
  std::unique_ptr<DiskSide> disk_;
};

TEST_F(DiskJobs, ReplacesWhatIsExpectedAndSettles) {
  Write("f", "old");
  Stage(1, "new");
  const Stat expected = StatOf("f");
  const auto replaced = ReplaceMany(*disk_, {{{"f"}, expected, false, 1}});
  ASSERT_EQ(replaced[0].outcome, Outcome::kDone);
  EXPECT_EQ(Read("f"), "new");
  EXPECT_EQ(replaced[0].stat, StatOf("f"));
  ASSERT_TRUE(replaced[0].displaced);
  const auto settled = SettleMany(*disk_, {{{"f"}, 1, replaced[0].displaced_stat}});
  EXPECT_EQ(settled[0].outcome, Outcome::kDone);
  EXPECT_EQ(LeftInTmp(), 0u);
}

TEST_F(DiskJobs, RefusesWhatWasEdited) {
  Write("f", "old");
  const Stat expected = StatOf("f");
  Write("f", "edited meanwhile");
  Stage(1, "new");
  const auto replaced = ReplaceMany(*disk_, {{{"f"}, expected, false, 1}});
  EXPECT_EQ(replaced[0].outcome, Outcome::kRefused);
  EXPECT_EQ(replaced[0].stat, StatOf("f"));
  EXPECT_EQ(Read("f"), "edited meanwhile");
}

// The edit comes between the last look and the exchange.
TEST_F(DiskJobs, AnEditInTheLastMomentIsPutBack) {
  Write("f", "old");
  const Stat expected = StatOf("f");
  bool edited = false;
  ApplyOptions options;
  options.in_gap = [&] {
    if (!std::exchange(edited, true)) Write("f", "edited in the gap");
  };
  Open(options);
  Stage(1, "new");
  const auto replaced = ReplaceMany(*disk_, {{{"f"}, expected, false, 1}});
  EXPECT_EQ(replaced[0].outcome, Outcome::kRefused);
  EXPECT_EQ(Read("f"), "edited in the gap");
  DropStagedMany(*disk_, {1});
  EXPECT_EQ(LeftInTmp(), 0u);
  EXPECT_EQ(Names(), std::set<std::string>{"f"});
}

// And another one before it could be put back: both edits are kept.
TEST_F(DiskJobs, TwoEditsInTheLastMomentsAreBothKept) {
  Write("f", "old");
  const Stat expected = StatOf("f");
  int edits = 0;
  ApplyOptions options;
  options.in_gap = [&] {
    if (++edits > 2) return;
    // As editors do: another file under the name.
    Write("f.part", "edit " + std::to_string(edits));
    fs::rename(dir_ + "/f.part", dir_ + "/f");
  };
  Open(options);
  Stage(1, "new");
  const auto replaced = ReplaceMany(*disk_, {{{"f"}, expected, false, 1}});
  EXPECT_EQ(replaced[0].outcome, Outcome::kRefused);
  EXPECT_EQ(Names(), (std::set<std::string>{"f", "f.edited-me"}));
  EXPECT_EQ((std::set<std::string>{Read("f"), Read("f.edited-me")}),
            (std::set<std::string>{"edit 1", "edit 2"}));
}

TEST_F(DiskJobs, ADisplacedFileThatChangedIsPutBeside) {
  Write("f", "old");
  std::ofstream open_file(dir_ + "/f", std::ios::app);
  Stage(1, "new");
  const auto replaced = ReplaceMany(*disk_, {{{"f"}, StatOf("f"), false, 1}});
  ASSERT_EQ(replaced[0].outcome, Outcome::kDone);
  const auto waiting = SettleMany(*disk_, {{{"f"}, 1, replaced[0].displaced_stat}});
  EXPECT_EQ(waiting[0].outcome, Outcome::kFailed);
  open_file << " and more";
  open_file.close();
  Write("f.edited-me", "taken");
  const auto settled = SettleMany(*disk_, {{{"f"}, 1, replaced[0].displaced_stat}});
  EXPECT_EQ(settled[0].outcome, Outcome::kRefused);
  EXPECT_EQ(Read("f.edited-me-2"), "old and more");
  EXPECT_EQ(Read("f.edited-me"), "taken");
  EXPECT_EQ(Read("f"), "new");
}

TEST_F(DiskJobs, ADirectoryInTheWayIsANameClash) {
  fs::create_directories(dir_ + "/f/inside");
  Stage(1, "new");
  const auto replaced = ReplaceMany(*disk_, {{{"f"}, std::nullopt, false, 1}});
  EXPECT_EQ(replaced[0].outcome, Outcome::kFailed);
  EXPECT_EQ(replaced[0].reason, Reason::kNameClash);
  Write("g", "a file");
  const auto below = ReplaceMany(*disk_, {{{"g", "h"}, std::nullopt, false, 1}});
  EXPECT_EQ(below[0].outcome, Outcome::kFailed);
  EXPECT_EQ(below[0].reason, Reason::kNameClash);
}

TEST_F(DiskJobs, RemovesAndTakesEmptyParentsAlong) {
  fs::create_directories(dir_ + "/d/e");
  Write("d/e/f", "old");
  const Stat expected = ToStat(LookAt(disk_->root, {"d", "e", "f"}).stat);
  const auto removed = ReplaceMany(*disk_, {{{"d", "e", "f"}, expected, true, 5, 2}});
  ASSERT_EQ(removed[0].outcome, Outcome::kDone);
  EXPECT_TRUE(Names().empty());
  ASSERT_TRUE(removed[0].displaced);
  EXPECT_EQ(SettleMany(*disk_, {{{"d", "e", "f"}, 5, removed[0].displaced_stat}})[0].outcome,
            Outcome::kDone);
  EXPECT_EQ(LeftInTmp(), 0u);
}

TEST_F(DiskJobs, RecoveryTellsWhatTookPlace) {
  Write("f", "old");
  const Stat expected = StatOf("f");
  const Stat staged = Stage(1, "new");
  const ReplaceItem item{{"f"}, expected, false, 1};
  EXPECT_EQ(RecoverOne(*disk_, item, staged).outcome, Outcome::kRefused);
  // The same once more if nobody has heard that; also if what was staged is gone.
  EXPECT_EQ(RecoverOne(*disk_, item, staged).outcome, Outcome::kRefused);
  EXPECT_EQ(LeftInTmp(), 1u);
  DropStagedMany(*disk_, {1});
  EXPECT_EQ(RecoverOne(*disk_, item, staged).outcome, Outcome::kRefused);
  const Stat again = Stage(1, "new");
  ASSERT_EQ(ReplaceMany(*disk_, {item})[0].outcome, Outcome::kDone);
  const ReplaceResult done = RecoverOne(*disk_, item, again);
  EXPECT_EQ(done.outcome, Outcome::kDone);
  EXPECT_EQ(done.stat, StatOf("f"));
  EXPECT_TRUE(done.displaced);
  Write("f", "edited after the exchange");
  const ReplaceResult edited = RecoverOne(*disk_, item, again);
  EXPECT_EQ(edited.outcome, Outcome::kDone);
  EXPECT_NE(edited.stat, StatOf("f"));
}

TEST_F(DiskJobs, RecoveryOfTwoNamesForOneFile) {
  Write("f", "old");
  const std::string in_tmp = dir_ + "/.kinfolder/tmp/" + Applier::TmpName(1);
  const Stat staged = Stage(1, "new");
  std::filesystem::remove(in_tmp);
  std::filesystem::create_hard_link(dir_ + "/f", in_tmp);
  EXPECT_EQ(RecoverOne(*disk_, {{"f"}, StatOf("f"), false, 1}, staged).outcome, Outcome::kRefused);
  EXPECT_EQ(Read("f"), "old");
  EXPECT_EQ(LeftInTmp(), 0u);
  std::filesystem::create_hard_link(dir_ + "/f", in_tmp);
  EXPECT_EQ(RecoverOne(*disk_, {{"f"}, StatOf("f"), true, 1}, {}).outcome, Outcome::kRefused);
  EXPECT_EQ(Read("f"), "old");
  EXPECT_EQ(LeftInTmp(), 0u);
  const Stat placed = Stage(1, "new");
  std::filesystem::rename(in_tmp, dir_ + "/f");
  std::filesystem::create_hard_link(dir_ + "/f", in_tmp);
  const ReplaceResult done = RecoverOne(*disk_, {{"f"}, Stat{}, false, 1}, placed);
  EXPECT_EQ(done.outcome, Outcome::kDone);
  EXPECT_FALSE(done.displaced);
  EXPECT_EQ(Read("f"), "new");
  EXPECT_EQ(LeftInTmp(), 0u);
}

TEST_F(DiskJobs, RecoveryOfAFileAtNeitherName) {
  const Stat staged = Stage(1, "new");
  ReplaceItem item{{"f"}, std::nullopt, false, 1};
  ASSERT_EQ(ReplaceMany(*disk_, {item})[0].outcome, Outcome::kDone);
  std::filesystem::remove(dir_ + "/f");
  EXPECT_EQ(RecoverOne(*disk_, item, staged).outcome, Outcome::kDone) << "a user removed it";
  item.gone_is_undone = true;
  EXPECT_EQ(RecoverOne(*disk_, item, staged).outcome, Outcome::kRefused);
}

TEST_F(DiskJobs, AFileGivesWayUnderAFreeName) {
  Write("f", "mine");
  Write("f~file", "somebody's");
  const Stat expected = StatOf("f");
  const auto moved = MoveAsideMany(*disk_, {{{"f"}, expected}});
  ASSERT_EQ(moved[0].outcome, Outcome::kDone);
  EXPECT_EQ(moved[0].to, DiskPath{"f~file-2"});
  EXPECT_EQ(moved[0].look.look.stat.inode, expected.inode);
  EXPECT_EQ(Read("f~file-2"), "mine");
  EXPECT_EQ(Read("f~file"), "somebody's");
  EXPECT_EQ(Names(), (std::set<std::string>{"f~file", "f~file-2"}));
}

TEST_F(DiskJobs, OnlyTheFileThatIsExpectedGivesWay) {
  Write("f", "mine");
  const Stat expected = StatOf("f");
  Write("f", "edited meanwhile");
  EXPECT_EQ(MoveAsideMany(*disk_, {{{"f"}, expected}})[0].outcome, Outcome::kRefused);
  fs::remove(dir_ + "/f");
  EXPECT_EQ(MoveAsideMany(*disk_, {{{"f"}, expected}})[0].outcome, Outcome::kRefused);
  EXPECT_TRUE(Names().empty());
}

// The directory comes between the last look and the rename.
TEST_F(DiskJobs, ADirectoryDoesNotGiveWay) {
  Write("f", "mine");
  const Stat expected = StatOf("f");
  ApplyOptions options;
  options.in_gap = [&] {
    fs::remove(dir_ + "/f");
    fs::create_directory(dir_ + "/f");
    Write("f/x", "inside");
  };
  Open(options);
  EXPECT_EQ(MoveAsideMany(*disk_, {{{"f"}, expected}})[0].outcome, Outcome::kRefused);
  EXPECT_EQ(Read("f/x"), "inside");
  EXPECT_EQ(Names(), std::set<std::string>{"f"});
}

TEST_F(DiskJobs, CopiesAreRemovedOnlyUnedited) {
  Write("c", "copy");
  const Stat expected = StatOf("c");
  EXPECT_EQ(RemoveCopies(*disk_, {{{"c"}, expected, false, 9}})[0].outcome, Outcome::kDone);
  EXPECT_EQ(RemoveCopies(*disk_, {{{"c"}, expected, false, 9}})[0].outcome, Outcome::kDone);
  Write("c", "edited copy");
  EXPECT_EQ(RemoveCopies(*disk_, {{{"c"}, expected, false, 9}})[0].outcome, Outcome::kRefused);
  EXPECT_EQ(Read("c"), "edited copy");
  EXPECT_EQ(RemoveCopies(*disk_, {{{"c"}, expected, true, 9}})[0].outcome, Outcome::kRefused);
  EXPECT_EQ(Names(), std::set<std::string>{"c.edited-me"});
}

TEST_F(DiskJobs, ASweepKeepsWhatIsAUsers) {
  Stage(1, "forgotten");
  Stage(2, "still known");
  Write("c", "somebody's bytes");
  const Stat expected = StatOf("c");
  const auto taken = Applier::TmpName(std::uint64_t{1} << 63 | 7);
  ASSERT_EQ(disk_->applier.Remove({"c"}, ToFileStat(expected), taken).outcome, ApplyOutcome::kDone);
  SweepTmp(*disk_, {2});
  EXPECT_EQ(LeftInTmp(), 1u);
  EXPECT_EQ(Read("recovered.edited-me"), "somebody's bytes");
}

// Sizes are what somebody claims: one that no disk has room for keeps nothing else out, and takes
// no space; nor does a sum that runs over.
TEST_F(DiskJobs, AnEnormousClaimedSizeHurtsNobodyElse) {
  ASSERT_TRUE(DirStore::Create(dir_ + ".store").ok());
  const auto store = DirStore::Open(dir_ + ".store");
  const auto staging = StagingArea::Open(dir_ + ".staging");
  ASSERT_TRUE(store.ok() && staging.ok());
  const auto item = [](const std::string& path, std::uint64_t number, std::uint64_t claimed) {
    StageItem made;
    made.path = {path};
    made.number = number;
    const auto bytes = std::make_shared<const std::string>("content of " + path);
    made.content =
        ContentPlace{Sha256Of(*bytes), claimed != 0 ? claimed : bytes->size(), bytes, {}, {}};
    return made;
  };
  const std::uint64_t half = std::uint64_t{1} << 63;
  const auto results = StageMany(*disk_, *store.value(), *staging.value(), SpaceLimit{},
                                 {item("a", 1, 0), item("b", 2, half / 2), item("c", 3, half),
                                  item("d", 4, half), item("e", 5, 0), item("f", 6, 4)});
  const auto is = [&](std::size_t i, Outcome outcome, Reason reason) {
    return results[i].outcome == outcome && results[i].reason == reason;
  };
  for (const std::size_t i : {0, 4}) EXPECT_TRUE(is(i, Outcome::kDone, Reason::kNone)) << i;
  for (const std::size_t i : {1, 2, 3})
    EXPECT_TRUE(is(i, Outcome::kFailed, Reason::kDiskFull)) << i;
  EXPECT_TRUE(is(5, Outcome::kRefused, Reason::kWrongVersion));
  EXPECT_EQ(LeftInTmp(), 2u);
  fs::remove_all(dir_ + ".store");
  fs::remove_all(dir_ + ".staging");
}

}  // namespace
}  // namespace kinfolder
