#include "shells/store/dir_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "core/base/check.h"
#include "shells/store/pack_batch.h"
#include "shells/store/temporary_directory_for_test.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

class DirStoreTest : public testing::Test {
 protected:
  DirStoreTest() { CHECK(DirStore::Create(path_).ok()); }

  std::unique_ptr<DirStore> Open() { return DirStore::Open(path_).value(); }

  // The store's only file below a directory of it.
  std::string OnlyFileIn(const std::string& directory) {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(path_ + "/" + directory)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    CHECK(files.size() == 1);
    return files[0];
  }

  static std::string ReadFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  static void WriteFile(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  std::map<std::string, Cap> Listing(DirStore& store, const Cap& cap) {
    std::map<std::string, Cap> listing;
    const auto changes = store.ReadDirectoryChanges(cap, "");
    CHECK(changes.ok());
    for (const DirectoryChange& entry : changes.value().entries) listing[entry.name] = *entry.cap;
    return listing;
  }

  Cap Store(DirStore& store, std::string_view bytes) {
    const auto batch = store.NewBatch();
    const Cap cap = batch->AddBytes(bytes);
    CHECK(batch->Commit().ok());
    return cap;
  }

  const TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "store";
};

TEST_F(DirStoreTest, CreateIsForTheOwnerAndRefusesWhatIsInUse) {
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_all);
  EXPECT_EQ(DirStore::Create(path_).error().kind, ErrorKind::kExists);
  const std::string other = temporary_ / "other";
  fs::create_directory(other);
  WriteFile(other + "/letter.txt", "x");
  EXPECT_EQ(DirStore::Create(other).error().kind, ErrorKind::kExists);
  EXPECT_EQ(DirStore::Open(other).error().kind, ErrorKind::kNotFound);
  fs::remove(other + "/letter.txt");
  EXPECT_TRUE(DirStore::Create(other).ok());
  EXPECT_TRUE(DirStore::Open(other).ok());
  EXPECT_EQ(DirStore::Create(temporary_ / "no/such").error().kind, ErrorKind::kNotFound);
  // A store that lost its marker is not overwritten.
  const auto store = Open();
  Store(*store, "x");
  fs::remove(path_ + "/kinfolder-store");
  EXPECT_EQ(DirStore::Create(path_).error().kind, ErrorKind::kExists);
}

TEST_F(DirStoreTest, OpenRefusesOtherDirectories) {
  EXPECT_EQ(DirStore::Open(temporary_ / "missing").error().kind, ErrorKind::kNotFound);
  const std::string marker = path_ + "/kinfolder-store";
  const std::string good = ReadFile(marker);
  for (const std::string& bad : {std::string(), good.substr(0, 20), good.substr(0, good.size() - 1),
                                 good + "x", std::string("something else\n")}) {
    WriteFile(marker, bad);
    EXPECT_EQ(DirStore::Open(path_).error().kind, ErrorKind::kInvalid) << bad;
  }
  std::string newer = good;
  newer.replace(newer.find("version 1"), 9, "version 2");
  WriteFile(marker, newer);
  EXPECT_EQ(DirStore::Open(path_).error().kind, ErrorKind::kVersion);
  WriteFile(marker, good);
  EXPECT_TRUE(DirStore::Open(path_).ok());
}

