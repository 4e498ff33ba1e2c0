// Two state directories and one real store in a directory.
#include "shells/setup/folders.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "shells/grid/invitation.h"
#include "shells/setup/store_url.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::int64_t kLater = kNow + 86400;

class FoldersTest : public testing::Test {
 protected:
  void SetUp() override {
    base_ =
        fs::canonical(testing::TempDir()) /
        ("folders-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(base_);
    fs::create_directories(base_ / "anna");
    fs::create_directories(base_ / "ben");
    store_url_ = "dir:" + Path("store");
    Result<StateDir> anna = InitState(Path("state-anna"), store_url_);
    ASSERT_TRUE(anna.ok()) << anna.error().text;
    Result<StateDir> ben = InitState(Path("state-ben"), store_url_);
    ASSERT_TRUE(ben.ok()) << ben.error().text;
    anna_ = std::make_unique<StateDir>(std::move(anna).value());
    ben_ = std::make_unique<StateDir>(std::move(ben).value());
    Result<std::unique_ptr<ObjectStore>> store = OpenStore(store_url_);
    ASSERT_TRUE(store.ok()) << store.error().text;
    store_ = std::move(store).value();
  }
  void TearDown() override { fs::remove_all(base_); }

  std::string Path(const std::string& name) const { return base_ / name; }
  Result<FolderSetup> Create() {
    return CreateFolder(*anna_, *store_,
                        {.path = Path("anna"), .name = "docs", .participant = "anna"});
  }
  Result<FolderSetup> Join(const std::string& invitation, std::int64_t now_s = kNow) {
    return JoinFolder(*ben_, *store_, invitation, {.path = Path("ben")}, now_s);
  }
  std::string Invite(bool read_only = false) {
    Result<std::string> text = MakeInvitation(*anna_, *store_, "docs", "ben", read_only, kLater);
    EXPECT_TRUE(text.ok()) << text.error().text;
    return text.ok() ? text.value() : "";
  }
  Acceptance Accept(std::int64_t now_s = kNow) {
    FolderSetup record = anna_->FindFolder("docs").value();
    Acceptance acceptance = AcceptJoiners(*store_, record, now_s);
    record.invitations = acceptance.left;
    EXPECT_TRUE(anna_->SaveFolder(record).ok());
    return acceptance;
  }

  fs::path base_;
  std::string store_url_;
  std::unique_ptr<StateDir> anna_;
  std::unique_ptr<StateDir> ben_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(FoldersTest, CreatingTakesTheRootAndListsUsAsAdmin) {
  const Result<FolderSetup> made = Create();
  ASSERT_TRUE(made.ok()) << made.error().text;
  EXPECT_EQ(anna_->FindFolder("docs").value(), made.value());
  EXPECT_TRUE(made.value().admin());
  EXPECT_TRUE(fs::exists(Path("anna/.kinfolder/root.json")));
  const Result<std::vector<Member>> members =
      ReadMembers(*store_, made.value().collective_read_cap);
  ASSERT_TRUE(members.ok()) << members.error().text;
  ASSERT_EQ(members.value().size(), 1u);
  EXPECT_EQ(members.value()[0].name, "anna");
  EXPECT_TRUE(members.value()[0].admin);
  EXPECT_EQ(members.value()[0].key, made.value().admin_key);
  EXPECT_EQ(members.value()[0].dmd_read_cap, made.value().dmd_read_cap);
}

TEST_F(FoldersTest, JoiningNeedsNobodyOnlineAndIsLinkedOnce) {
  ASSERT_TRUE(Create().ok());
  const Result<FolderSetup> joined = Join(Invite());
  ASSERT_TRUE(joined.ok()) << joined.error().text;
  EXPECT_EQ(joined.value().participant, "ben");
  EXPECT_EQ(joined.value().name, "docs");
  EXPECT_FALSE(joined.value().admin());

  const Acceptance first = Accept();
  ASSERT_EQ(first.joined.size(), 1u);
  EXPECT_EQ(first.joined[0].name, "ben");
  EXPECT_TRUE(first.left.empty());
  EXPECT_TRUE(first.problems.empty());
  EXPECT_TRUE(Accept().joined.empty());
  const Result<std::vector<Member>> members =
      ReadMembers(*store_, joined.value().collective_read_cap);
  ASSERT_EQ(members.value().size(), 2u);
  EXPECT_EQ(members.value()[1].name, "ben");
  EXPECT_EQ(members.value()[1].dmd_read_cap, joined.value().dmd_read_cap);
  EXPECT_EQ(members.value()[1].key,
            SigningKey::FromSeed(joined.value().key_seed).value().public_key());
}

TEST_F(FoldersTest, AcceptingTwiceAfterACrashChangesNothing) {
  const FolderSetup before = [&] {
    EXPECT_TRUE(Create().ok());
    EXPECT_TRUE(Join(Invite()).ok());
    return anna_->FindFolder("docs").value();
  }();
  EXPECT_EQ(AcceptJoiners(*store_, before, kNow).joined.size(), 1u);
  // The record was not saved: the next start looks again.
  const Acceptance again = AcceptJoiners(*store_, before, kNow);
  EXPECT_TRUE(again.joined.empty());
  EXPECT_TRUE(again.left.empty());
  EXPECT_TRUE(again.problems.empty());
}

TEST_F(FoldersTest, AnInvitationIsGoodForOneJoin) {
  ASSERT_TRUE(Create().ok());
  const std::string invitation = Invite();
  ASSERT_TRUE(Join(invitation).ok());
  fs::create_directories(Path("carl"));
  Result<FolderSetup> second =
      JoinFolder(*ben_, *store_, invitation, {.path = Path("carl"), .name = "other"}, kNow);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::kExists);
  EXPECT_FALSE(fs::exists(Path("carl/.kinfolder")));
  Accept();
  EXPECT_EQ(JoinFolder(*ben_, *store_, invitation, {.path = Path("carl"), .name = "other"}, kNow)
                .error()
                .kind,
            ErrorKind::kExists);
}

TEST_F(FoldersTest, ExpiredInvitationsAreRefusedAndDropped) {
  ASSERT_TRUE(Create().ok());
  const std::string invitation = Invite();
  EXPECT_EQ(Join(invitation, kLater + 1).error().kind, ErrorKind::kInvalid);
  const Acceptance acceptance = Accept(kLater + 1);
  EXPECT_TRUE(acceptance.left.empty());
  EXPECT_TRUE(acceptance.joined.empty());
  // Even a machine whose clock is late can't use it any more.
  EXPECT_EQ(Join(invitation, kNow).error().kind, ErrorKind::kExists);
}

TEST_F(FoldersTest, ReadOnlyParticipantsPublishNothing) {
  ASSERT_TRUE(Create().ok());
  const Result<FolderSetup> joined = Join(Invite(/*read_only=*/true));
  ASSERT_TRUE(joined.ok()) << joined.error().text;
  EXPECT_TRUE(joined.value().read_only);
  EXPECT_TRUE(joined.value().dmd_write_cap.empty());
  ASSERT_EQ(Accept().joined.size(), 1u);
  const auto members = ReadMembers(*store_, joined.value().collective_read_cap);
  ASSERT_EQ(members.value().size(), 2u);
  EXPECT_TRUE(members.value()[1].read_only);
  EXPECT_TRUE(members.value()[1].dmd_read_cap.empty());
}

TEST_F(FoldersTest, AForgedAnswerIsRefusedAndMakesRoom) {
  ASSERT_TRUE(Create().ok());
  const std::string text = Invite();
  const Invitation invitation = DecodeInvitation(text).value();
  const SigningKey key = SigningKey::Generate();
  JoinAnswer forged = MakeJoinAnswer(key, invitation.inbox_write_cap, "cap", "ben");
  forged.name = "anna";
  const auto batch = store_->NewBatch();
  const Cap cap = batch->AddBytes(EncodeJoinAnswer(forged));
  ASSERT_TRUE(batch->Commit().ok());
  ASSERT_TRUE(store_->Link(invitation.inbox_write_cap, {{std::string(kJoinAnswerName), cap}}).ok());
  const Acceptance acceptance = Accept();
  EXPECT_TRUE(acceptance.joined.empty());
  EXPECT_EQ(acceptance.left.size(), 1u);
  EXPECT_EQ(acceptance.problems.size(), 1u);
  ASSERT_TRUE(Join(text).ok());
  EXPECT_EQ(Accept().joined.size(), 1u);
}

TEST_F(FoldersTest, OnlyTheAdminInvitesAndNamesAreUnique) {
  ASSERT_TRUE(Create().ok());
  ASSERT_TRUE(Join(Invite()).ok());
  EXPECT_EQ(MakeInvitation(*ben_, *store_, "docs", "carl", false, kLater).error().kind,
            ErrorKind::kPermission);
  EXPECT_EQ(MakeInvitation(*anna_, *store_, "docs", "ben", false, kLater).error().kind,
            ErrorKind::kExists);
  Accept();
  EXPECT_EQ(MakeInvitation(*anna_, *store_, "docs", "ben", false, kLater).error().kind,
            ErrorKind::kExists);
  EXPECT_EQ(MakeInvitation(*anna_, *store_, "docs", "a/b", false, kLater).error().kind,
            ErrorKind::kInvalid);
}

TEST_F(FoldersTest, RefusesRootsThatAreTakenOrBadlyPlaced) {
  ASSERT_TRUE(Create().ok());
  const auto refused = [&](StateDir& state, const std::string& path) {
    const auto made = CreateFolder(state, *store_, {.path = path, .name = "x", .participant = "p"});
    EXPECT_FALSE(made.ok());
    return made.ok() ? ErrorKind::kInternal : made.error().kind;
  };
  EXPECT_EQ(refused(*anna_, Path("anna")), ErrorKind::kExists);
  EXPECT_EQ(refused(*ben_, Path("anna")), ErrorKind::kExists);
  fs::create_directories(Path("anna/deep/er"));
  EXPECT_EQ(refused(*ben_, Path("anna/deep/er")), ErrorKind::kInvalid);
  EXPECT_EQ(refused(*ben_, base_), ErrorKind::kInvalid);
  EXPECT_EQ(refused(*ben_, Path("store")), ErrorKind::kInvalid);
  EXPECT_EQ(refused(*ben_, Path("state-ben/folders")), ErrorKind::kInvalid);
  EXPECT_EQ(refused(*ben_, Path("none")), ErrorKind::kNotFound);
  std::ofstream(Path("file")) << "x";
  EXPECT_EQ(refused(*ben_, Path("file")), ErrorKind::kInvalid);
  fs::create_directories(Path("around/in/anna"));
  fs::rename(Path("anna"), Path("around/in/anna"));
  EXPECT_EQ(refused(*ben_, Path("around")), ErrorKind::kInvalid);
}

TEST_F(FoldersTest, ARootOfALostStateDirectoryCanBeTakenOver) {
  ASSERT_TRUE(Create().ok());
  fs::remove_all(Path("state-anna"));
  const Result<FolderSetup> taken = CreateFolder(
      *ben_, *store_, {.path = Path("anna"), .name = "x", .participant = "p", .take_over = true});
  EXPECT_TRUE(taken.ok()) << taken.error().text;
}

TEST_F(FoldersTest, LeavingKeepsEveryFile) {
  ASSERT_TRUE(Create().ok());
  std::ofstream(Path("anna/letter.txt")) << "dear";
  std::ofstream(Path("anna/.kinfolder/tmp/displaced")) << "precious";
  ASSERT_TRUE(LeaveFolder(*anna_, "docs").ok());
  EXPECT_TRUE(anna_->Folders().value().empty());
  EXPECT_FALSE(fs::exists(Path("anna/.kinfolder/root.json")));
  EXPECT_TRUE(fs::exists(Path("anna/letter.txt")));
  EXPECT_TRUE(fs::exists(Path("anna/.kinfolder/tmp/displaced")));
  EXPECT_EQ(LeaveFolder(*anna_, "docs").error().kind, ErrorKind::kNotFound);
  const Result<FolderSetup> again = Create();
  ASSERT_TRUE(again.ok()) << again.error().text;
  EXPECT_EQ(again.value().number, 2u);
}

TEST_F(FoldersTest, InitRefusesAForeignDirectoryAsAStore) {
  fs::create_directories(Path("photos"));
  std::ofstream(Path("photos/cat.jpg")) << "meow";
  const Result<StateDir> refused = InitState(Path("state-carl"), "dir:" + Path("photos"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalid);
  EXPECT_FALSE(fs::exists(Path("state-carl")));
  EXPECT_EQ(std::distance(fs::directory_iterator(Path("photos")), fs::directory_iterator()), 1);
  EXPECT_EQ(InitState(Path("state-carl"), "ftp://x").error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(InitState(Path("state-anna"), store_url_).error().kind, ErrorKind::kExists);
}

TEST(ParticipantNameTest, LegalOnesOnly) {
  EXPECT_TRUE(ParticipantName("anna's laptop").ok());
  EXPECT_FALSE(ParticipantName("").ok());
  EXPECT_FALSE(ParticipantName("..").ok());
  EXPECT_FALSE(ParticipantName("a/b").ok());
  EXPECT_FALSE(ParticipantName(std::string(65, 'a')).ok());
  EXPECT_EQ(ParticipantName("e\xcc\x81").value(), "\xc3\xa9");
  EXPECT_TRUE(ParticipantName(DefaultParticipantName()).ok());
}

}  // namespace
}  // namespace kinfolder
