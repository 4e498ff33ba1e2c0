// The files contract on the simulated disk: a world of one machine and a second participant.
#include <utility>

#include "core/base/check.h"
#include "sim/world/world.h"
#include "tests/contract/files_contract.h"

namespace kinfolder::sim {
namespace {

class SimFiles : public FilesFixture {
 public:
  SimFiles() {
    for (const char* name : {"me", "ben"}) {
      Machine machine;
      machine.name = name;
      world_.machines.push_back(machine);
    }
    Join(world_, judge_, 1);
    Join(world_, judge_, 0);
    other_ = ParticipantIdOf(Tab(), Me(1).state.directory);
    world_.queue.clear();
  }

  PathId Id(const std::string& path) override { return PathIdOf(Tab(), path); }
  std::string PathOf(PathId id) override { return Tab().paths.at(id.value); }
  ParticipantId Other() override { return other_; }

  // Only the port acts: the core never hears the answer, and nothing else happens meanwhile.
  EventBody Do(const Effect& effect) override {
    Pass();
    if (IsStoreEffect(effect)) {
      CarryInStore(world_, judge_, 0, effect, world_.now_ms);
    } else {
      CarryOnDisk(world_, judge_, 0, effect);
    }
    EXPECT_FALSE(world_.violation) << world_.violation->text;
    const EffectId id = std::visit(
        [](const auto& e) -> EffectId {
          if constexpr (requires { e.id; }) return e.id;
          return 0;
        },
        effect);
    auto queue = std::exchange(world_.queue, {});
    for (const auto& [when, item] : queue) {
      const AnswerDue* due = std::get_if<AnswerDue>(&item);
      if (due == nullptr) continue;
      const bool fits = std::visit(
          [&](const auto& e) {
            if constexpr (requires { e.id; }) return e.id == id;
            return false;
          },
          due->body);
      if (fits) return due->body;
    }
    ADD_FAILURE() << "no answer";
    return Ticked{};
  }
  void Drop(const DropStaged& effect) override { CarryOnDisk(world_, judge_, 0, effect); }

  Staged Stage(const std::string& path, Kind kind, const std::string& bytes, bool exec,
               std::int64_t mtime_ns) override {
    Version version;
    version.kind = kind;
    version.exec = exec;
    if (kind != Kind::kDirectory) {
      version.content = ContentIdOf(Tab(), world_.blobs.Intern(bytes));
      Tab().contents.at(version.content.value).staged = true;
    }
    const EventBody body = Do(StageTarget{1, Id(path), SnapshotId{}, version, mtime_ns});
    return std::get<Staged>(body);
  }
  std::size_t Beside() override { return Me(0).disk.tmp.size(); }

  void Write(const std::string& path, const std::string& bytes) override {
    Act({UserAct::kWrite, path, "", bytes, 0, 0});
  }
  void Save(const std::string& path, const std::string& bytes) override {
    Act({UserAct::kSave, path, "", bytes, 0, 0});
  }
  void Remove(const std::string& path) override { Act({UserAct::kDelete, path, "", "", 0, 0}); }
  void MakeDirectory(const std::string& path) override {
    Act({UserAct::kMkdir, path, "", "", 0, 0});
  }
  void Link(const std::string& path, const std::string& target) override {
    Act({UserAct::kSymlink, path, target, "", 0, 0});
  }
  void SetExecutable(const std::string& path) override {
    Act({UserAct::kChmod, path, "", "", 0755, 0});
  }
  void HoldOpen(const std::string& path) override {
    held_ = Me(0).disk.names.at(path);
    ++Me(0).disk.inodes.at(held_).writers;
  }
  void LetGo() override { --Me(0).disk.inodes.at(held_).writers; }
  std::map<std::string, std::string> Tree() override {
    std::map<std::string, std::string> tree;
    for (const auto& [path, number] : Me(0).disk.names) {
      const Inode& inode = Me(0).disk.inodes.at(number);
      const std::string& bytes = world_.blobs.Bytes(inode.blob);
      tree[path] = inode.kind == Kind::kDirectory ? "/"
                   : inode.kind == Kind::kLink    ? "-> " + bytes
                                                  : bytes;
    }
    return tree;
  }

 private:
  Machine& Me(int machine) { return At(world_, machine); }
  Tables& Tab() { return Me(0).agent->tables; }
  void Pass() { world_.now_ms += 10; }
  void Act(const UserOp& op) {
    Pass();
    EXPECT_EQ(DoUserOp(world_, 0, op), "");
    world_.queue.clear();
  }

  World world_;
  Judge judge_;
  ParticipantId other_;
  std::uint64_t held_ = 0;
};

std::unique_ptr<FilesFixture> Make() { return std::make_unique<SimFiles>(); }

}  // namespace
}  // namespace kinfolder::sim

namespace kinfolder {
INSTANTIATE_TEST_SUITE_P(Simulated, FilesContract, testing::Values(&sim::Make));
}  // namespace kinfolder