TEST_F(DirStoreTest, VanishesAndReturns) {
  const auto store = Open();
  const Cap cap = Store(*store, "hello");
  const NewDirectory made = store->CreateDirectory().value();
  const auto version = store->Link(made.write_cap, {{"a", "1"}}).value();
  ASSERT_TRUE(store->Watch({made.read_cap}).ok());
  ASSERT_EQ(store->Get(cap, 100).value(), "hello");
  const auto early = store->NewBatch();
  const Cap early_cap = early->AddBytes("early");

  fs::rename(path_, temporary_ / "away");
  for (bool empty_in_its_place : {false, true}) {
    if (empty_in_its_place) fs::create_directory(path_);
    EXPECT_EQ(store->Get(cap, 100).error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(store->CheckDirectory(made.read_cap).error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(store->Link(made.write_cap, {{"b", "2"}}).error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(store->CreateDirectory().error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(store->Health().error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(store->ReadCapOf(made.write_cap).value(), made.read_cap);
    const auto batch = store->NewBatch();
    batch->AddBytes("x");
    EXPECT_EQ(batch->Commit().error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(fs::exists(path_), empty_in_its_place);  // Nothing is made on the way.
    EXPECT_TRUE(!empty_in_its_place || fs::is_empty(path_));
  }
  EXPECT_FALSE(early->Commit().ok());
  fs::remove(path_);
  fs::rename(temporary_ / "away", path_);
  EXPECT_TRUE(store->Health().ok());
  EXPECT_EQ(store->Get(cap, 100).value(), "hello");
  EXPECT_EQ(store->Get(early_cap, 100).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(store->CheckDirectory(made.read_cap).value(), version);
  EXPECT_EQ(store->Drain(), std::vector<Cap>{made.read_cap});  // It may have changed meanwhile.
  ASSERT_TRUE(Open()->Link(made.write_cap, {{"b", "2"}}).ok());
  EXPECT_EQ(store->Drain(), std::vector<Cap>{made.read_cap});
  EXPECT_EQ(Listing(*store, made.read_cap).size(), 2u);
}

TEST_F(DirStoreTest, AnotherStoreInItsPlaceIsNotUsed) {
  const auto store = Open();
  const Cap cap = Store(*store, "hello");
  fs::rename(path_, temporary_ / "away");
  ASSERT_TRUE(DirStore::Create(path_).ok());
  EXPECT_EQ(store->Get(cap, 100).error().kind, ErrorKind::kUnavailable);
}

TEST_F(DirStoreTest, EveryFlippedByteOfAnObjectIsNoticed) {
  const auto store = Open();
  const Cap cap = Store(*store, std::string(300, 'x'));
  const std::string file = OnlyFileIn("packs");
  const std::string good = ReadFile(file);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    WriteFile(file, bad);
    EXPECT_EQ(store->Get(cap, 1000).error().kind, ErrorKind::kCorrupt);
  }
  WriteFile(file, good.substr(0, 299));
  EXPECT_EQ(Open()->Get(cap, 1000).error().kind, ErrorKind::kCorrupt);
  WriteFile(file, good);
  EXPECT_TRUE(store->Get(cap, 1000).ok());
}

TEST_F(DirStoreTest, DamageInALargeObjectIsNoticedAtItsEnd) {
  const auto store = Open();
  const Cap cap = Store(*store, std::string(3 << 20, 'x'));
  const std::string file = OnlyFileIn("packs");
  std::string bad = ReadFile(file);
  bad[10] ^= 1;
  WriteFile(file, bad);
  std::size_t size = 0;
  const Status status = store->GetTo(cap, [&](std::string_view piece) {
    size += piece.size();
    return Status();
  });
  EXPECT_EQ(status.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(size, std::size_t{2 << 20});  // The last piece is never handed out.
}

TEST_F(DirStoreTest, CapabilitiesHaveOneText) {
  const auto store = Open();
  const Cap cap = Store(*store, "hello");
  EXPECT_TRUE(store->Get(cap, 100).ok());
  for (const Cap& bad : {cap + " ", cap.substr(0, cap.size() - 1), "kf1-dir" + cap.substr(3) + "a",
                         std::string(cap).replace(cap.find(":0:"), 3, ":00:"),
                         std::string(cap).replace(cap.find(":0:"), 3, ":-1:"),
                         std::string(cap).replace(cap.find(":0:"), 3, ":9999999999999999999:")}) {
    EXPECT_EQ(store->Get(bad, 100).error().kind, ErrorKind::kInvalid) << bad;
  }
  // Lengths and places are not believed.
  const Cap huge = std::string(cap).replace(cap.find(":0:5:"), 5, ":0:4611686018427387904:");
  EXPECT_EQ(store->Get(huge, ~std::uint64_t{0}).error().kind, ErrorKind::kCorrupt);
  const Cap beyond = std::string(cap).replace(cap.find(":0:5:"), 5, ":1:5:");
  EXPECT_EQ(store->Get(beyond, 100).error().kind, ErrorKind::kCorrupt);
}

TEST_F(DirStoreTest, LargeStagedFilesAreLinkedWhereThatIsSafe) {
  const std::string bytes(kOwnPackBytes, 'x');
  const auto store = Open();
  const std::string staged = path_ + ".staged";
  const auto inode_after_adding = [&](bool second_link) {
    WriteFile(staged, bytes);
    if (second_link) fs::create_hard_link(staged, staged + "2");
    const auto batch = store->NewBatch();
    const auto cap = batch->AddStagedFile(AT_FDCWD, staged, bytes.size(), Sha256Of(bytes));
    CHECK(cap.ok() && batch->Commit().ok());
    CHECK(store->Get(cap.value(), bytes.size()).value() == bytes);
    struct stat kept;
    struct stat own;
    const std::string pack = path_ + "/" + PackPath(ParsePackCap(cap.value()).value().pack_id);
    CHECK(stat(pack.c_str(), &kept) == 0 && stat(staged.c_str(), &own) == 0);
    fs::remove(staged);
    fs::remove(staged + "2");
    return kept.st_ino == own.st_ino;
  };
  EXPECT_TRUE(inode_after_adding(false));
  EXPECT_FALSE(inode_after_adding(true));  // Somebody else could write to it.
}

TEST_F(DirStoreTest, StagedFilesMayBeOnAnotherFileSystem) {
  char name[] = "/dev/shm/kinfolder-staged-XXXXXX";
  const OwnedFd fd(mkstemp(name));
  if (!fd.valid()) GTEST_SKIP() << "no second file system";
  const std::string bytes(kOwnPackBytes + 5, 'y');
  ASSERT_TRUE(WriteAllAt(fd.get(), 0, bytes).ok());
  const auto store = Open();
  const auto batch = store->NewBatch();
  const auto cap = batch->AddStagedFile(AT_FDCWD, name, bytes.size(), Sha256Of(bytes));
  unlink(name);
  ASSERT_TRUE(cap.ok() && batch->Commit().ok());
  EXPECT_TRUE(store->Get(cap.value(), bytes.size()).value() == bytes);
}

TEST_F(DirStoreTest, ManyLargeFilesInOneBatch) {
  const auto store = Open();
  const auto batch = store->NewBatch();
  std::vector<std::pair<Cap, std::string>> stored;
  const std::string staged = path_ + ".staged";
  for (int i = 0; i < 40; ++i) {
    const std::string bytes(kOwnPackBytes + i, static_cast<char>('a' + i));
    WriteFile(staged, bytes);
    const auto cap = batch->AddStagedFile(AT_FDCWD, staged, bytes.size(), Sha256Of(bytes));
    ASSERT_TRUE(cap.ok());
    fs::remove(staged);
    stored.emplace_back(cap.value(), bytes);
  }
  ASSERT_TRUE(batch->Commit().ok());
  for (const auto& [cap, bytes] : stored) EXPECT_TRUE(store->Get(cap, 1 << 20).value() == bytes);
  EXPECT_TRUE(fs::is_empty(path_ + "/tmp"));
}

TEST_F(DirStoreTest, AWrongDigestOfASmallStagedFileIsNoticed) {
  const auto store = Open();
  const std::string staged = path_ + ".staged";
  WriteFile(staged, "abc");
  const auto batch = store->NewBatch();
  const auto cap = batch->AddStagedFile(AT_FDCWD, staged, 3, Sha256Of("abd"));
  EXPECT_EQ(cap.error().kind, ErrorKind::kChanged);
}

TEST_F(DirStoreTest, ChangesCostWhatChanged) {
  const auto store = Open();
  const NewDirectory made = store->CreateDirectory().value();
  std::vector<DirectoryChange> entries;
  for (int i = 0; i < 20000; ++i) entries.push_back({std::to_string(i), std::string(130, 'c')});
  const auto version = store->Link(made.write_cap, entries).value();
  ASSERT_TRUE(store->Link(made.write_cap, {{"7", "new"}, {"8", std::nullopt}}).ok());
  const auto changes = Open()->ReadDirectoryChanges(made.read_cap, version).value();
  EXPECT_FALSE(changes.whole);
  const std::vector<DirectoryChange> expected = {{"7", "new"}, {"8", std::nullopt}};
  EXPECT_EQ(changes.entries, expected);
}

TEST_F(DirStoreTest, CompactsWhatIsMostlyOld) {
  const auto store = Open();
  const auto reader = Open();
  const NewDirectory made = store->CreateDirectory().value();
  std::map<std::string, Cap> expected;
  std::string version;
  for (int i = 0; i < 400; ++i) {
    std::vector<DirectoryChange> entries;
    for (int k = 0; k < 20; ++k) {
      const std::string name = std::to_string((i + k) % 50);
      const Cap cap = std::to_string(i) + std::string(100, 'c');
      entries.push_back({name, cap});
      expected[name] = cap;
    }
    version = store->Link(made.write_cap, entries).value();
    EXPECT_EQ(reader->CheckDirectory(made.read_cap).value(), version);
  }
  EXPECT_LT(fs::file_size(OnlyFileIn("dirs")), 300u * 1024);
  EXPECT_EQ(Listing(*reader, made.read_cap), expected);
  EXPECT_EQ(Listing(*Open(), made.read_cap), expected);
  const auto changes = reader->ReadDirectoryChanges(made.read_cap, version).value();
  EXPECT_FALSE(changes.whole);
  EXPECT_TRUE(changes.entries.empty());
  EXPECT_TRUE(fs::is_empty(path_ + "/tmp"));
}

// Whatever prefix of the last record reached the disk, all before it stays and writing goes on.
TEST_F(DirStoreTest, ATornTailIsIgnoredAndCutOff) {
  const auto store = Open();
  const NewDirectory made = store->CreateDirectory().value();
  const auto version = store->Link(made.write_cap, {{"a", "1"}}).value();
  const std::string file = OnlyFileIn("dirs");
  const std::string before = ReadFile(file);
  ASSERT_TRUE(store->Link(made.write_cap, {{"b", "2"}}).ok());
  const std::string after = ReadFile(file);
  for (std::size_t size = before.size(); size < after.size(); ++size) {
    for (bool zeros : {false, true}) {
      std::string torn = after.substr(0, size);
      if (zeros) torn.append(after.size() - size, '\0');
      WriteFile(file, torn);
      const auto fresh = Open();
      EXPECT_EQ(fresh->CheckDirectory(made.read_cap).value(), version) << size;
      EXPECT_EQ(Listing(*fresh, made.read_cap), (std::map<std::string, Cap>{{"a", "1"}}));
      ASSERT_TRUE(fresh->Link(made.write_cap, {{"c", "3"}}).ok());
      EXPECT_EQ(Listing(*Open(), made.read_cap),
                (std::map<std::string, Cap>{{"a", "1"}, {"c", "3"}}));
    }
  }
}

TEST_F(DirStoreTest, DamageOfADirectoryIsNoticed) {
  const auto store = Open();
  const NewDirectory made = store->CreateDirectory().value();
  ASSERT_TRUE(store->Link(made.write_cap, {{"a", "1"}}).ok());
  const std::string file = OnlyFileIn("dirs");
  const std::size_t first = ReadFile(file).size();
  ASSERT_TRUE(store->Link(made.write_cap, {{"b", "2"}}).ok());
  const std::string good = ReadFile(file);
  for (std::size_t i = 0; i < first; ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    WriteFile(file, bad);
    const auto fresh = Open();
    EXPECT_EQ(fresh->ReadDirectoryChanges(made.read_cap, "").error().kind, ErrorKind::kCorrupt)
        << i;
    EXPECT_EQ(fresh->CheckDirectory(made.read_cap).error().kind, ErrorKind::kCorrupt) << i;
    EXPECT_EQ(fresh->Link(made.write_cap, {{"c", "3"}}).error().kind, ErrorKind::kCorrupt) << i;
    EXPECT_EQ(ReadFile(file), bad);  // Nothing is cut off that may be saved.
  }
}

TEST_F(DirStoreTest, StaleScratchIsRemovedAndLiveIsNot) {
  const std::string stale = path_ + "/tmp/0123";
  fs::create_directory(stale);
  WriteFile(stale + "/pack", "x");
  const auto root = StoreRoot::Open(path_).value()->Acquire().value();
  const auto live = Scratch::Make(root);
  ASSERT_TRUE(live.ok());
  RemoveStaleScratch(*root, 3600);
  EXPECT_TRUE(fs::exists(stale));  // Too young to be sure that nobody is about to lock it.
  RemoveStaleScratch(*root, 0);
  EXPECT_FALSE(fs::exists(stale));
  EXPECT_TRUE(fs::exists(path_ + "/" + live.value()->PathOf("")));
}

// Runs `work` in a child that shares nothing but the store.
template <class Work>
pid_t Fork(Work work) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    work();
    _exit(0);
  }
  return child;
}

TEST_F(DirStoreTest, TwoProcessesLoseNoUpdate) {
  const auto store = Open();
  const NewDirectory made = store->CreateDirectory().value();
  std::vector<pid_t> children;
  for (int who = 0; who < 2; ++who) {
    children.push_back(Fork([&] {
      const auto own = Open();
      for (int i = 0; i < 500; ++i) {
        const std::string name = std::to_string(who) + "-" + std::to_string(i % 250);
        const Cap cap = std::to_string(i) + std::string(1000, 'c');
        CHECK(own->Link(made.write_cap, {{name, cap}}).ok());
      }
    }));
  }
  // A reader meanwhile: what it was told must never go back.
  std::map<std::string, Cap> seen;
  std::string version;
  std::size_t ended = 0;
  while (ended < children.size()) {
    const auto changes = store->ReadDirectoryChanges(made.read_cap, version);
    ASSERT_TRUE(changes.ok()) << changes.error().text;
    version = changes.value().version;
    for (const DirectoryChange& entry : changes.value().entries) {
      const int number = std::stoi(*entry.cap);
      EXPECT_TRUE(!seen.contains(entry.name) || number >= std::stoi(seen[entry.name]));
      seen[entry.name] = *entry.cap;
    }
    int status;
    const pid_t child = waitpid(-1, &status, WNOHANG);
    if (child <= 0) continue;
    EXPECT_EQ(status, 0);
    ++ended;
  }
  const auto listing = Listing(*Open(), made.read_cap);
  EXPECT_EQ(listing.size(), 500u);
  for (const auto& [name, cap] : listing) EXPECT_GE(std::stoi(cap), 250) << name;
}

// The child says over a pipe what was acknowledged; then it is killed wherever it is.
TEST_F(DirStoreTest, KilledWritersLoseNothingAcknowledged) {
  const auto store = Open();
  const NewDirectory made = store->CreateDirectory().value();
  std::map<std::string, Cap> acknowledged;
  for (int round = 0; round < 30; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = Fork([&] {
      const auto own = Open();
      for (int i = 0;; ++i) {
        const auto batch = own->NewBatch();
        const Cap cap = batch->AddBytes("content " + std::to_string(i) + std::string(2000, 'x'));
        const std::string name = std::to_string(round) + "-" + std::to_string(i);
        CHECK(batch->Commit().ok());
        CHECK(own->Link(made.write_cap, {{name, cap}, {"latest", cap}}).ok());
        const std::string line = name + " " + cap + "\n";
        CHECK(write(ends[1], line.data(), line.size()) == static_cast<ssize_t>(line.size()));
      }
    });
    close(ends[1]);
    std::string said;
    char buffer[65536];
    const auto hear = [&] {
      const ssize_t got = read(ends[0], buffer, sizeof buffer);
      if (got > 0) said.append(buffer, static_cast<std::size_t>(got));
      return got > 0;
    };
    while (std::count(said.begin(), said.end(), '\n') < 1 + round % 3) ASSERT_TRUE(hear());
    usleep(static_cast<useconds_t>(777 * round % 5000));
    EXPECT_FALSE(Listing(*store, made.read_cap).size() < acknowledged.size());
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (hear()) continue;
    close(ends[0]);
    std::istringstream lines(said);
    for (std::string name, cap; lines >> name >> cap;) acknowledged[name] = cap;
    const auto listing = Listing(*store, made.read_cap);
    for (const auto& [name, cap] : acknowledged) {
      ASSERT_TRUE(listing.contains(name) && listing.at(name) == cap) << name;
    }
    // Also what was linked but not acknowledged is whole.
    for (const auto& [name, cap] : listing) ASSERT_TRUE(store->Get(cap, 10000).ok()) << name;
  }
  EXPECT_GE(acknowledged.size(), 30u);
}

class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &old_) == 0);
    const rlimit limit = {bytes, old_.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &old_); }

 private:
  rlimit old_;
};

TEST_F(DirStoreTest, AFullDiskIsSaidAndLaterAllWorks) {
  const auto store = Open();
  const NewDirectory made = store->CreateDirectory().value();
  const auto version = store->Link(made.write_cap, {{"a", "1"}}).value();
  const std::string bytes(100000, 'x');
  const std::vector<DirectoryChange> large = {{"b", std::string(4000, 'c')},
                                              {"c", std::string(4000, 'c')}};
  {
    const FileSizeLimit limit(5000);
    const auto batch = store->NewBatch();
    batch->AddBytes(bytes);
    EXPECT_EQ(batch->Commit().error().kind, ErrorKind::kNoSpace);
    EXPECT_EQ(store->Link(made.write_cap, large).error().kind, ErrorKind::kNoSpace);
    EXPECT_EQ(store->CheckDirectory(made.read_cap).value(), version);
    ASSERT_TRUE(store->Link(made.write_cap, {{"small", "2"}}).ok());
  }
  EXPECT_TRUE(fs::is_empty(path_ + "/tmp"));
  EXPECT_EQ(store->Get(Store(*store, bytes), bytes.size()).value(), bytes);
  ASSERT_TRUE(store->Link(made.write_cap, large).ok());
  EXPECT_EQ(Listing(*Open(), made.read_cap).size(), 4u);
}

}  // namespace
}  // namespace kinfolder
