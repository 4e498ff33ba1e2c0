// StorePort: carries out the effects on one folder's store, many at a time, and passes on what the
// store tells. Internal to shells/host.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/agent/effect.h"
#include "shells/host/host_parts.h"
#include "shells/host/store_jobs.h"

namespace kinfolder {

class StorePort {
 public:
  // `parts` must outlive the port.
  explicit StorePort(HostParts& parts);
  ~StorePort();
  StorePort(const StorePort&) = delete;
  StorePort& operator=(const StorePort&) = delete;

  // Begins to listen to the store.
  void Open();

  void Add(const Upload& effect) { uploads_.Add(effect); }
  void Add(const StageTarget& effect) { stages_.Add(effect); }
  void Add(const FetchSnapshot& effect) { fetches_.Add(effect); }
  void Add(const CheckStored& effect) { checks_.Add(effect); }
  void Add(const WriteDirectory& effect);
  void Add(const ReadOwn& effect);
  void Add(const ReadHeads& effect);
  void Add(const ReadCollective& effect);
  // Starts what may be started; to be called after Adds.
  void Pump();

  // Takes what was fetched of a snapshot into the tables. kRefused and why in `*reason` if it is
  // not acceptable; kFailed if that may be different later.
  Outcome TakeSnapshot(const FetchResult& fetched, SnapshotFacts* facts, Reason* reason);

  const std::string& admin() const { return admin_; }
  bool link_up() const { return link_up_; }

 private:
  void RunUploads();
  void RunStages();
  void RunFetches();
  void RunChecks();
  UploadItem MakeUpload(const Upload& effect) const;
  void OnUploaded(const Upload& effect, const UploadItem& item, const UploadResult& result);
  void OnHeads(const ReadHeads& effect, const EntriesResult& result);
  void OnCollective(const ReadCollective& effect, const CollectiveResult& result);
  ParticipantId AuthorOf(const SnapshotMetadata& metadata);
  std::vector<DirectoryEntry> ToEntries(const EntriesResult& result);
  void WatchDirectories();
  void OnNotified();
  // Notes how a call ended, for the health of the link.
  void NoteLink(Outcome outcome, Reason reason);
  void CheckHealth();

  HostParts& parts_;
  Lane<Upload> uploads_{2};
  Lane<StageTarget> stages_{2};
  Lane<FetchSnapshot> fetches_{2};
  Lane<CheckStored> checks_{1};
  std::map<ParticipantId, std::string> known_versions_;
  // Whose own record, read in this run, states a key. Until it is read a participant that the admin
  // lists no key of passes for a peer: that only makes us more careful.
  std::set<ParticipantId> states_key_;
  std::string admin_;
  bool link_up_ = true;
  int notify_fd_ = -1;
  std::vector<Cap> watched_;
};

}  // namespace kinfolder
