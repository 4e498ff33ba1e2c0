// What people are told about one folder.
#include <algorithm>
#include <utility>

#include "shells/grid/encoding.h"
#include "shells/host/convert.h"
#include "shells/host/folder_people.h"

namespace kinfolder {

namespace {

using nlohmann::json;

constexpr std::int64_t kLookMs = 500;

std::string_view MoodName(FolderMood mood) {
  switch (mood) {
    case FolderMood::kInSync:
      return "in-sync";
    case FolderMood::kSyncing:
      return "syncing";
    case FolderMood::kBlocked:
      return "blocked";
    case FolderMood::kPaused:
      return "paused";
    case FolderMood::kOffline:
      return "offline";
  }
  return "syncing";
}

json TimeJson(std::int64_t wall_ms) { return wall_ms <= 0 ? json() : json(TimeText(wall_ms)); }

std::string SnapshotName(const Tables& tables, SnapshotId id) {
  const Cap* cap = tables.CapOf(id);
  if (cap == nullptr) return std::string();
  return HexEncode(DigestBytes(Sha256Of("kinfolder snapshot\n" + *cap)).substr(0, 8));
}

json ConflictJson(const Tables& tables, const ConflictView& conflict) {
  json theirs = json::array();
  for (const ConflictView::Theirs& one : conflict.theirs) {
    json entry = {{"participant", one.owner ? tables.OwnerName(one.owner) : std::string()},
                  {"kind", KindName(one.version.kind)},
                  {"snapshot", SnapshotName(tables, one.head)}};
    entry["copy"] = one.copy ? json(tables.names().WirePath(one.copy)) : json();
    theirs.push_back(std::move(entry));
  }
  return {{"path", tables.names().WirePath(conflict.path)},
          {"mine", {{"kind", KindName(conflict.mine.kind)}}},
          {"theirs", std::move(theirs)}};
}

}  // namespace

void FolderPeople::OnStep() {
  const std::int64_t now = EventLoop::MonoMs();
  if (now < next_look_ms_) return;  // a view of a large folder is not for every step
  next_look_ms_ = now + kLookMs;
  const FolderView view = View(parts_.state());
  if (view.files_pending == 0) {
    most_files_pending_ = 0;
    most_bytes_pending_ = 0;
    return;
  }
  most_files_pending_ = std::max(most_files_pending_, view.files_pending);
  most_bytes_pending_ = std::max(most_bytes_pending_, view.bytes_pending);
}

json FolderPeople::Progress(const FolderView& view) const {
  const std::uint64_t files = std::max(most_files_pending_, view.files_pending);
  const std::uint64_t bytes = std::max(most_bytes_pending_, view.bytes_pending);
  return {{"files_done", files - view.files_pending},
          {"files_total", files},
          {"bytes_done", bytes - view.bytes_pending},
          {"bytes_total", bytes}};
}

json FolderPeople::GetStatus() const {
  const FolderView view = View(parts_.state());
  const Tables& tables = parts_.tables;
  json conflicts = json::array();
  for (const ConflictView& conflict : view.conflicts)
    conflicts.push_back(ConflictJson(tables, conflict));
  json blocked = json::array();
  for (const BlockedPath& path : view.blocked)
    blocked.push_back({{"path", tables.names().WirePath(path.path)},
                       {"reason", ReasonName(path.reason)},
                       {"text", ReasonText(path.reason)},
                       {"since", TimeJson(path.since_wall_ms)}});
  for (const NamedProblem& problem : scan_port_.problems())
    blocked.push_back({{"path", problem.path},
                       {"reason", ReasonName(problem.reason)},
                       {"text", ReasonText(problem.reason)},
                       {"since", TimeJson(view.last_scan_wall_ms)}});
  json status = {{"name", parts_.setup.name},
                 {"path", parts_.setup.path},
                 {"participant", parts_.setup.participant},
                 {"store", parts_.store->Describe()},
                 {"state", MoodName(view.mood)},
                 {"reason", ReasonName(view.folder_reason)},
                 {"text", ReasonText(view.folder_reason)},
                 {"files", view.files},
                 {"bytes", view.bytes},
                 {"conflicts", std::move(conflicts)},
                 {"blocked", std::move(blocked)},
                 {"held_deletes", view.held_deletes.size()},
                 {"progress", Progress(view)}};
  if (!store_port_.link_up() && view.mood != FolderMood::kPaused) status["state"] = "offline";
  status["last_scan"] = TimeJson(view.last_scan_wall_ms);
  status["store_rolled_back"] = TimeJson(view.rolled_back_wall_ms);
  status["last_poll"] = TimeJson(view.last_poll_wall_ms);
  status["unpublished_since"] = TimeJson(view.unpublished_since_wall_ms);
  return status;
}

json FolderPeople::GetConflicts() const {
  json conflicts = json::array();
  for (const ConflictView& conflict : View(parts_.state()).conflicts)
    conflicts.push_back(ConflictJson(parts_.tables, conflict));
  return {{"folder", parts_.setup.name}, {"conflicts", std::move(conflicts)}};
}

json FolderPeople::GetHeldDeletes() const {
  json held = json::array();
  for (const PathId path : View(parts_.state()).held_deletes)
    held.push_back(parts_.tables.names().WirePath(path));
  return {{"folder", parts_.setup.name}, {"held", std::move(held)}};
}

json FolderPeople::GetParticipants() const {
  const std::string& admin = store_port_.admin();
  json people = json::array();
  people.push_back({{"name", parts_.setup.participant},
                    {"self", true},
                    {"admin", parts_.setup.admin() || admin == parts_.setup.participant},
                    {"retired", false},
                    {"read_only", parts_.setup.read_only},
                    {"reason", "none"}});
  for (const auto& [id, participant] : parts_.state().participants) {
    if (!id || id == kSelf || id.value > parts_.tables.person_count()) continue;
    const std::string& name = parts_.tables.Person(id).name;
    people.push_back({{"name", name},
                      {"self", false},
                      {"admin", name == admin},
                      {"retired", participant.facts.retired},
                      {"read_only", participant.facts.read_only},
                      {"peer", participant.facts.peer},
                      {"reason", ReasonName(participant.reason)}});
  }
  return {{"folder", parts_.setup.name}, {"participants", std::move(people)}};
}

}  // namespace kinfolder
