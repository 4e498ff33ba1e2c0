#include "shells/host/host_parts.h"

#include <string_view>

#include "core/agent/state.h"
#include "shells/host/convert.h"
#include "shells/names/conflict_name.h"

namespace kinfolder {

void RecentContents::Add(ContentId id, std::shared_ptr<const std::string> bytes) {
  if (bytes == nullptr || contents_.contains(id.value)) return;
  bytes_ += bytes->size();
  contents_[id.value] = std::move(bytes);
  order_.push_back(id.value);
  while (bytes_ > kMaxBytes) {
    const ContentId oldest{order_.front()};
    order_.pop_front();
    Erase(oldest);
  }
  // Ids of contents that were erased out of turn.
  if (order_.size() > 2 * contents_.size() + 64)
    std::erase_if(order_, [this](std::uint32_t id) { return !contents_.contains(id); });
}

std::shared_ptr<const std::string> RecentContents::Find(ContentId id) const {
  const auto found = contents_.find(id.value);
  return found == contents_.end() ? nullptr : found->second;
}

void RecentContents::Erase(ContentId id) {
  const auto found = contents_.find(id.value);
  if (found == contents_.end()) return;
  bytes_ -= found->second->size();
  contents_.erase(found);
}

ContentPlace HostParts::PlaceOf(ContentId id) const {
  const ContentRow& row = tables.Content(id);
  ContentPlace place;
  place.sha256 = row.sha256;
  place.size = row.size;
  place.bytes = recent.Find(id);
  place.staged = row.staged;
  place.cap = row.cap;
  return place;
}

void NoteCopyName(Tables& tables, Observation& seen) {
  const std::string_view name = tables.names().WireName(seen.path);
  if (name.find(".conflict-") == std::string_view::npos) return;
  const std::optional<ConflictCopyParts> parts = ParseConflictCopyName(name);
  if (!parts) return;
  ParticipantId owner = tables.PersonByFileName(parts->participant);
  if (!owner && parts->attempt > 1)
    owner = tables.PersonByFileName(parts->participant + "-" + std::to_string(parts->attempt));
  if (!owner) return;
  const std::string dir = tables.names().WirePath(tables.names().Parent(seen.path));
  const Result<PathId> base =
      tables.names().InsertPath(dir.empty() ? parts->base : dir + "/" + parts->base);
  if (!base.ok()) return;
  seen.copy_of = base.value();
  // Foreign entries of our own directory are called by our own name.
  seen.copy_owner = owner == kSelf ? kForeign : owner;
}

Observation MakeObservation(Tables& tables, PathId path, const LookResult& looked) {
  Observation seen;
  seen.path = path;
  const DiskLook& look = looked.look;
  switch (look.presence) {
    case DiskPresence::kGone:
      seen.presence = Presence::kGone;
      return seen;
    case DiskPresence::kUnknown:
      seen.reason = DiskReasonOfErrno(look.error);
      return seen;
    case DiskPresence::kThere:
      break;
  }
  if (look.stat.kind == FileKind::kOther) {
    seen.reason = Reason::kUnsupported;
    return seen;
  }
  const bool directory = look.stat.kind == FileKind::kDirectory;
  if (directory && looked.emptiness == Emptiness::kUnknown) {
    seen.reason = Reason::kPermission;
    return seen;
  }
  if (directory && looked.emptiness == Emptiness::kNotEmpty) {
    // Not a version of its own: it is there because of what is in it.
    seen.presence = Presence::kGone;
    seen.stat.kind = Kind::kDirectory;
    return seen;
  }
  seen.presence = Presence::kThere;
  seen.stat = ToStat(look.stat);
  NoteCopyName(tables, seen);
  return seen;
}

}  // namespace kinfolder
