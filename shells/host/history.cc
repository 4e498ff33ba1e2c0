#include "shells/host/history.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <queue>
#include <set>
#include <tuple>
#include <utility>

#include "shells/grid/encoding.h"

namespace kinfolder {

namespace {

constexpr std::size_t kFetchesPerJob = 64;

std::string NameOf(const Tables& tables, SnapshotId id) {
  const Cap* cap = tables.CapOf(id);
  if (cap == nullptr) return "local" + std::to_string(id.value & ~kLocalSnapshotBit);
  const Digest digest = Sha256Of("kinfolder snapshot\n" + *cap);
  return HexEncode(DigestBytes(digest).substr(0, 8));
}

// One walk under way; keeps itself alive by its jobs.
class Walk : public std::enable_shared_from_this<Walk> {
 public:
  Walk(HostParts& parts, StorePort& store_port, PathId path,
       std::function<void(Result<std::vector<HistoryEntry>>)> done)
      : parts_(parts), store_port_(store_port), path_(path), done_(std::move(done)) {}

  void Start() {
    const AgentState& state = parts_.state();
    if (path_.value < state.paths.size()) {
      const PathState& path = state.paths[path_.value];
      const PathRecord& record = path.record;
      current_ = record.tip();
      Want(current_);
      for (const SnapshotId id : record.chain) Want(id);
      for (const EqualRecord& equal : record.equal) Want(equal.head);
      for (const ConflictRecord& conflict : record.conflicts) Want(conflict.head);
      for (const Head& head : path.heads) Want(head.snapshot);
    }
    GoOn();
  }

 private:
  void Want(SnapshotId id) {
    if (id && wanted_.size() < kMostHistoryEntries && wanted_.insert(id).second) todo_.push(id);
  }

  void Take(SnapshotId id, const Node& node) {
    if (node.path != path_) return;
    nodes_[id] = node;
    for (const SnapshotId parent : node.parents) Want(parent);
  }

  void GoOn() {
    std::vector<SnapshotId> ids;
    std::vector<Cap> caps;
    while (!todo_.empty() && ids.size() < kFetchesPerJob) {
      const SnapshotId id = todo_.front();
      todo_.pop();
      if (const Node* node = parts_.state().dag.Find(id)) {
        Take(id, *node);
      } else if (const Cap* cap = parts_.tables.CapOf(id)) {
        ids.push_back(id);
        caps.push_back(*cap);
      }
    }
    if (ids.empty()) return Finish();
    parts_.Run(
        parts_.directory_workers,
        [store = parts_.store, caps = std::move(caps)] { return FetchMany(*store, caps); },
        [self = shared_from_this(), ids = std::move(ids)](const std::vector<FetchResult>& got) {
          for (std::size_t i = 0; i < ids.size(); ++i) self->OnFetched(ids[i], got[i]);
          self->GoOn();
        });
  }

  void OnFetched(SnapshotId id, const FetchResult& fetched) {
    if (fetched.outcome == Outcome::kFailed && fetched.reason == Reason::kStore) missing_ = true;
    if (fetched.outcome != Outcome::kDone) return;
    SnapshotFacts facts;
    Reason reason = Reason::kNone;
    if (store_port_.TakeSnapshot(fetched, &facts, &reason) != Outcome::kDone) return;
    Node node;
    node.path = facts.path;
    node.version = facts.version;
    node.size = facts.size;
    node.generation = facts.generation;
    node.rank = facts.rank;
    node.created_ms = facts.created_ms;
    node.mtime_ns = facts.mtime_ns;
    node.author = facts.author;
    node.parents = facts.parents;
    Take(id, node);
  }

  void Finish() {
    if (missing_) {
      done_(MakeError(ErrorKind::kUnavailable,
                      "a part of the history is in the store, which can't be reached; try again "
                      "later"));
      return;
    }
    std::vector<HistoryEntry> entries;
    for (auto& [id, node] : nodes_)
      entries.push_back({id, std::move(node), NameOf(parts_.tables, id), id == current_,
                         parts_.tables.CapOf(id) == nullptr});
    done_(InSharedOrder(std::move(entries)));
  }

