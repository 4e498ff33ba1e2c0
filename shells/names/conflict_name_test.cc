#include "shells/names/conflict_name.h"

#include <gtest/gtest.h>

#include "shells/names/component.h"

namespace kinfolder {
namespace {

TEST(ConflictNameTest, StandsBesideTheFile) {
  EXPECT_EQ(ConflictCopyName("a.txt", "bob", 1), "a.txt.conflict-bob");
  EXPECT_EQ(ConflictCopyName("d/e/a.txt", "bob", 2), "d/e/a.txt.conflict-bob-2");
  EXPECT_EQ(ConflictCopyName("d/x", "Zo\xC3\xAB 50%", 13), "d/x.conflict-Zo\xC3\xAB 50%-13");
}

TEST(ConflictNameTest, EscapesWhatIsNoName) {
  EXPECT_EQ(ConflictCopyName("f", "a/b", 1), "f.conflict-a%2Fb");
  EXPECT_EQ(ConflictCopyName("f", "../../etc", 1), "f.conflict-..%2F..%2Fetc");
  EXPECT_EQ(ConflictCopyName("f", "", 1), "f.conflict-%");
  EXPECT_EQ(ConflictCopyName("f", "\xFF", 1), "f.conflict-%FF");
  EXPECT_EQ(ConflictCopyName("f", "e\xCC\x81", 1), "f.conflict-e%CC%81");
  EXPECT_EQ(ConflictCopyName("f", std::string_view("a\0", 2), 1), "f.conflict-a%00");
}

TEST(ConflictNameTest, LongParticipantsAreCutAndStayApart) {
  EXPECT_EQ(ParticipantForFileName(std::string(64, 'p')), std::string(64, 'p'));
  const std::string a = ParticipantForFileName(std::string(64, 'p') + "a");
  const std::string b = ParticipantForFileName(std::string(64, 'p') + "b");
  EXPECT_EQ(a.size(), kMaxParticipantBytes);
  EXPECT_NE(a, b);
  for (std::size_t n = 0; n < 4; ++n) {  // never cut within "%XX"
    const std::string name = ParticipantForFileName(std::string(n, 'p') + std::string(40, '/'));
    const std::string kept = name.substr(0, name.rfind('%'));
    EXPECT_LE(name.size(), kMaxParticipantBytes);
    EXPECT_EQ((kept.size() - n) % 3, 0u) << name;
  }
}

TEST(ConflictNameTest, LongNamesAreCutBetweenCharacters) {
  for (std::size_t n = 230; n <= 255; ++n) {
    std::string file(n % 4, 'x');
    while (file.size() + 4 <= n) file += "\xF0\x9F\x8E\x89";
    const std::string copy = ConflictCopyName("d/" + file, "participant", 2).substr(2);
    EXPECT_LE(copy.size(), kMaxDiskComponentBytes);
    EXPECT_TRUE(IsNfc(copy));
    const auto parts = ParseConflictCopyName(copy);
    ASSERT_TRUE(parts.has_value());
    EXPECT_EQ(file.substr(0, parts->base.size()), parts->base);
    EXPECT_GT(parts->base.size(), 225u);
  }
}

TEST(ConflictNameTest, ParsesWhatItMade) {
  for (const char* participant : {"bob", "a-b", "x.y", "%41"}) {
    for (const std::uint32_t attempt : {1u, 2u, 10u, 999999u}) {
      const auto parts = ParseConflictCopyName(ConflictCopyName("a.b", participant, attempt));
      EXPECT_EQ(parts, (ConflictCopyParts{"a.b", participant, attempt}));
    }
  }
}

TEST(ConflictNameTest, ParsesOddNames) {
  EXPECT_EQ(ParseConflictCopyName("a.conflict-b.conflict-c"),
            (ConflictCopyParts{"a.conflict-b", "c", 1}));
  EXPECT_EQ(ParseConflictCopyName("a.conflict-laptop-2"), (ConflictCopyParts{"a", "laptop", 2}));
  EXPECT_EQ(ParseConflictCopyName("a.conflict-b-1"), (ConflictCopyParts{"a", "b-1", 1}));
  EXPECT_EQ(ParseConflictCopyName("a.conflict-b-02"), (ConflictCopyParts{"a", "b-02", 1}));
  EXPECT_EQ(ParseConflictCopyName("a.conflict-b-"), (ConflictCopyParts{"a", "b-", 1}));
  EXPECT_EQ(ParseConflictCopyName("a.conflict--2"), (ConflictCopyParts{"a", "-2", 1}));
  EXPECT_EQ(ParseConflictCopyName("a.conflict-"), std::nullopt);
  EXPECT_EQ(ParseConflictCopyName(".conflict-b"), std::nullopt);
  EXPECT_EQ(ParseConflictCopyName("a.txt"), std::nullopt);
  EXPECT_EQ(ParseConflictCopyName("a.Conflict-b"), std::nullopt);
  EXPECT_EQ(ParseConflictCopyName("a.conflict-" + std::string(65, 'p')), std::nullopt);
}

}  // namespace
}  // namespace kinfolder
