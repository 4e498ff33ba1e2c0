#include "core/trace/replay.h"

#include <algorithm>
#include <utility>

#include "core/trace/trace_format.h"

namespace kinfolder {

namespace {

constexpr std::string_view kEventNames[] = {
    "Started",          "Ticked",           "RootLooked", "ConfigChanged",  "Observed",
    "WatchLost",        "ScanFinished",     "Looked",     "Captured",       "Staged",
    "Replaced",         "Settled",          "CopyPlaced", "CopyRemoved",    "Uploaded",
    "DirectoryWritten", "OwnRead",          "HeadsRead",  "CollectiveRead", "SnapshotFetched",
    "StoreChanged",     "StoreLinkChanged", "SyncAsked",  "VersionChosen",  "DeletesDecided",
    "PauseAsked",       "StoredChecked",    "PathsNamed", "MovedAside"};
static_assert(std::size(kEventNames) == std::variant_size_v<EventBody>);

Error BadItem(const char* what, std::size_t offset) {
  return MakeError(ErrorKind::kCorrupt, std::string("the trace's ") + what + " at byte " +
                                            std::to_string(offset) +
                                            " can't be read by this program; use the one that "
                                            "wrote it");
}

// One record on both sides; nothing if they are the same.
void Compare(const AgentState& recorded, const AgentState& replayed, RecordKey key,
             std::string_view what, std::vector<std::string>& lines) {
  const auto a = EncodeRecord(recorded, key);
  const auto b = EncodeRecord(replayed, key);
  if (a == b) return;
  std::string line(what);
  line += ' ' + std::to_string(key.id) + ": ";
  if (!a)
    line += "only in the replay";
  else if (!b)
    line += "only in the trace";
  else
    line += "differs from byte " +
            std::to_string(std::mismatch(a->begin(), a->end(), b->begin(), b->end()).first -
                           a->begin());
  lines.push_back(std::move(line));
}

// Walks the items of one trace.
class Player {
 public:
  explicit Player(const ReplayOptions& options) : options_(options) {}

  // False: the end, or a difference, or the step that was asked for.
  bool Checkpoint(const TraceItem& item) {
    std::optional<AgentState> recorded = DecodeState(std::string(item.bytes));
    if (!recorded) {
      result_.damage = BadItem("checkpoint", item.offset);
      return false;
    }
    ++result_.segments;
    // Steps between two segments may be lost; then there is nothing to compare.
    if (state_ && item.chain == chain_ && EncodeState(*state_) != item.bytes)
      return Differs("checkpoint", DescribeDifferences(*recorded, *state_));
    state_ = std::move(recorded);
    chain_ = item.chain;
    return true;
  }

  bool Frame(const TraceItem& item) {
    const std::optional<Event> event = DecodeEvent(std::string(item.bytes));
    if (!event) {
      result_.damage = BadItem("event", item.offset);
      return false;
    }
    const Reaction reaction = Step(*state_, *event);
    chain_ = ChainHash(chain_, *state_, *event, reaction);
    ++result_.steps;
    if (options_.on_step)
      options_.on_step({result_.steps, item.offset, &*event, &reaction, &*state_, chain_});
    if (chain_ != item.chain) return Differs(EventName(*event), {});
    return !options_.until || result_.steps < *options_.until;
  }

  ReplayResult Take() { return std::move(result_); }
  void Damage(Error error) { result_.damage = std::move(error); }

 private:
  bool Differs(std::string_view event, std::vector<std::string> lines) {
    result_.matches = false;
    result_.first_difference = result_.steps;
    result_.event = event;
    result_.differing = std::move(lines);
    return false;
  }

  const ReplayOptions& options_;
  std::optional<AgentState> state_;
  std::uint64_t chain_ = 0;
  ReplayResult result_;
};

}  // namespace

std::string_view EventName(const Event& event) { return kEventNames[event.body.index()]; }

std::vector<std::string> DescribeDifferences(const AgentState& recorded, const AgentState& replayed,
                                             std::size_t most) {
  std::vector<std::string> lines;
  if (recorded.phase != replayed.phase)
    lines.push_back("folder phase: " + std::to_string(static_cast<int>(recorded.phase)) +
                    " in the trace, " + std::to_string(static_cast<int>(replayed.phase)) +
                    " in the replay");
  Compare(recorded, replayed, {RecordKey::Table::kFolder, 0}, "folder record", lines);
  const std::size_t paths = std::max(recorded.paths.size(), replayed.paths.size());
  for (std::uint32_t i = 1; i < paths && lines.size() < most; ++i) {
    const bool a = i < recorded.paths.size();
    const bool b = i < replayed.paths.size();
    if (a && b)
      Compare(recorded, replayed, {RecordKey::Table::kPath, i}, "path", lines);
    else
      lines.push_back("path " + std::to_string(i) + ": only in the " + (a ? "trace" : "replay"));
  }
  recorded.dag.ForEach([&](SnapshotId id, const Node& node) {
    const Node* other = replayed.dag.Find(id);
    if (lines.size() < most && (other == nullptr || !(*other == node)))
      lines.push_back("snapshot " + std::to_string(id.value) + ": differs or is missing");
  });
  if (lines.empty() && EncodeState(recorded) != EncodeState(replayed))
    lines.push_back("only volatile parts differ");
  return lines;
}

Result<ReplayResult> Replay(std::string_view trace, const ReplayOptions& options) {
  Result<TraceReader> reader = TraceReader::Open(trace);
  if (!reader.ok()) return reader.error();
  Player player(options);
  for (bool first = true;; first = false) {
    Result<std::optional<TraceItem>> item = reader.value().Next();
    if (!item.ok()) {
      if (first) return item.error();
      player.Damage(item.error());
      break;
    }
    if (!item.value()) break;
    const TraceItem& found = *item.value();
    if (!(found.checkpoint ? player.Checkpoint(found) : player.Frame(found))) break;
  }
  ReplayResult result = player.Take();
  if (result.segments == 0 && result.damage) return *result.damage;
  return result;
}

}  // namespace kinfolder