  HostParts& parts_;
  StorePort& store_port_;
  PathId path_;
  std::function<void(Result<std::vector<HistoryEntry>>)> done_;
  SnapshotId current_;
  std::set<SnapshotId> wanted_;
  std::queue<SnapshotId> todo_;
  std::map<SnapshotId, Node> nodes_;
  bool missing_ = false;
};

}  // namespace

void WalkHistory(HostParts& parts, StorePort& store_port, PathId path,
                 std::function<void(Result<std::vector<HistoryEntry>>)> done) {
  std::make_shared<Walk>(parts, store_port, path, std::move(done))->Start();
}

std::vector<HistoryEntry> InSharedOrder(std::vector<HistoryEntry> entries) {
  std::map<SnapshotId, std::size_t> index;
  for (std::size_t i = 0; i < entries.size(); ++i) index[entries[i].id] = i;
  std::vector<std::size_t> parents_left(entries.size());
  std::vector<std::vector<std::size_t>> children(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    for (const SnapshotId parent : entries[i].node.parents) {
      const auto found = index.find(parent);
      if (found == index.end()) continue;
      ++parents_left[i];
      children[found->second].push_back(i);
    }
  }
  using Key = std::tuple<std::int64_t, std::uint64_t, std::size_t>;
  const auto key_of = [&](std::size_t i) {
    return Key{entries[i].node.created_ms, entries[i].node.rank, i};
  };
  std::set<Key> ready;
  std::set<Key> rest;  // what is never ready is a cycle, which only a forger makes
  for (std::size_t i = 0; i < entries.size(); ++i)
    (parents_left[i] == 0 ? ready : rest).insert(key_of(i));
  std::vector<HistoryEntry> ordered;
  while (!ready.empty() || !rest.empty()) {
    std::set<Key>& from = ready.empty() ? rest : ready;
    const std::size_t next = std::get<2>(*from.begin());
    from.erase(from.begin());
    for (const std::size_t child : children[next])
      if (parents_left[child] > 0 && --parents_left[child] == 0 && rest.erase(key_of(child)) != 0)
        ready.insert(key_of(child));
    ordered.push_back(std::move(entries[next]));
  }
  return ordered;
}

Result<std::size_t> PickVersion(const std::vector<HistoryEntry>& entries,
                                const std::string& version) {
  const auto not_found = [&] {
    return MakeError(ErrorKind::kNotFound,
                     "there is no version '" + version + "'; `kinfolder log` lists them");
  };
  if (entries.empty()) return not_found();
  std::int64_t number = 0;
  const char* const end = version.data() + version.size();
  const auto [rest, error] = std::from_chars(version.data(), end, number);
  const bool is_number = error == std::errc() && rest == end && version.size() < 10;
  const auto size = static_cast<std::int64_t>(entries.size());
  if (is_number && number >= 0 && number < size) return static_cast<std::size_t>(number);
  if (is_number && number < 0) {
    if (-number >= size) return not_found();
    return static_cast<std::size_t>(size - 1 + number);
  }
  if (const std::optional<std::int64_t> time = ParseTime(version)) {
    for (std::size_t i = entries.size(); i-- > 0;)
      if (entries[i].node.created_ms <= *time) return i;
    return not_found();
  }
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (version.size() < 4 || !entries[i].name.starts_with(version)) continue;
    if (found)
      return MakeError(ErrorKind::kInvalid,
                       "several versions begin with '" + version + "'; give more of the id");
    found = i;
  }
  if (!found) return not_found();
  return *found;
}

std::string TimeText(std::int64_t wall_ms) {
  if (wall_ms <= 0) return std::string();
  const time_t seconds = wall_ms / 1000;
  tm parts = {};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t length = ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(wall_ms % 1000));
  return std::string(text, length) + fraction;
}

std::optional<std::int64_t> ParseTime(const std::string& text) {
  tm parts = {};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) {
    parts = {};
    rest = ::strptime(text.c_str(), "%Y-%m-%d", &parts);
    if (rest == nullptr || *rest != '\0') return std::nullopt;
    return std::int64_t{::timegm(&parts)} * 1000;
  }
  std::int64_t ms = 0;
  if (*rest == '.') {
    std::int64_t unit = 100;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) ms += (*rest - '0') * unit;
  }
  std::int64_t offset_minutes = 0;
  if (*rest == '+' || *rest == '-') {
    int hours = 0;
    int minutes = 0;
    if (std::sscanf(rest + 1, "%2d:%2d", &hours, &minutes) != 2 || std::string(rest).size() != 6)
      return std::nullopt;
    offset_minutes = (*rest == '-' ? -1 : 1) * (hours * 60 + minutes);
  } else if (std::string(rest) != "Z") {
    return std::nullopt;
  }
  return (std::int64_t{::timegm(&parts)} - offset_minutes * 60) * 1000 + ms;
}

}  // namespace kinfolder
