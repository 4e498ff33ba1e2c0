// Setting up folders: making them, inviting, joining, leaving.
//
// Every function says what it needs of the store, may block on it, and never touches a file of the
// user's: in a root it makes or removes `.kinfolder/` only. The caller holds the state directory's
// lock, and tells a running agent of the new or removed record. A crash in between leaves at worst
// unreferenced objects in the store, or a marker of ours that the next try takes over.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "shells/setup/folder_record.h"
#include "shells/setup/state_dir.h"
#include "shells/store/object_store.h"

namespace kinfolder {

// One legal component of at most 64 bytes, in NFC; what is wrong otherwise.
Result<std::string> ParticipantName(const std::string& name);
// The host's name, made legal; "machine" where it has none.
std::string DefaultParticipantName();

struct NewFolder {
  std::string path;              // an existing directory
  std::string name = {};         // empty: the directory's own name
  std::string participant = {};  // empty: DefaultParticipantName()
  bool take_over = false;        // also a root that another state directory has marked
};

// Makes a folder of a directory; we are its admin. kExists: the name or the root is taken,
// kInvalid: the root lies in or around another folder, the state or the store directory.
Result<FolderSetup> CreateFolder(StateDir& state, ObjectStore& store, const NewFolder& wanted);

// One line, good for one join until `expires_s`; the record in `state` is updated first.
// kPermission: we are not the admin; kExists: there is such a participant, or an open invitation
// for one.
Result<std::string> MakeInvitation(StateDir& state, ObjectStore& store, const std::string& folder,
                                   const std::string& participant, bool read_only,
                                   std::int64_t expires_s);

// Joins; `wanted.name` and `wanted.participant` may overrule the invitation's name of the folder,
// and must not differ from its participant. The admin's agent links us when it sees our answer;
// reading works at once. kInvalid: expired or damaged; kExists: used already, or as CreateFolder.
Result<FolderSetup> JoinFolder(StateDir& state, ObjectStore& store,
                               const std::string& invitation_text, const NewFolder& wanted,
                               std::int64_t now_s);

// Removes the marker (if it is ours) and the record; the user's files stay as they are.
Status LeaveFolder(StateDir& state, const std::string& folder);

struct AcceptedJoiner {
  std::string name;
  PublicKey key;
  bool read_only = false;
};

struct Acceptance {
  std::vector<AcceptedJoiner> joined;
  std::vector<OpenInvitation> left;   // the invitations that stay open
  std::vector<std::string> problems;  // answers that were refused or could not be read, for people
};

// Looks into the inboxes of `record`'s invitations, links the first valid answer of each as a
// participant, lists its key, and closes the inbox; expired ones are closed, too. Safe to do twice
// and to interrupt. Does not save: put `left` into the record. Blocks; run it off the loop.
// REQUIRES: record.admin().
Acceptance AcceptJoiners(ObjectStore& store, const FolderSetup& record, std::int64_t now_s);

// What the admin says of everybody, read from the collective.
struct Member {
  std::string name;
  Cap dmd_read_cap;  // empty: read-only
  std::optional<PublicKey> key;
  bool retired = false;
  bool read_only = false;
  bool admin = false;
};
Result<std::vector<Member>> ReadMembers(ObjectStore& store, const Cap& collective_cap);

}  // namespace kinfolder
