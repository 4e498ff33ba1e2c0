// LevelDB's files with faults: writes that fail, and power cuts.
#pragma once

#include <gtest/gtest.h>
#include <leveldb/env.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>

namespace kinfolder {

// The real file system or memory, in which the n-th next append fails half done, or a sync fails.
class FaultyEnv : public leveldb::EnvWrapper {
 public:
  explicit FaultyEnv(leveldb::Env* target) : leveldb::EnvWrapper(target) {}

  int fail_append_in = 0;  // 1: the next; 0: none
  bool fail_sync = false;

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override {
    return Wrap(target()->NewWritableFile(name, file), file);
  }
  leveldb::Status NewAppendableFile(const std::string& name,
                                    leveldb::WritableFile** file) override {
    return Wrap(target()->NewAppendableFile(name, file), file);
  }

 private:
  class File : public leveldb::WritableFile {
   public:
    File(leveldb::WritableFile* file, FaultyEnv* env) : file_(file), env_(env) {}
    leveldb::Status Append(const leveldb::Slice& data) override {
      if (env_->fail_append_in > 0 && --env_->fail_append_in == 0) {
        const leveldb::Status half = file_->Append(leveldb::Slice(data.data(), data.size() / 2));
        return half.ok() ? leveldb::Status::IOError("No space left on device") : half;
      }
      return file_->Append(data);
    }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override {
      return env_->fail_sync ? leveldb::Status::IOError("injected") : file_->Sync();
    }

   private:
    std::unique_ptr<leveldb::WritableFile> file_;
    FaultyEnv* env_;
  };

  leveldb::Status Wrap(leveldb::Status status, leveldb::WritableFile** file) {
    if (status.ok()) *file = new File(*file, this);
    return status;
  }
};

// Files in memory of which it is known how much was synced. The power goes at one of the syncs:
// that one and all that follows fails. Names are durable at once.
class PowerEnv : public leveldb::EnvWrapper {
 public:
  explicit PowerEnv(leveldb::Env* memory) : leveldb::EnvWrapper(memory) {}

  int syncs_left = 1 << 30;
  bool off() const { return syncs_left < 0; }

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override {
    if (off()) return leveldb::Status::IOError("no power");
    synced_[name] = 0;
    leveldb::WritableFile* inner = nullptr;
    const leveldb::Status made = target()->NewWritableFile(name, &inner);
    *file = made.ok() ? new File(inner, name, this) : nullptr;
    return made;
  }
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override {
    if (off()) return leveldb::Status::IOError("no power");
    if (const auto known = synced_.extract(from)) synced_[to] = known.mapped();
    return target()->RenameFile(from, to);
  }
  leveldb::Status RemoveFile(const std::string& name) override {
    if (off()) return leveldb::Status::IOError("no power");
    synced_.erase(name);
    return target()->RemoveFile(name);
  }

  // Power again: each file has what was synced, and of the rest what `rng` says.
  void Restore(std::mt19937& rng) {
    syncs_left = 1 << 30;
    for (const auto& [name, synced] : synced_) {
      std::string bytes;
      if (!leveldb::ReadFileToString(target(), name, &bytes).ok()) continue;
      Tear(synced, rng, &bytes);
      EXPECT_TRUE(leveldb::WriteStringToFile(target(), bytes, name).ok());
    }
    for (auto& [name, synced] : synced_) EXPECT_TRUE(target()->GetFileSize(name, &synced).ok());
  }

 private:
  class File : public leveldb::WritableFile {
   public:
    File(leveldb::WritableFile* file, std::string name, PowerEnv* env)
        : file_(file), name_(std::move(name)), env_(env) {}
    leveldb::Status Append(const leveldb::Slice& data) override {
      if (env_->off()) return leveldb::Status::IOError("no power");
      size_ += data.size();
      return file_->Append(data);
    }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override {
      if (--env_->syncs_left < 0) return leveldb::Status::IOError("no power");
      env_->synced_[name_] = size_;
      return file_->Sync();
    }

   private:
    std::unique_ptr<leveldb::WritableFile> file_;
    std::string name_;
    PowerEnv* env_;
    std::uint64_t size_ = 0;
  };

  // A prefix of what was not synced; or all of its size, with zeros from somewhere, or with some
  // sectors of zeros.
  static void Tear(std::uint64_t synced, std::mt19937& rng, std::string* bytes) {
    const std::uint64_t tail = bytes->size() - std::min<std::uint64_t>(synced, bytes->size());
    if (tail == 0) return;
    const std::uint64_t keep = synced + rng() % (tail + 1);
    switch (rng() % 4) {
      case 0:
        bytes->resize(keep);
        break;
      case 1:
        std::fill(bytes->begin() + static_cast<std::ptrdiff_t>(keep), bytes->end(), '\0');
        break;
      case 2:
        for (std::uint64_t at = synced; at < bytes->size(); ++at)
          if ((at / 512 + keep) % 2 == 0) (*bytes)[at] = '\0';
        break;
      default:
        break;
    }
  }

  std::map<std::string, std::uint64_t> synced_;
};

}  // namespace kinfolder
