#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/base/check.h"
#include "shells/store/dir_store.h"
#include "shells/store/temporary_directory_for_test.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

class DirReaderTest : public testing::Test {
 protected:
  DirReaderTest() {
    CHECK(DirStore::Create(path_).ok());
    store_ = DirStore::Open(path_).value();
    first_ = Store("first");
    second_ = Store("second");
  }

  // In a pack of its own.
  Cap Store(std::string_view bytes) {
    const auto batch = store_->NewBatch();
    const Cap cap = batch->AddBytes(bytes);
    CHECK(batch->Commit().ok());
    return cap;
  }

  const TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "store";
  const std::string copy_ = temporary_ / "copy";
  std::unique_ptr<DirStore> store_;
  Cap first_;
  Cap second_;
};

TEST_F(DirReaderTest, ReadsWhatTheStoreReads) {
  const auto reader = store_->NewReader();
  EXPECT_EQ(reader->Get(first_, 100).value(), "first");
  EXPECT_EQ(reader->Get(second_, 100).value(), "second");
  EXPECT_EQ(reader->Get(second_, 5).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(reader->ReadDirectory(first_).error().kind, ErrorKind::kInvalid);
}

TEST_F(DirReaderTest, WhatIsMissingIsMissing) {
  const auto reader = store_->NewReader();
  ASSERT_EQ(reader->Get(first_, 100).value(), "first");
  fs::remove_all(path_ + "/packs");
  EXPECT_EQ(reader->Get(second_, 100).error().kind, ErrorKind::kNotFound);
}

TEST_F(DirReaderTest, AStoreThatGoesAwayIsNotMissingAnything) {
  const auto reader = store_->NewReader();
  ASSERT_EQ(reader->Get(first_, 100).value(), "first");
  fs::remove_all(path_);
  EXPECT_EQ(reader->Get(second_, 100).error().kind, ErrorKind::kUnavailable);
}

// As when a disk was unplugged and plugged in again while a chunk of objects was read.
TEST_F(DirReaderTest, GoesOnWithTheStoreThatCameBack) {
  fs::copy(path_, copy_, fs::copy_options::recursive);
  const auto reader = store_->NewReader();
  ASSERT_EQ(reader->Get(first_, 100).value(), "first");
  fs::remove_all(path_);
  fs::rename(copy_, path_);
  EXPECT_EQ(reader->Get(second_, 100).value(), "second");
  EXPECT_EQ(reader->Get(first_, 100).value(), "first");
}

}  // namespace
}  // namespace kinfolder
