#include "shells/posix/capture.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "shells/posix/test_tree.h"

namespace kinfolder {
namespace {

struct TextSink : CaptureSink {
  std::string text;
  Status Write(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
};

struct FullSink : CaptureSink {
  Status Write(std::span<const std::byte>) override {
    return MakeError(ErrorKind::kNoSpace, "full");
  }
};

TEST(CaptureTest, ReadsFilesOfAllSizes) {
  TestTree tree;
  for (const std::size_t size : {0u, 1u, 262143u, 262144u, 262145u, 1048576u, 3000000u}) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 >> 3);
    tree.Write("f", text);
    TextSink sink;
    const Result<CapturedFile> captured = CaptureFile(tree.root(), {"f"}, &sink);
    ASSERT_TRUE(captured.ok());
    EXPECT_EQ(captured.value().size, size);
    EXPECT_EQ(captured.value().stat.size, size);
    EXPECT_TRUE(sink.text == text);
    EXPECT_EQ(captured.value().sha256, Sha256Of(text));
  }
}

TEST(CaptureTest, ReadsLinksNotWhatTheyPointAt) {
  TestTree tree;
  tree.Write("secret", "content");
  tree.Link("secret", "l");
  TextSink sink;
  const Result<CapturedFile> captured = CaptureFile(tree.root(), {"l"}, &sink);
  ASSERT_TRUE(captured.ok());
  EXPECT_EQ(sink.text, "secret");
  EXPECT_EQ(captured.value().stat.kind, FileKind::kLink);
  EXPECT_EQ(captured.value().sha256, Sha256Of("secret"));
}

TEST(CaptureTest, NoticesEveryKindOfChange) {
  TestTree tree;
  const std::vector<std::pair<std::string, CaptureGap>> changes = {
      {"grown", [&] { std::ofstream(tree.At("f"), std::ios::app) << "more"; }},
      {"same size", [&] { tree.Write("f", "OLD"); }},
      {"cut", [&] { tree.Write("f", ""); }},
      {"replaced",
       [&] {
         tree.Write("g", "new");
         tree.Rename("g", "f");
       }},
      {"removed", [&] { tree.Remove("f"); }},
      {"mode", [&] { chmod(tree.At("f").c_str(), 0700); }},
      {"rewritten with its old times", [&] {
         struct stat before;
         ASSERT_EQ(stat(tree.At("f").c_str(), &before), 0);
         tree.Write("f", "NEW");
         const timespec times[2] = {before.st_atim, before.st_mtim};
         ASSERT_EQ(utimensat(AT_FDCWD, tree.At("f").c_str(), times, 0), 0);
       }}};
  for (const auto& [what, change] : changes) {
    tree.Write("f", "old");
    const Result<CapturedFile> captured = CaptureFile(tree.root(), {"f"}, nullptr, change);
    ASSERT_FALSE(captured.ok()) << what;
    EXPECT_EQ(captured.error().kind, ErrorKind::kChanged) << what;
  }
}

TEST(CaptureTest, AChangeInTheSameTickAsTheLastIsNotMissed) {
  TestTree tree;
  for (int i = 0; i < 50; ++i) {
    tree.Write("f", "a" + std::to_string(i));
    const Result<CapturedFile> first = CaptureFile(tree.root(), {"f"}, nullptr);
    ASSERT_TRUE(first.ok());
    tree.Write("f", "b" + std::to_string(i));  // at once, of the same size
    FileStat now;
    ASSERT_EQ(StatAt(tree.root().fd(), "f", &now), 0);
    ASSERT_FALSE(SameUntouched(first.value().stat, now));
  }
}

TEST(CaptureTest, RefusesWhatHasNoContent) {
  TestTree tree;
  tree.MakeDirs("d");
  tree.Write("f", "x");
  tree.Link("d", "l");
  tree.Write("d/x", "x");
  ASSERT_EQ(mkfifo(tree.At("pipe").c_str(), 0600), 0);
  EXPECT_EQ(CaptureFile(tree.root(), {"none"}, nullptr).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(CaptureFile(tree.root(), {"f", "x"}, nullptr).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(CaptureFile(tree.root(), {"l", "x"}, nullptr).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(CaptureFile(tree.root(), {"d"}, nullptr).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(CaptureFile(tree.root(), {"pipe"}, nullptr).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(CaptureFile(tree.root(), {".."}, nullptr).error().kind, ErrorKind::kInvalid);
}

TEST(CaptureTest, PassesErrorsOn) {
  TestTree tree;
  tree.Write("f", "x");
  FullSink sink;
  EXPECT_EQ(CaptureFile(tree.root(), {"f"}, &sink).error().kind, ErrorKind::kNoSpace);
  ASSERT_EQ(chmod(tree.At("f").c_str(), 0), 0);
  const WithoutPrivilege plain;
  EXPECT_EQ(CaptureFile(tree.root(), {"f"}, nullptr).error().kind, ErrorKind::kPermission);
}

}  // namespace
}  // namespace kinfolder
