#include "shells/grid/invitation.h"

#include <gtest/gtest.h>

#include "shells/grid/encoding.h"
#include "shells/grid/hash.h"

namespace kinfolder {
namespace {

Invitation Example() {
  Invitation invitation;
  invitation.store_hint = "directory /mnt/share";
  invitation.collective_read_cap = "kf1-ro:c";
  invitation.inbox_write_cap = "kf1-rw:i";
  invitation.admin_key = SigningKey::Generate().public_key();
  invitation.folder_name = "Fotos \xc3\xa9";
  invitation.participant_name = "bob";
  invitation.read_only = true;
  invitation.expires_s = 1900000000;
  return invitation;
}

TEST(InvitationTest, ComesBack) {
  const Invitation invitation = Example();
  const std::string text = EncodeInvitation(invitation);
  EXPECT_TRUE(text.starts_with("kinfolder-invite:"));
  EXPECT_EQ(DecodeInvitation(text).value(), invitation);
  std::string wrapped = "  " + text + "\r\n";
  wrapped.insert(60, "\n  ");
  EXPECT_EQ(DecodeInvitation(wrapped).value(), invitation);
  EXPECT_FALSE(IsExpired(invitation, 1899999999));
  EXPECT_TRUE(IsExpired(invitation, 1900000000));
}

TEST(InvitationTest, EveryTruncationAndChangeIsNoticed) {
  const std::string text = EncodeInvitation(Example());
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_EQ(DecodeInvitation(text.substr(0, i)).error().kind, ErrorKind::kInvalid) << i;
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(DecodeInvitation(changed).error().kind, ErrorKind::kInvalid) << i;
  }
}

std::string WithChecksum(const std::string& json) {
  return std::string(kInvitationPrefix) +
         Base64UrlEncode(json + std::string(DigestBytes(Sha256Of(json)).substr(0, 4)));
}

TEST(InvitationTest, RefusesOthers) {
  EXPECT_EQ(DecodeInvitation(WithChecksum(R"({"v": 2})")).error().kind, ErrorKind::kVersion);
  EXPECT_EQ(DecodeInvitation(WithChecksum(R"({"v": 1})")).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(DecodeInvitation(WithChecksum("[]")).error().kind, ErrorKind::kInvalid);
  EXPECT_FALSE(DecodeInvitation(std::string(1 << 20, 'x')).ok());
}

TEST(JoinAnswerTest, BoundToItsInboxAndFields) {
  const SigningKey key = SigningKey::Generate();
  const JoinAnswer answer = MakeJoinAnswer(key, "kf1-rw:i", "kf1-ro:d", "bob");
  EXPECT_TRUE(VerifyJoinAnswer(answer, "kf1-rw:i"));
  EXPECT_FALSE(VerifyJoinAnswer(answer, "kf1-rw:j"));
  EXPECT_EQ(DecodeJoinAnswer(EncodeJoinAnswer(answer)).value(), answer);
  JoinAnswer changed = answer;
  changed.dmd_read_cap = "kf1-ro:e";
  EXPECT_FALSE(VerifyJoinAnswer(changed, "kf1-rw:i"));
  changed = answer;
  changed.name = "eve";
  EXPECT_FALSE(VerifyJoinAnswer(changed, "kf1-rw:i"));
  changed = answer;
  changed.key = SigningKey::Generate().public_key();
  EXPECT_FALSE(VerifyJoinAnswer(changed, "kf1-rw:i"));
  changed = answer;
  changed.dmd_read_cap += "\nx";
  EXPECT_FALSE(VerifyJoinAnswer(changed, "kf1-rw:i"));
}

TEST(JoinAnswerTest, RefusesMalformed) {
  for (const char* text :
       {"", "{}", R"({"v": 1})", R"({"v": "1"})",
        R"({"v": 1, "personal": "", "verify_key": "", "name": "", "signature": ""})"}) {
    EXPECT_EQ(DecodeJoinAnswer(text).error().kind, ErrorKind::kInvalid) << text;
  }
  EXPECT_EQ(DecodeJoinAnswer(R"({"v": 2})").error().kind, ErrorKind::kVersion);
  EXPECT_EQ(DecodeJoinAnswer(std::string(65537, ' ')).error().kind, ErrorKind::kTooLarge);
}

}  // namespace
}  // namespace kinfolder
