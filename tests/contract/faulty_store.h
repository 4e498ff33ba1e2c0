// A store whose requests and answers can be lost, delayed and refused: a wrapper for tests.
//
// Like the real thing it works on the calling thread. A read whose answer is lost can't be told
// from a store that is away; a write is unclear. Safe from several threads.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "shells/store/object_store.h"

namespace kinfolder {

class StoreTroubles {
 public:
  enum class Trouble : std::uint8_t { kNone, kLoseAnswer, kLoseRequest, kDelay };

  // Of the next request; kDelay: of the next directory write, others are not affected.
  void Set(Trouble next) {
    const std::lock_guard<std::mutex> lock(mutex_);
    next_ = next;
  }
  void SetFull(bool full) {
    const std::lock_guard<std::mutex> lock(mutex_);
    full_ = full;
  }
  bool full() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return full_;
  }
  // What the request meets; `links`: it writes a directory.
  Trouble Take(bool links) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (next_ == Trouble::kDelay && !links) return Trouble::kNone;
    return std::exchange(next_, Trouble::kNone);
  }
  void Delay(std::function<void()> write) {
    const std::lock_guard<std::mutex> lock(mutex_);
    delayed_.push_back(std::move(write));
  }
  // Carries out what was delayed; how many writes those are.
  std::size_t LetThrough() {
    std::vector<std::function<void()>> writes;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      writes.swap(delayed_);
    }
    for (const auto& write : writes) write();
    return writes.size();
  }

  // How many reads took place, or failed to.
  std::size_t reads() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return reads_;
  }

  // A read through these troubles.
  template <class Read>
  auto Reading(Read read) -> decltype(read()) {
    const Trouble trouble = Take(false);
    if (trouble == Trouble::kLoseRequest) {
      NoteRead();
      return Lost(ErrorKind::kUnavailable);
    }
    auto result = read();
    NoteRead();
    if (trouble == Trouble::kLoseAnswer) return Lost(ErrorKind::kUnavailable);
    return result;
  }
  // A write.
  template <class Write>
  auto Writing(bool links, Write write) -> decltype(write()) {
    const Trouble trouble = Take(links);
    if (full()) return MakeError(ErrorKind::kNoSpace, "full, for a test");
    if (trouble == Trouble::kLoseRequest) return Lost(ErrorKind::kUnclear);
    if (trouble == Trouble::kDelay) {
      Delay([write] { (void)write(); });
      return Lost(ErrorKind::kUnclear);
    }
    auto result = write();
    if (trouble == Trouble::kLoseAnswer) return Lost(ErrorKind::kUnclear);
    return result;
  }

 private:
  void NoteRead() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++reads_;
  }
  static Error Lost(ErrorKind kind) { return MakeError(kind, "lost, for a test"); }

  mutable std::mutex mutex_;
  Trouble next_ = Trouble::kNone;
  bool full_ = false;
  std::size_t reads_ = 0;
  std::vector<std::function<void()>> delayed_;
};

class FaultyReader : public ObjectReader {
 public:
  FaultyReader(std::unique_ptr<ObjectReader> inner, std::shared_ptr<StoreTroubles> troubles)
      : inner_(std::move(inner)), troubles_(std::move(troubles)) {}

  Result<std::string> Get(const Cap& cap, std::uint64_t max_bytes) override {
    return troubles_->Reading([&] { return inner_->Get(cap, max_bytes); });
  }
  Status GetTo(const Cap& cap, const ContentSink& sink) override {
    return troubles_->Reading([&] { return inner_->GetTo(cap, sink); });
  }
  Result<std::vector<DirectoryChild>> ReadDirectory(const Cap& cap) override {
    return troubles_->Reading([&] { return inner_->ReadDirectory(cap); });
  }

 private:
  const std::unique_ptr<ObjectReader> inner_;
  const std::shared_ptr<StoreTroubles> troubles_;
};

class FaultyBatch : public Batch {
 public:
  FaultyBatch(std::unique_ptr<Batch> inner, std::shared_ptr<StoreTroubles> troubles)
      : inner_(std::move(inner)), troubles_(std::move(troubles)) {}

  Cap AddBytes(std::string_view bytes) override { return inner_->AddBytes(bytes); }
  Result<Cap> AddFile(int fd, std::uint64_t offset, std::uint64_t size) override {
    return inner_->AddFile(fd, offset, size);
  }
  Result<Cap> AddStagedFile(int dirfd, const std::string& name, std::uint64_t size,
                            const Digest& sha256) override {
    return inner_->AddStagedFile(dirfd, name, size, sha256);
  }
  Cap AddDirectory(const std::vector<DirectoryChild>& children) override {
    return inner_->AddDirectory(children);
  }
  Status Commit() override {
    return troubles_->Writing(false, [this] { return inner_->Commit(); });
  }

 private:
  const std::unique_ptr<Batch> inner_;
  const std::shared_ptr<StoreTroubles> troubles_;
};

class FaultyStore : public ObjectStore {
 public:
  explicit FaultyStore(std::shared_ptr<ObjectStore> inner) : inner_(std::move(inner)) {}

  StoreTroubles& troubles() { return *troubles_; }

  std::unique_ptr<Batch> NewBatch() override {
    return std::make_unique<FaultyBatch>(inner_->NewBatch(), troubles_);
  }
  std::unique_ptr<ObjectReader> NewReader() override {
    return std::make_unique<FaultyReader>(inner_->NewReader(), troubles_);
  }
  Result<std::string> Get(const Cap& cap, std::uint64_t max_bytes) override {
    return troubles_->Reading([&] { return inner_->Get(cap, max_bytes); });
  }
  Status GetTo(const Cap& cap, const ContentSink& sink) override {
    return troubles_->Reading([&] { return inner_->GetTo(cap, sink); });
  }
  Result<std::vector<DirectoryChild>> ReadDirectory(const Cap& cap) override {
    return troubles_->Reading([&] { return inner_->ReadDirectory(cap); });
  }
  Result<NewDirectory> CreateDirectory() override { return inner_->CreateDirectory(); }
  Result<Cap> ReadCapOf(const Cap& write_cap) override { return inner_->ReadCapOf(write_cap); }
  Result<std::string> CheckDirectory(const Cap& cap) override {
    return troubles_->Reading([&] { return inner_->CheckDirectory(cap); });
  }
  Result<DirectoryChanges> ReadDirectoryChanges(const Cap& cap,
                                                const std::string& known_version) override {
    return troubles_->Reading([&] { return inner_->ReadDirectoryChanges(cap, known_version); });
  }
  Result<std::string> Link(const Cap& write_cap,
                           const std::vector<DirectoryChange>& entries) override {
    return troubles_->Writing(
        true, [inner = inner_, write_cap, entries] { return inner->Link(write_cap, entries); });
  }
  std::optional<Digest> DigestOf(const Cap& cap) const override { return inner_->DigestOf(cap); }
  Status Health() override { return inner_->Health(); }
  std::string Describe() const override { return inner_->Describe(); }
  Status Watch(const std::vector<Cap>& caps) override { return inner_->Watch(caps); }
  int NotifyFd() const override { return inner_->NotifyFd(); }
  std::vector<Cap> Drain() override { return inner_->Drain(); }

 private:
  const std::shared_ptr<ObjectStore> inner_;
  const std::shared_ptr<StoreTroubles> troubles_ = std::make_shared<StoreTroubles>();
};

}  // namespace kinfolder
