// Personal directories, the collective, and what the store tells by itself.
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "shells/host/convert.h"
#include "shells/host/store_port.h"

namespace kinfolder {

namespace {

constexpr std::int64_t kHealthCheckMs = 3'000;

}  // namespace

StorePort::~StorePort() {
  if (notify_fd_ >= 0) parts_.loop.RemoveFd(notify_fd_);
}

void StorePort::Open() {
  notify_fd_ = parts_.store->NotifyFd();
  if (notify_fd_ < 0) return;
  // Without it the folder is polled, as with stores that tell nothing.
  if (!parts_.loop.AddFd(notify_fd_, EPOLLIN, [this](std::uint32_t) { OnNotified(); }).ok())
    notify_fd_ = -1;
}

void StorePort::OnNotified() {
  for (const Cap& cap : parts_.store->Drain()) {
    const ParticipantId who = parts_.tables.PersonByReadCap(cap);
    if (who || cap == parts_.setup.collective_read_cap) parts_.feed(StoreChanged{who});
  }
}

void StorePort::WatchDirectories() {
  std::vector<Cap> caps = {parts_.setup.collective_read_cap};
  for (std::uint32_t i = 2; i <= parts_.tables.person_count(); ++i) {
    const Cap& cap = parts_.tables.Person(ParticipantId{i}).read_cap;
    if (!cap.empty()) caps.push_back(cap);
  }
  if (caps == watched_) return;
  watched_ = caps;
  parts_.Run(
      parts_.directory_workers,
      [store = parts_.store, caps = std::move(caps)] { return store->Watch(caps).ok(); },
      [this](bool watched) {
        if (!watched) watched_.clear();  // tried again after the next poll
      });
}

// --- the link ---

void StorePort::NoteLink(Outcome outcome, Reason reason) {
  const bool down = outcome != Outcome::kDone && reason == Reason::kStore;
  if (!down || !link_up_) return;
  link_up_ = false;
  parts_.feed(StoreLinkChanged{false});
  CheckHealth();
}

void StorePort::CheckHealth() {
  parts_.loop.AddTimer(EventLoop::MonoMs() + kHealthCheckMs, parts_.WhileAlive([this] {
    parts_.Run(
        parts_.directory_workers, [store = parts_.store] { return store->Health().ok(); },
        [this](bool healthy) {
          if (!healthy) return CheckHealth();
          link_up_ = true;
          watched_.clear();  // it may have been another store meanwhile
          WatchDirectories();
          parts_.feed(StoreLinkChanged{true});
        });
  }));
}

// --- personal directories ---

std::vector<DirectoryEntry> StorePort::ToEntries(const EntriesResult& result) {
  std::vector<DirectoryEntry> entries;
  entries.reserve(result.entries.size());
  for (const PathEntry& entry : result.entries) {
    const Result<PathId> path = parts_.tables.names().InsertPath(entry.path);
    if (!path.ok()) continue;  // the reserved name, or beyond all limits
    entries.push_back(
        {path.value(), entry.cap.empty() ? SnapshotId{} : parts_.tables.SnapshotOf(entry.cap)});
  }
  return entries;
}

void StorePort::Add(const WriteDirectory& effect) {
  std::vector<PathEntry> entries;
  for (const DirectoryEntry& entry : effect.entries) {
    const Cap* cap = parts_.tables.CapOf(entry.snapshot);
    entries.push_back({parts_.tables.names().WirePath(entry.path), cap == nullptr ? Cap() : *cap});
  }
  parts_.Run(
      parts_.directory_workers,
      [store = parts_.store, cap = parts_.setup.dmd_write_cap, entries = std::move(entries)] {
        return WriteEntries(*store, cap, entries);
      },
      [this, id = effect.id](const SimpleResult& result) {
        NoteLink(result.outcome, result.reason);
        parts_.feed(DirectoryWritten{id, result.outcome, result.reason});
      });
}

void StorePort::Add(const ReadOwn& effect) {
  parts_.Run(
      parts_.directory_workers,
      [store = parts_.store, cap = parts_.setup.dmd_read_cap] {
        return ReadEntries(*store, cap, std::string());
      },
      [this, id = effect.id](const EntriesResult& result) {
        NoteLink(result.outcome, result.reason);
        parts_.feed(OwnRead{id, result.outcome, ToEntries(result), result.reason});
      });
}

void StorePort::Add(const ReadHeads& effect) {
  const PersonRow& person = parts_.tables.Person(effect.participant);
  if (person.read_cap.empty()) {  // it publishes nothing
    parts_.feed(HeadsRead{effect.id, effect.participant, Outcome::kDone, true, {}, Reason::kNone});
    return;
  }
  parts_.Run(
      parts_.directory_workers,
      [store = parts_.store, cap = person.read_cap, known = known_versions_[effect.participant]] {
        return ReadEntries(*store, cap, known);
      },
      [this, effect](const EntriesResult& result) { OnHeads(effect, result); });
}

void StorePort::OnHeads(const ReadHeads& effect, const EntriesResult& result) {
  NoteLink(result.outcome, result.reason);
  HeadsRead answer;
  answer.id = effect.id;
  answer.participant = effect.participant;
  answer.outcome = result.outcome;
  answer.reason = result.reason;
  if (result.outcome == Outcome::kDone) {
    known_versions_[effect.participant] = result.version;
    answer.whole = result.whole;
    answer.entries = ToEntries(result);
    // The admin's list counts more than what somebody says of itself.
    if (result.about && result.about->verify_key) states_key_.insert(effect.participant);
    const bool unknown = !parts_.tables.Person(effect.participant).key;
    if (unknown && result.about && result.about->verify_key)
      parts_.tables.SetKey(effect.participant, *result.about->verify_key);
  }
  parts_.feed(std::move(answer));
}

// --- the collective ---

void StorePort::Add(const ReadCollective& effect) {
  parts_.Run(
      parts_.directory_workers,
      [store = parts_.store, cap = parts_.setup.collective_read_cap] {
        return ReadCollectiveOf(*store, cap);
      },
      [this, effect](const CollectiveResult& result) { OnCollective(effect, result); });
}

void StorePort::OnCollective(const ReadCollective& effect, const CollectiveResult& result) {
  NoteLink(result.outcome, result.reason);
  CollectiveRead answer;
  answer.id = effect.id;
  answer.outcome = result.outcome;
  answer.reason = result.reason;
  if (result.outcome == Outcome::kDone) admin_ = result.admin;
  for (const MemberFacts& member : result.members) {
    if (member.name == parts_.setup.participant) continue;
    const ParticipantId who = parts_.tables.PersonOf(member.name);
    if (member.key) parts_.tables.SetKey(who, *member.key);
    if (parts_.tables.Person(who).read_cap != member.read_cap) known_versions_.erase(who);
    parts_.tables.SetReadCap(who, member.read_cap);
    // A key that was only pinned is no sign: peers have keys, too, but do not state them.
    const bool states_key = member.key || states_key_.count(who) != 0;
    const bool peer = !states_key && !member.read_cap.empty();
    answer.participants.push_back({who, member.retired, member.read_only, peer});
  }
  WatchDirectories();
  parts_.feed(std::move(answer));
}

}  // namespace kinfolder
