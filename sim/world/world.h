// A whole world as one copyable value: machines, store, users' true history, and virtual time.
//
// No pointers into itself, no threads, no globals: a copy that goes on does exactly what the
// original does. Each effect takes place at an instant of its own, so that users and crashes can
// fall between. What is right and wrong is not decided here: a Judge is shown everything.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/world/machine.h"
#include "sim/world/rolling.h"
#include "sim/world/truth.h"

namespace kinfolder::sim {

struct EffectDue {
  int machine = 0;
  std::uint32_t incarnation = 0;
  Effect effect;
  std::int64_t asked_ms = 0;
  bool moved = false;  // its bytes have passed the link to the store
  bool met = false;    // the hooks that waited for it have seen it come
};
struct AnswerDue {
  int machine = 0;
  std::uint32_t incarnation = 0;
  EventBody body;
  SnapshotId uploaded;  // an Uploaded that worked: what, and as what
  Cap cap = 0;
  Cap content = 0;
  SyncPoint synced = {};                 // what the shell makes durable before it answers
  std::optional<ContentId> staged = {};  // a Captured that worked: the content it copied
};
struct NoticeDue {
  int machine = 0;
  std::uint32_t incarnation = 0;
};
struct SlowPart {  // the next part of a slow write
  int machine = 0;
  std::uint64_t inode = 0;
  UserOp op;
  std::int64_t part = 0;
};
struct DelayedWrite {  // a directory write that the store carries out late
  int machine = 0;
  std::uint32_t directory = 0;
  Directory value;
};
using Item = std::variant<EffectDue, AnswerDue, NoticeDue, SlowPart, DelayedWrite, PeerDue>;

// An instant that hooks have waited for.
struct Moment {
  std::vector<std::uint32_t> deeds;
  bool effect_follows = false;  // the next Advance carries it out, if its agent still runs then
};

struct Violation {
  std::string oracle;  // "I4"
  std::string text;
  std::vector<std::string> history;  // of the bytes, oldest first
};

inline constexpr std::int64_t kStartMs = 1'000'000;

struct World {
  std::uint64_t seed = 1;
  std::int64_t now_ms = kStartMs;
  std::uint64_t sequence = 0;
  std::map<std::pair<std::int64_t, std::uint64_t>, Item> queue;
  std::vector<Machine> machines;
  Store store;
  Blobs blobs;
  Truth truth;
  Ledger ledger;
  Moment moment;                    // it is now, and its deeds are not done yet
  Rolling rolling;                  // over all that happens
  std::uint64_t events = 0;         // steps of all cores
  std::int64_t last_change_ms = 0;  // of a folder, a directory in the store or durable state
  std::string last_change;          // what it was, for people
  CommandId next_command = 1;
  std::uint64_t taken = 0;     // a digest of all that power cuts took or brought back
  bool random_notify = false;  // the store tells some machines of changes
  bool log = false;            // keep `lines`
  std::vector<std::string> lines;
  MoveWatcher* watcher = nullptr;      // who is told of all machines' moves; not owned
  std::optional<Violation> violation;  // the first one; the world stops there
};

// Is shown what happens as it happens. The default sees nothing.
class Judge {
 public:
  virtual ~Judge() = default;
  // After a step of a machine's core was committed, before any effect of it takes place.
  virtual void AfterStep(World&, int /*machine*/, const Event&,
                         const std::vector<RecordKey>& /*written*/) {}
  // Just before an effect takes place.
  virtual void BeforeEffect(World&, int /*machine*/, const Effect&) {}
  // The agent takes a file away from `path`, or destroys it for good.
  virtual void Displacing(World&, int /*machine*/, const std::string& /*path*/,
                          const SharedVersion&) {}
  virtual void Destroying(World&, int /*machine*/, const std::string& /*path*/,
                          const SharedVersion&) {}
  // An entry of a directory in the store is about to change.
  virtual void Linking(World&, int /*machine*/, std::uint32_t /*directory*/,
                       const Directory& /*value*/) {}
  // It has changed; `former` is what the directory held.
  virtual void Linked(World&, std::uint32_t /*directory*/, const Directory& /*former*/) {}
};

inline constexpr std::int64_t kWallStartMs = 1'700'000'000'000;

Machine& At(World& world, int machine);
// The machine's wall clock; later at each call.
std::int64_t NowNs(World& world, int machine);
std::vector<std::string> MachineNames(const World& world);
std::uint64_t DrawFor(World& world, int machine, std::string_view stream);
void Push(World& world, std::int64_t at_ms, Item item);
void Violate(World& world, std::string oracle, std::string text, BlobId blob);
void NoteDeed(World& world, int machine, Deed deed, const std::string& path, BlobId blob);
void NoteChange(World& world, const std::string& what);
void Log(World& world, int machine, const std::string& line);

// Replaces a directory's value in the store, with the judge looking on.
void Link(World& world, Judge& judge, int machine, std::uint32_t directory, Directory value);

// Carries out the next thing that is due at or before `until_ms`; false if there is none, and then
// it is `until_ms`. Nothing happens any more after a violation. Where hooks have waited for the
// effect that is due, or that was carried out, `world.moment` says what the caller has to do before
// it goes on. REQUIRES: that is done.
bool Advance(World& world, Judge& judge, std::int64_t until_ms);
// The effect that the next Advance carries out; null if that does something else.
const EffectDue* NextEffect(const World& world, std::int64_t until_ms);
// Feeds one event to a running agent at once.
void Feed(World& world, Judge& judge, int machine, EventBody body);

// --- life of an agent; a peer lives the same way ---
// REQUIRES: the state directory is not locked (LockRefusal).
void StartAgent(World& world, Judge& judge, int machine);
// Stops it at once: whatever is under way is never answered.
void StopAgent(World& world, int machine);
// Makes a personal directory, lists it, and starts the agent. REQUIRES: not running.
void Join(World& world, Judge& judge, int machine);

// `doctor --fix`: goes on with what the machine has, as a new participant with a new personal
// directory. REQUIRES: not running.
void BecomeNew(World& world, int machine);

// --- disks ---
// Does what the user does. Empty: done. Otherwise why it can't be.
std::string DoUserOp(World& world, int machine, const UserOp& op);
void WriteSlowPart(World& world, const SlowPart& part);
// A file of this machine changed: the watcher may notice.
void Touched(World& world, int machine, const std::string& path);
// A rule of this machine leaves the path alone.
bool Ignores(const Machine& machine, const std::string& path);
// Replaces the machine's rules; a running agent is told which paths that concerns.
void SetIgnored(World& world, Judge& judge, int machine, std::vector<std::string> patterns);
// What a look at the file of a path says; `path` may be in any spelling. REQUIRES: it is UTF-8.
Observation Observe(World& world, int machine, const std::string& path);
// What a scan finds to look at. `*complete`: nothing was hidden from it.
std::set<std::string> ListAll(const Machine& machine, bool* complete);
// `path` with the first suffix under which it is free: ".kept", ".kept-2" ...
std::string FreeName(const Disk& disk, const std::string& path, const std::string& suffix);
std::string CopyName(const std::string& path, const std::string& participant,
                     std::uint32_t attempt);

// --- effects (carry_disk.cc, carry_store.cc) ---
void CarryOnDisk(World& world, Judge& judge, int machine, const Effect& effect);
// `asked_ms`: when the agent asked for it; a directory is written on top of what it held then.
void CarryInStore(World& world, Judge& judge, int machine, const Effect& effect,
                  std::int64_t asked_ms);
// What this machine reads in a directory now; `store stale` is in it. REQUIRES: it is not gone.
Directory SeenBy(World& world, int machine, std::uint32_t directory);
// Of a content that the effect sends to the store or fetches from there.
std::uint64_t BytesToMove(const World& world, int machine, const Effect& effect);
// Queues the answer to an effect.
void Answer(World& world, int machine, EventBody body, std::int64_t after_ms = 1);
// The same, and just before it is heard, what `synced` covers becomes durable.
void AnswerSynced(World& world, int machine, EventBody body, SyncPoint synced,
                  std::int64_t after_ms = 1);
bool IsStoreEffect(const Effect& effect);

// What a person or oracle sees of a machine's core; running or not.
AgentState StateOf(const World& world, int machine);
const Tables& TablesOf(const World& world, int machine);

}  // namespace kinfolder::sim
