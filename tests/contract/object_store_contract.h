// What every ObjectStore promises, as tests that run against each of them.
//
//   INSTANTIATE_TEST_SUITE_P(Dir, ObjectStoreContract, testing::Values(&MakeDirFixture));
//
// A fixture makes stores over one place: two of them are two programs using the same store.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/check.h"
#include "core/base/result.h"
#include "shells/grid/hash.h"
#include "shells/store/object_store.h"

namespace kinfolder {

class ObjectStoreFixture {
 public:
  virtual ~ObjectStoreFixture() = default;
  virtual std::unique_ptr<ObjectStore> Open() = 0;
};

using ObjectStoreFixtureFactory = std::unique_ptr<ObjectStoreFixture> (*)();

// A temporary file with these bytes, gone with its directory when this is.
class StagedFile {
 public:
  explicit StagedFile(std::string_view bytes) {
    CHECK(mkdtemp(directory_) != nullptr);
    dirfd_ = open(directory_, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fd_ = openat(dirfd_, "staged", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~StagedFile() {
    close(fd_);
    unlinkat(dirfd_, "staged", 0);
    close(dirfd_);
    rmdir(directory_);
  }
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  int fd() const { return fd_; }
  int dirfd() const { return dirfd_; }
  std::string name() const { return "staged"; }

 private:
  char directory_[32] = "/tmp/kinfolder-staged-XXXXXX";
  int dirfd_ = -1;
  int fd_ = -1;
};

class ObjectStoreContract : public testing::TestWithParam<ObjectStoreFixtureFactory> {
 protected:
  static constexpr std::uint64_t kPlenty = 64 << 20;

  ObjectStoreContract() : fixture_(GetParam()()), store_(fixture_->Open()) {}

  // Bytes of which no two places look alike.
  static std::string Noise(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = static_cast<std::uint32_t>(size) + 1;
    for (char& c : bytes) c = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
    return bytes;
  }

  // Applies changes to a listing as a reader would.
  static void Apply(const DirectoryChanges& changes, std::map<std::string, Cap>& listing) {
    if (changes.whole) listing.clear();
    for (const DirectoryChange& entry : changes.entries) {
      if (entry.cap.has_value()) {
        listing[entry.name] = *entry.cap;
      } else {
        EXPECT_FALSE(changes.whole);
        listing.erase(entry.name);
      }
    }
  }

  static std::map<std::string, Cap> ListingOf(ObjectStore& store, const Cap& cap) {
    std::map<std::string, Cap> listing;
    const auto changes = store.ReadDirectoryChanges(cap, "");
    EXPECT_TRUE(changes.ok());
    if (!changes.ok()) return listing;
    EXPECT_TRUE(changes.value().whole);
    Apply(changes.value(), listing);
    return listing;
  }

  const std::unique_ptr<ObjectStoreFixture> fixture_;
  const std::unique_ptr<ObjectStore> store_;
};

TEST_P(ObjectStoreContract, BytesComeBackInAnotherProgram) {
  std::vector<std::pair<Cap, std::string>> stored;
  const auto batch = store_->NewBatch();
  for (std::size_t size : {0u, 1u, 55u, 56u, 4096u, 300000u, 3000000u}) {
    const std::string bytes = Noise(size);
    stored.emplace_back(batch->AddBytes(bytes), bytes);
  }
  ASSERT_TRUE(batch->Commit().ok());
  const auto other = fixture_->Open();
  for (const auto& [cap, bytes] : stored) {
    const auto got = other->Get(cap, bytes.size());
    ASSERT_TRUE(got.ok()) << got.error().text;
    EXPECT_TRUE(got.value() == bytes) << bytes.size();
    std::string streamed;
    const Status status = other->GetTo(cap, [&](std::string_view piece) {
      EXPECT_LE(piece.size(), 1u << 20);
      streamed += piece;
      return Status();
    });
    ASSERT_TRUE(status.ok());
    EXPECT_TRUE(streamed == bytes) << bytes.size();
    // A store that says what it checks must be right about it.
    EXPECT_EQ(other->DigestOf(cap).value_or(Sha256Of(bytes)), Sha256Of(bytes));
    if (bytes.empty()) continue;
    EXPECT_EQ(other->Get(cap, bytes.size() - 1).error().kind, ErrorKind::kTooLarge);
  }
}

TEST_P(ObjectStoreContract, FilesComeBack) {
  for (std::size_t size : {0u, 100u, 262143u, 262144u, 2500000u}) {
    const std::string bytes = Noise(size);
    const StagedFile file(bytes);
    const auto batch = store_->NewBatch();
    const auto staged = batch->AddStagedFile(file.dirfd(), file.name(), size, Sha256Of(bytes));
    const auto whole = batch->AddFile(file.fd(), 0, size);
    const auto part = batch->AddFile(file.fd(), size / 3, size / 3);
    ASSERT_TRUE(staged.ok() && whole.ok() && part.ok());
    ASSERT_TRUE(batch->Commit().ok());
    EXPECT_TRUE(store_->Get(staged.value(), kPlenty).value() == bytes) << size;
    EXPECT_TRUE(store_->Get(whole.value(), kPlenty).value() == bytes) << size;
    EXPECT_TRUE(store_->Get(part.value(), kPlenty).value() == bytes.substr(size / 3, size / 3));
  }
}

TEST_P(ObjectStoreContract, AStagedFileMayGoAfterItWasAdded) {
  const std::string bytes = Noise(700000);
  const auto batch = store_->NewBatch();
  Result<Cap> cap = Cap();
  {
    const StagedFile file(bytes);
    cap = batch->AddStagedFile(file.dirfd(), file.name(), bytes.size(), Sha256Of(bytes));
  }
  ASSERT_TRUE(cap.ok() && batch->Commit().ok());
  EXPECT_TRUE(store_->Get(cap.value(), kPlenty).value() == bytes);
}

TEST_P(ObjectStoreContract, FilesOfAnotherSizeFailTheBatch) {
  const StagedFile file("12345");
  auto batch = store_->NewBatch();
  EXPECT_EQ(batch->AddFile(file.fd(), 0, 6).error().kind, ErrorKind::kChanged);
  batch->AddBytes("x");
  EXPECT_EQ(batch->Commit().error().kind, ErrorKind::kChanged);
  batch = store_->NewBatch();
  EXPECT_EQ(batch->AddStagedFile(file.dirfd(), "staged", 4, {}).error().kind, ErrorKind::kChanged);
  EXPECT_EQ(batch->Commit().error().kind, ErrorKind::kChanged);
}

TEST_P(ObjectStoreContract, NothingStaysOfAnAbandonedBatch) {
  const std::string bytes = Noise(400000);
  const StagedFile file(bytes);
  std::vector<Cap> caps;
  {
    const auto batch = store_->NewBatch();
    caps.push_back(batch->AddBytes("small"));
    caps.push_back(batch->AddBytes(Noise(2000000)));
    const auto cap = batch->AddStagedFile(file.dirfd(), "staged", bytes.size(), Sha256Of(bytes));
    caps.push_back(cap.value());
  }
  for (const Cap& cap : caps) {
    EXPECT_EQ(store_->Get(cap, kPlenty).error().kind, ErrorKind::kNotFound);
  }
}

TEST_P(ObjectStoreContract, AnEmptyBatchIsFine) { EXPECT_TRUE(store_->NewBatch()->Commit().ok()); }

TEST_P(ObjectStoreContract, ImmutableDirectories) {
  const auto batch = store_->NewBatch();
  const Cap content = batch->AddBytes("content");
  const std::vector<DirectoryChild> children = {{"content", content, R"({"mtime":5})"},
                                                {"gone \xc3\xa9", std::nullopt, "{}"}};
  const Cap inner = batch->AddDirectory(children);
  const Cap outer = batch->AddDirectory({{"inner", inner, "{}"}});
  const Cap empty = batch->AddDirectory({});
  ASSERT_TRUE(batch->Commit().ok());
  EXPECT_EQ(store_->ReadDirectory(inner).value(), children);
  EXPECT_EQ(store_->ReadDirectory(outer).value()[0].cap, inner);
  EXPECT_TRUE(store_->ReadDirectory(empty).value().empty());
  EXPECT_EQ(store_->ReadDirectory(content).error().kind, ErrorKind::kInvalid);
}

TEST_P(ObjectStoreContract, ASinkMayEndTheReading) {
  const auto batch = store_->NewBatch();
  const Cap cap = batch->AddBytes(Noise(3000000));
  ASSERT_TRUE(batch->Commit().ok());
  int pieces = 0;
  const Status status = store_->GetTo(cap, [&](std::string_view) {
    ++pieces;
    return Status(MakeError(ErrorKind::kExists, "enough"));
  });
  EXPECT_EQ(status.error().kind, ErrorKind::kExists);
  EXPECT_EQ(pieces, 1);
  EXPECT_TRUE(store_->Get(cap, kPlenty).value() == Noise(3000000));
}

TEST_P(ObjectStoreContract, ForeignCapabilitiesAreInvalid) {
  for (const char* text : {"", "x", "URI:NONSENSE:", "../../etc/passwd", "kf1:..:0:0:"}) {
    const Cap cap = text;
    EXPECT_EQ(store_->Get(cap, kPlenty).error().kind, ErrorKind::kInvalid) << cap;
    EXPECT_EQ(store_->GetTo(cap, [](std::string_view) { return Status(); }).error().kind,
              ErrorKind::kInvalid);
    EXPECT_EQ(store_->ReadDirectory(cap).error().kind, ErrorKind::kInvalid) << cap;
    EXPECT_EQ(store_->ReadCapOf(cap).error().kind, ErrorKind::kInvalid) << cap;
    EXPECT_EQ(store_->CheckDirectory(cap).error().kind, ErrorKind::kInvalid) << cap;
    EXPECT_EQ(store_->ReadDirectoryChanges(cap, "").error().kind, ErrorKind::kInvalid) << cap;
    EXPECT_EQ(store_->Link(cap, {{"a", "b"}}).error().kind, ErrorKind::kInvalid) << cap;
  }
}

TEST_P(ObjectStoreContract, MutableDirectoriesTellWhatChanged) {
  const NewDirectory made = store_->CreateDirectory().value();
  EXPECT_NE(made.write_cap, made.read_cap);
  EXPECT_EQ(store_->ReadCapOf(made.write_cap).value(), made.read_cap);
  EXPECT_EQ(store_->ReadCapOf(made.read_cap).value(), made.read_cap);
  const auto reader = fixture_->Open();
  std::map<std::string, Cap> listing = ListingOf(*reader, made.read_cap);
  EXPECT_TRUE(listing.empty());
  const auto version = store_->Link(made.write_cap, {{"a", "1"}, {"b", "2"}, {"a", "3"}});
  ASSERT_TRUE(version.ok()) << version.error().text;
  EXPECT_EQ(reader->CheckDirectory(made.read_cap).value(), version.value());
  EXPECT_EQ(reader->CheckDirectory(made.write_cap).value(), version.value());
  auto changes = reader->ReadDirectoryChanges(made.read_cap, "").value();
  EXPECT_TRUE(changes.whole);
  EXPECT_EQ(changes.version, version.value());
  Apply(changes, listing);
  EXPECT_EQ(listing, (std::map<std::string, Cap>{{"a", "3"}, {"b", "2"}}));

  ASSERT_TRUE(store_->Link(made.write_cap, {{"b", std::nullopt}, {"c", "4"}}).ok());
  ASSERT_TRUE(store_->Link(made.write_cap, {{"d", "5"}, {"missing", std::nullopt}}).ok());
  EXPECT_NE(reader->CheckDirectory(made.read_cap).value(), changes.version);
  changes = reader->ReadDirectoryChanges(made.read_cap, changes.version).value();
  Apply(changes, listing);
  const std::map<std::string, Cap> expected = {{"a", "3"}, {"c", "4"}, {"d", "5"}};
  EXPECT_EQ(listing, expected);
  EXPECT_EQ(ListingOf(*reader, made.read_cap), expected);
  changes = reader->ReadDirectoryChanges(made.read_cap, changes.version).value();
  EXPECT_FALSE(changes.whole && changes.entries.empty());
  Apply(changes, listing);
  EXPECT_EQ(listing, expected);
}

TEST_P(ObjectStoreContract, AnUnknownVersionGivesTheWhole) {
  const NewDirectory one = store_->CreateDirectory().value();
  const NewDirectory two = store_->CreateDirectory().value();
  const auto version = store_->Link(one.write_cap, {{"x", "1"}});
  ASSERT_TRUE(store_->Link(two.write_cap, {{"y", "2"}}).ok());
  for (const std::string& known :
       {version.value(), std::string("nonsense"), version.value() + "0"}) {
    const auto changes = store_->ReadDirectoryChanges(two.read_cap, known);
    ASSERT_TRUE(changes.ok());
    EXPECT_TRUE(changes.value().whole);
    EXPECT_EQ(changes.value().entries, (std::vector<DirectoryChange>{{"y", "2"}}));
  }
}

TEST_P(ObjectStoreContract, AReadCapabilityDoesNotWrite) {
  const NewDirectory made = store_->CreateDirectory().value();
  EXPECT_FALSE(store_->Link(made.read_cap, {{"a", "1"}}).ok());
  EXPECT_TRUE(ListingOf(*store_, made.read_cap).empty());
}

TEST_P(ObjectStoreContract, ManyEntriesAtOnce) {
  const NewDirectory made = store_->CreateDirectory().value();
  std::vector<DirectoryChange> entries;
  for (int i = 0; i < 5000; ++i)
    entries.push_back({"name " + std::to_string(i), std::string(100, 'c')});
  ASSERT_TRUE(store_->Link(made.write_cap, entries).ok());
  EXPECT_EQ(ListingOf(*store_, made.read_cap).size(), entries.size());
}

TEST_P(ObjectStoreContract, ConcurrentLinksLoseNothing) {
  const NewDirectory made = store_->CreateDirectory().value();
  const auto other = fixture_->Open();
  const auto work = [&](ObjectStore& store, const std::string& who) {
    for (int i = 0; i < 50; ++i) {
      const Status status = [&]() -> Status {
        const auto version = store.Link(made.write_cap, {{who + std::to_string(i), "cap"}});
        if (!version.ok()) return version.error();
        return {};
      }();
      EXPECT_TRUE(status.ok());
    }
  };
  std::thread a([&] { work(*store_, "a"); });
  std::thread b([&] { work(*other, "b"); });
  std::thread c([&] { work(*other, "c"); });
  for (std::thread* thread : {&a, &b, &c}) thread->join();
  EXPECT_EQ(ListingOf(*store_, made.read_cap).size(), 150u);
}

TEST_P(ObjectStoreContract, WatchTellsOfOthersChanges) {
  if (store_->NotifyFd() < 0) GTEST_SKIP() << "this store can only be polled";
  const NewDirectory watched = store_->CreateDirectory().value();
  const NewDirectory unwatched = store_->CreateDirectory().value();
  const auto other = fixture_->Open();
  ASSERT_TRUE(store_->Watch({watched.read_cap}).ok());
  store_->Drain();
  ASSERT_TRUE(other->Link(unwatched.write_cap, {{"x", "1"}}).ok());
  ASSERT_TRUE(other->Link(watched.write_cap, {{"a", "1"}}).ok());
  pollfd waiting = {store_->NotifyFd(), POLLIN, 0};
  EXPECT_EQ(poll(&waiting, 1, 10000), 1);
  EXPECT_EQ(store_->Drain(), std::vector<Cap>{watched.read_cap});
  EXPECT_EQ(poll(&waiting, 1, 0), 0);
  EXPECT_TRUE(store_->Drain().empty());
}

TEST_P(ObjectStoreContract, SaysWhatItIs) {
  EXPECT_TRUE(store_->Health().ok());
  EXPECT_FALSE(store_->Describe().empty());
}

}  // namespace kinfolder
