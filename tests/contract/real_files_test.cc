// The files contract on the real file system: the host's DiskPort over a temporary directory.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/base/check.h"
#include "shells/grid/hash.h"
#include "shells/host/convert.h"
#include "shells/host/disk_port.h"
#include "shells/host/store_jobs.h"
#include "shells/store/dir_store.h"
#include "tests/contract/files_contract.h"

namespace kinfolder {
namespace {

namespace fs = std::filesystem;

FolderSetup SetupAt(const std::string& path) {
  FolderSetup setup;
  setup.number = 1;
  setup.name = "docs";
  setup.path = path;
  setup.participant = "me";
  return setup;
}

class RealFiles : public FilesFixture {
 public:
  RealFiles()
      : base_(MakeBase()),
        root_(base_ + "/folder"),
        loop_(MakeLoop()),
        parts_(*loop_, SetupAt(root_)),
        port_(parts_, [] {}) {
    parts_.state_id = "state";
    parts_.state = [this]() -> const AgentState& { return state_; };
    parts_.feed = [this](EventBody body) { answers_.push_back(std::move(body)); };
    Result<std::unique_ptr<StagingArea>> staging = StagingArea::Open(base_ + "/staging");
    CHECK(staging.ok());
    parts_.staging = std::move(staging).value();
    CHECK(DirStore::Create(base_ + "/store").ok());
    store_ = DirStore::Open(base_ + "/store").value();
    Result<Root> root = Root::Open(root_, RootMarker{FolderId(parts_.setup), parts_.state_id});
    CHECK(root.ok() && root.value().CreateMarker().ok());
    CHECK(parts_.tables.PersonOf(parts_.setup.participant) == kSelf);
    other_ = parts_.tables.PersonOf("ben");
    const EventBody looked = Do(LookAtRoot{1});
    CHECK(std::get<RootLooked>(looked).reason == Reason::kNone);
  }
  ~RealFiles() override {
    LetGo();
    fs::remove_all(base_);
  }

  PathId Id(const std::string& path) override {
    const Result<PathId> id = parts_.tables.names().InsertPath(path);
    CHECK(id.ok());
    return id.value();
  }
  std::string PathOf(PathId id) override { return parts_.tables.names().WirePath(id); }
  ParticipantId Other() override { return other_; }

  EventBody Do(const Effect& effect) override {
    answers_.clear();
    Give(effect);
    for (int i = 0; answers_.empty() && i < 1000; ++i) loop_->RunOnce(10);
    EXPECT_EQ(answers_.size(), 1u);
    return answers_.empty() ? EventBody(Ticked{}) : answers_[0];
  }
  void Drop(const DropStaged& effect) override {
    Give(effect);
    for (int i = 0; Beside() != 0 && i < 100; ++i) loop_->RunOnce(10);
  }

  Staged Stage(const std::string& path, Kind kind, const std::string& bytes, bool exec,
               std::int64_t mtime_ns) override {
    StageItem item;
    item.path = parts_.tables.names().DiskPathOf(Id(path));
    item.number = ++last_token_ | HostParts::kStagedBit;
    item.kind = kind;
    item.exec = exec;
    item.mtime_ns = mtime_ns;
    if (kind != Kind::kDirectory) {
      item.content = ContentPlace{};
      item.content->sha256 = Sha256Of(bytes);
      item.content->size = bytes.size();
      item.content->bytes = std::make_shared<const std::string>(bytes);
    }
    const StageResult result = StageMany(*parts_.disk, *store_, *parts_.staging, {}, {item})[0];
    return Staged{0, result.outcome, item.number, result.stat, result.reason};
  }
  std::size_t Beside() override { return parts_.disk->applier.RecoverListing().value().size(); }

  void Write(const std::string& path, const std::string& bytes) override {
    Tick();
    fs::create_directories(fs::path(At(path)).parent_path());
    std::ofstream(At(path), std::ios::trunc) << bytes;
  }
  void Save(const std::string& path, const std::string& bytes) override {
    Tick();
    std::ofstream(base_ + "/part") << bytes;
    fs::rename(base_ + "/part", At(path));
  }
  void Remove(const std::string& path) override { fs::remove(At(path)); }
  void MakeDirectory(const std::string& path) override { fs::create_directories(At(path)); }
  void Link(const std::string& path, const std::string& target) override {
    fs::create_symlink(target, At(path));
  }
  void SetExecutable(const std::string& path) override {
    Tick();
    fs::permissions(At(path), fs::perms(0755));
  }
  void HoldOpen(const std::string& path) override {
    held_ = Fd(open(At(path).c_str(), O_WRONLY | O_CLOEXEC));
  }
  void LetGo() override { held_ = Fd(); }
  std::map<std::string, std::string> Tree() override {
    std::map<std::string, std::string> tree;
    for (auto it = fs::recursive_directory_iterator(root_); it != fs::end(it); ++it) {
      if (it->path().filename() == ".kinfolder") {
        it.disable_recursion_pending();
      } else {
        tree[it->path().lexically_relative(root_)] = Describe(*it);
      }
    }
    return tree;
  }

 private:
  static std::string MakeBase() {
    const char* base = std::getenv("TEST_TMPDIR");
    std::string made = std::string(base != nullptr ? base : "/tmp") + "/files_contract_XXXXXX";
    CHECK(mkdtemp(made.data()) != nullptr);
    fs::create_directory(made + "/folder");
    return made;
  }
  static std::unique_ptr<EventLoop> MakeLoop() {
    Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
    CHECK(loop.ok());
    return std::move(loop).value();
  }
  static std::string Describe(const fs::directory_entry& entry) {
    if (entry.is_symlink()) return "-> " + fs::read_symlink(entry.path()).string();
    if (entry.is_directory()) return "/";
    std::ifstream in(entry.path());
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  // Past the present tick of the clock that file times are taken from.
  static void Tick() { usleep(12'000); }
  std::string At(const std::string& path) const { return root_ + "/" + path; }
  void Give(const Effect& effect) {
    std::visit(
        [this](const auto& e) {
          if constexpr (requires { port_.Add(e); }) {
            port_.Add(e);
          } else {
            ADD_FAILURE() << "not an effect of this port";
          }
        },
        effect);
    port_.Pump();
  }

  std::string base_;
  std::string root_;
  std::unique_ptr<EventLoop> loop_;
  AgentState state_;
  HostParts parts_;
  DiskPort port_;
  std::unique_ptr<ObjectStore> store_;
  std::vector<EventBody> answers_;
  std::uint64_t last_token_ = 0;
  ParticipantId other_;
  Fd held_;
};

std::unique_ptr<FilesFixture> Make() { return std::make_unique<RealFiles>(); }

}  // namespace

INSTANTIATE_TEST_SUITE_P(Real, FilesContract, testing::Values(&Make));

}  // namespace kinfolder
