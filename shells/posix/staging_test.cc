#include "shells/posix/staging.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "shells/posix/test_tree.h"

namespace kinfolder {
namespace {

class StagingTest : public testing::Test {
 protected:
  StagingTest() { Open(); }
  void Open() {
    area_.reset();
    auto opened = StagingArea::Open(tree_.base() + "/staged");
    ASSERT_TRUE(opened.ok());
    area_ = std::move(opened.value());
  }
  StagedRef Add(const std::string& text) {
    const Result<StagedRef> ref = area_->Add(std::as_bytes(std::span(text)));
    EXPECT_TRUE(ref.ok());
    return ref.ok() ? ref.value() : StagedRef{};
  }
  std::string Read(const StagedRef& ref) {
    const Result<std::string> text = area_->ReadAll(ref);
    return text.ok() ? text.value() : "error: " + text.error().text;
  }
  std::size_t Files() const {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(tree_.base() + "/staged")) {
      ++n;
    }
    return n;
  }

  TestTree tree_;
  std::unique_ptr<StagingArea> area_;
};

TEST_F(StagingTest, SmallContentsShareAFile) {
  std::map<std::string, StagedRef> refs;
  for (int i = 0; i < 500; ++i) {
    const std::string text = "content " + std::to_string(i);
    refs[text] = Add(text);
  }
  refs[""] = Add("");
  ASSERT_TRUE(area_->Sync().ok());
  EXPECT_EQ(Files(), 1u);
  for (const auto& [text, ref] : refs) {
    EXPECT_EQ(Read(ref), text);
    EXPECT_NE(ref.segment, 0u);
    EXPECT_EQ(area_->WholeFile(ref), "");
  }
}

TEST_F(StagingTest, BigContentsHaveTheirOwn) {
  const std::string limit(StagingArea::kSmallBytes, 'x');
  const std::string below(StagingArea::kSmallBytes - 1, 'y');
  const StagedRef small = Add(below);
  const StagedRef big = Add(limit);
  ASSERT_TRUE(area_->Sync().ok());
  EXPECT_EQ(area_->WholeFile(small), "");
  const std::string path = area_->WholeFile(big);
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(std::filesystem::file_size(path), limit.size());
  EXPECT_TRUE(Read(big) == limit);
  EXPECT_TRUE(Read(small) == below);
  area_->Forget(big);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(StagingTest, AWriterThatIsDroppedLeavesNothing) {
  {
    const auto writer = area_->Begin(10);
    for (int i = 0; i < 100; ++i) {
      const std::string piece(10000, 'z');
      ASSERT_TRUE(writer->Write(std::as_bytes(std::span(piece))).ok());
    }
    EXPECT_EQ(Files(), 1u);
  }
  EXPECT_EQ(Files(), 0u);
}

TEST_F(StagingTest, PiecesMakeOneContent) {
  const auto writer = area_->Begin(0);
  std::string all;
  for (int i = 0; i < 300; ++i) {
    const std::string piece(static_cast<std::size_t>(i * 7), static_cast<char>('a' + i % 26));
    ASSERT_TRUE(writer->Write(std::as_bytes(std::span(piece))).ok());
    all += piece;
  }
  const Result<StagedRef> ref = writer->Commit();
  ASSERT_TRUE(ref.ok());
  EXPECT_EQ(ref.value().size, all.size());
  EXPECT_TRUE(Read(ref.value()) == all);
}

TEST_F(StagingTest, ReadsPartsOnly) {
  Add("before");
  const StagedRef ref = Add("0123456789");
  Add("after");
  std::byte out[4];
  ASSERT_EQ(area_->Read(ref, 8, out).value(), 2u);
  EXPECT_EQ(out[0], std::byte{'8'});
  EXPECT_EQ(area_->Read(ref, 10, out).value(), 0u);
  EXPECT_EQ(area_->Read(ref, 99, out).value(), 0u);
}

TEST_F(StagingTest, ARestartKeepsWhatIsReferredTo) {
  const StagedRef a = Add("a");
  const StagedRef b = Add("b");
  const std::string big(300000, 'x');
  const StagedRef kept = Add(big);
  const StagedRef lost = Add(big);
  ASSERT_TRUE(area_->Sync().ok());
  Open();
  EXPECT_TRUE(area_->Sweep({b, kept}).empty());
  EXPECT_EQ(Files(), 2u);
  EXPECT_EQ(Read(b), "b");
  EXPECT_TRUE(Read(kept) == big);
  EXPECT_FALSE(area_->ReadAll(lost).ok());
  const StagedRef fresh = Add("fresh");
  EXPECT_GT(fresh.segment, kept.segment) << "numbers are not used again while they are live";
  EXPECT_NE(fresh.segment, a.segment);
  area_->Forget(b);
  area_->Forget(kept);
  EXPECT_EQ(Files(), 1u);
  EXPECT_EQ(Read(fresh), "fresh");
}

TEST_F(StagingTest, MissingBytesAreFound) {
  const StagedRef a = Add("aaaa");
  const StagedRef b = Add("bbbb");
  ASSERT_TRUE(area_->Sync().ok());
  area_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(tree_.base() + "/staged")) {
    std::filesystem::resize_file(entry.path(), 6);  // as after a crash before the Sync
  }
  Open();
  const StagedRef nowhere{77, 0, 1};
  EXPECT_EQ(area_->Sweep({a, b, nowhere}), (std::vector<StagedRef>{b, nowhere}));
  EXPECT_EQ(Read(a), "aaaa");
  EXPECT_EQ(area_->ReadAll(b).error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(area_->ReadAll(nowhere).error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(area_->ReadAll({a.segment, ~0ull, 10}).error().kind, ErrorKind::kCorrupt);
}

TEST_F(StagingTest, OneAfterTheOtherNeedsNoNewFiles) {
  StagedRef first;
  for (int i = 0; i < 200; ++i) {
    const StagedRef ref = Add(std::string(1000, 'x'));
    ASSERT_TRUE(area_->Sync().ok());
    if (i == 0) first = ref;
    EXPECT_EQ(ref.segment, first.segment);
    EXPECT_EQ(ref.offset, 0u);
    area_->Forget(ref);
  }
}

TEST_F(StagingTest, FullSegmentsGoWithTheirLastContent) {
  std::vector<StagedRef> refs;
  const std::string text(200 * 1024, 'x');
  while (refs.empty() || refs.back().segment == refs.front().segment) refs.push_back(Add(text));
  ASSERT_TRUE(area_->Sync().ok());
  EXPECT_EQ(Files(), 2u);
  for (std::size_t i = 0; i + 1 < refs.size(); ++i) area_->Forget(refs[i]);
  EXPECT_EQ(Files(), 1u);
  EXPECT_TRUE(Read(refs.back()) == text);
}

TEST_F(StagingTest, ManyThreadsAtOnce) {
  std::vector<std::vector<std::pair<StagedRef, std::string>>> added(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t, &added] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int i = 0; i < 100; ++i) {
        const std::string text(random() % 20 == 0 ? 300000 : random() % 3000,
                               static_cast<char>('a' + t));
        const Result<StagedRef> ref = area_->Add(std::as_bytes(std::span(text)));
        if (ref.ok()) added[static_cast<std::size_t>(t)].emplace_back(ref.value(), text);
        if (i % 10 == 0) {
          EXPECT_TRUE(area_->Sync().ok());
        }
        if (i % 3 == 0) {
          auto& mine = added[static_cast<std::size_t>(t)];
          area_->Forget(mine.back().first);
          mine.pop_back();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : added) {
    ASSERT_EQ(mine.size(), 66u);
    for (const auto& [ref, text] : mine) ASSERT_TRUE(Read(ref) == text);
  }
}

}  // namespace
}  // namespace kinfolder
