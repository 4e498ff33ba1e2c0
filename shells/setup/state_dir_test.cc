#include "shells/setup/state_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "shells/setup/durable_file.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

class StateDirTest : public testing::Test {
 protected:
  void SetUp() override {
    base_ = fs::path(testing::TempDir()) /
            ("state-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(base_);
    fs::create_directories(base_);
  }
  void TearDown() override { fs::remove_all(base_); }

  std::string Path(const std::string& name) const { return base_ / name; }

  StateDir Make() {
    Result<StateDir> made = StateDir::Create(Path("state"), "dir:/some/where");
    EXPECT_TRUE(made.ok()) << made.error().text;
    return std::move(made).value();
  }

  static FolderSetup Record(std::uint32_t number) {
    FolderSetup record;
    record.number = number;
    record.name = "f" + std::to_string(number);
    record.path = "/tmp/f";
    record.participant = "p";
    record.key_seed = SigningKey::Generate().Seed();
    record.dmd_write_cap = "w";
    record.dmd_read_cap = "r";
    record.collective_read_cap = "cr";
    record.collective_write_cap = "cw";
    record.invitations.push_back({"guest", "iw", "ir", 1234567890, true});
    record.options["history"] = "latest";
    return record;
  }

  void ReplaceInInfo(const std::string& from, const std::string& to) {
    Result<std::string> text = ReadSmallFile(Path("state/kinfolder.json"), 1 << 20);
    ASSERT_TRUE(text.ok());
    const std::size_t at = text.value().find(from);
    ASSERT_NE(at, std::string::npos);
    std::string changed = text.value().replace(at, from.size(), to);
    ASSERT_TRUE(ReplaceFile(Path("state"), "kinfolder.json", changed).ok());
  }

  fs::path base_;
};

TEST_F(StateDirTest, IsPrivateAndOpensAgain) {
  const StateDir made = Make();
  struct stat found = {};
  ASSERT_EQ(::stat(Path("state").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat(Path("state/kinfolder.json").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  const Result<StateDir> again = StateDir::Open(Path("state/"));
  ASSERT_TRUE(again.ok()) << again.error().text;
  EXPECT_EQ(again.value().info(), made.info());
  EXPECT_EQ(again.value().path(), Path("state"));
  EXPECT_FALSE(again.value().LooksCopied());
}

TEST_F(StateDirTest, MissingOneSaysWhatToDo) {
  const Result<StateDir> none = StateDir::Open(Path("none"));
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(none.error().text.find("kinfolder init"), std::string::npos);
}

TEST_F(StateDirTest, IsNotMadeTwiceNorAmongOtherThings) {
  Make();
  EXPECT_EQ(StateDir::Create(Path("state"), "dir:/x").error().kind, ErrorKind::kExists);
  fs::create_directories(Path("full"));
  std::ofstream(Path("full/letter.txt")) << "dear";
  EXPECT_EQ(StateDir::Create(Path("full"), "dir:/x").error().kind, ErrorKind::kInvalid);
}

TEST_F(StateDirTest, NewerFormatNamesTheVersion) {
  Make();
  ReplaceInInfo("\"version\": 1", "\"version\": 7");
  const Result<StateDir> newer = StateDir::Open(Path("state"));
  ASSERT_FALSE(newer.ok());
  EXPECT_EQ(newer.error().kind, ErrorKind::kVersion);
  EXPECT_NE(newer.error().text.find("version 7"), std::string::npos);
}

TEST_F(StateDirTest, DamagedFilesAreErrors) {
  StateDir state = Make();
  ASSERT_TRUE(state.SaveFolder(Record(1)).ok());
  std::ofstream(Path("state/folders/1.json")) << "{\"version\": 1";
  EXPECT_EQ(state.Folders().error().kind, ErrorKind::kCorrupt);
  std::ofstream(Path("state/kinfolder.json")) << "[]";
  EXPECT_EQ(StateDir::Open(Path("state")).error().kind, ErrorKind::kCorrupt);
}

TEST_F(StateDirTest, ARebootBetweenTwoStartsIsNoticed) {
  StateDir state = Make();
  EXPECT_TRUE(state.NextStart().value().rebooted) << "not known";
  EXPECT_FALSE(state.NextStart().value().rebooted);
  const std::string file = Path("state/kinfolder.json");
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  std::string changed = text.str();
  const std::size_t at = changed.find("boot_id\": \"") + 11;
  ASSERT_LT(at, changed.size());
  changed[at] = changed[at] == '0' ? '1' : '0';
  std::ofstream(file) << changed;
  Result<StateDir> again = StateDir::Open(Path("state"));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again.value().NextStart().value().rebooted);
}

TEST_F(StateDirTest, CountersAreDurableAndNeverRepeat) {
  StateDir state = Make();
  EXPECT_EQ(state.NextStart().value().epoch, 1u);
  EXPECT_EQ(state.NextStart().value().epoch, 2u);
  EXPECT_EQ(state.TakeFolderNumber().value(), 1u);
  Result<StateDir> again = StateDir::Open(Path("state"));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.value().NextStart().value().epoch, 3u);
  EXPECT_EQ(again.value().TakeFolderNumber().value(), 2u);
}

TEST_F(StateDirTest, KeepsFolders) {
  StateDir state = Make();
  const FolderSetup two = Record(2);
  const FolderSetup ten = Record(10);
  ASSERT_TRUE(state.SaveFolder(ten).ok());
  ASSERT_TRUE(state.SaveFolder(two).ok());
  // What an interrupted save leaves is not looked at.
  std::ofstream(Path("state/folders/3.json.new")) << "half";
  const Result<std::vector<FolderSetup>> all = state.Folders();
  ASSERT_TRUE(all.ok()) << all.error().text;
  EXPECT_EQ(all.value(), (std::vector<FolderSetup>{two, ten}));
  EXPECT_EQ(state.FindFolder("f10").value(), ten);
  const Result<FolderSetup> none = state.FindFolder("f3");
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().text.find("f2, f10"), std::string::npos);
  ASSERT_TRUE(state.RemoveFolder(2).ok());
  ASSERT_TRUE(state.RemoveFolder(2).ok());
  EXPECT_EQ(state.Folders().value(), std::vector<FolderSetup>{ten});
}

TEST_F(StateDirTest, NoticesThatItIsACopy) {
  Make();
  fs::copy(Path("state"), Path("copy"), fs::copy_options::recursive);
  Result<StateDir> copy = StateDir::Open(Path("copy"));
  ASSERT_TRUE(copy.ok());
  EXPECT_TRUE(copy.value().LooksCopied());
  ASSERT_TRUE(copy.value().AcceptMove().ok());
  EXPECT_FALSE(copy.value().LooksCopied());
  EXPECT_FALSE(StateDir::Open(Path("copy")).value().LooksCopied());
  EXPECT_FALSE(StateDir::Open(Path("state")).value().LooksCopied());
}

TEST(FolderRecordTest, NewerOneNamesTheVersion) {
  const Result<FolderSetup> newer = DecodeFolderRecord("{\"version\": 9}", "the file");
  ASSERT_FALSE(newer.ok());
  EXPECT_EQ(newer.error().kind, ErrorKind::kVersion);
  EXPECT_NE(newer.error().text.find("9"), std::string::npos);
}

}  // namespace
}  // namespace kinfolder
