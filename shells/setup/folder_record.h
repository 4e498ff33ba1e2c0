// FolderSetup: one folder as this machine takes part in it, with the secrets that this takes.
//
// Never logged and never sent. Made by shells/setup/folders.h, kept by StateDir.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "shells/grid/directory.h"
#include "shells/grid/keys.h"

namespace kinfolder {

// An invitation that nobody has answered yet, as far as we know. At the admin's machine only.
struct OpenInvitation {
  std::string participant;
  Cap inbox_write_cap;
  Cap inbox_read_cap;
  std::int64_t expires_s = 0;  // seconds since the epoch
  bool read_only = false;

  friend bool operator==(const OpenInvitation&, const OpenInvitation&) = default;
};

struct FolderSetup {
  std::uint32_t number = 0;  // names it in this state directory; never used again
  std::string name;          // unique in this state directory
  std::string path;          // of the root, absolute
  std::string participant;   // what we are called
  std::string key_seed;      // of our SigningKey; 32 bytes
  Cap dmd_write_cap;         // our personal directory; both empty if read_only
  Cap dmd_read_cap;
  Cap collective_read_cap;
  Cap collective_write_cap;  // empty: we are not the admin
  PublicKey admin_key;
  bool read_only = false;
  std::vector<OpenInvitation> invitations;
  std::map<std::string, std::string> options;  // as set; see folder_options.h

  bool admin() const { return !collective_write_cap.empty(); }
  friend bool operator==(const FolderSetup&, const FolderSetup&) = default;
};

// What the root's marker calls the folder: the same on all machines, and no secret.
std::string FolderId(const FolderSetup& record);

std::string EncodeFolderRecord(const FolderSetup& record);
// kVersion for a newer program's, else kCorrupt. `what` names the file in error texts.
Result<FolderSetup> DecodeFolderRecord(std::string_view bytes, const std::string& what);

}  // namespace kinfolder
