// Invitations, and what a joiner answers.
//
// An invitation is one line of text that lets its holder read the folder and offer a personal
// directory to the admin through a one-use inbox. It is a secret until it is used or expires. The
// answer goes into the inbox as a file under kJoinAnswerName. Nothing here reads a clock or a
// store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "shells/grid/directory.h"
#include "shells/grid/keys.h"

namespace kinfolder {

inline constexpr std::string_view kInvitationPrefix = "kinfolder-invite:";
inline constexpr std::string_view kJoinAnswerName = "answer";

struct Invitation {
  std::string store_hint;  // How to reach the store, as the admin's machine does; may be empty.
  Cap collective_read_cap;
  Cap inbox_write_cap;
  PublicKey admin_key;
  std::string folder_name;
  std::string participant_name;  // What the joiner will be called.
  bool read_only = false;
  std::int64_t expires_s = 0;  // Seconds since the epoch.

  friend bool operator==(const Invitation&, const Invitation&) = default;
};

// REQUIRES: texts are UTF-8 and the participant's name passes CheckParticipantName.
std::string EncodeInvitation(const Invitation& invitation);

// White space around and inside (a wrapped line) is ignored. kInvalid for a damaged or truncated
// text, kVersion for one of a newer program.
Result<Invitation> DecodeInvitation(std::string_view text);

bool IsExpired(const Invitation& invitation, std::int64_t now_s);

struct JoinAnswer {
  Cap dmd_read_cap;  // Empty for a read-only participant.
  PublicKey key;
  std::string name;
  Signature signature = {};

  friend bool operator==(const JoinAnswer&, const JoinAnswer&) = default;
};

// Signed for this inbox only, so that it can't be replayed into another. REQUIRES: no LF in the
// capabilities, and a name that passes CheckParticipantName.
JoinAnswer MakeJoinAnswer(const SigningKey& key, std::string_view inbox_write_cap,
                          std::string_view dmd_read_cap, std::string_view name);

// Whether the holder of `answer.key` wrote it for this inbox.
bool VerifyJoinAnswer(const JoinAnswer& answer, std::string_view inbox_write_cap);

std::string EncodeJoinAnswer(const JoinAnswer& answer);

// kVersion for one of a newer program, kTooLarge above 64 KiB, else kInvalid. Not verified yet.
Result<JoinAnswer> DecodeJoinAnswer(std::string_view bytes);

}  // namespace kinfolder
