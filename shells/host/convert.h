// Between what the disk and the store say and what the core is told: stats, kinds, reasons.
//
// Pure functions.
#pragma once

#include <string_view>

#include "core/agent/facts.h"
#include "core/base/result.h"
#include "core/model/version.h"
#include "shells/grid/snapshot_codec.h"
#include "shells/posix/file_stat.h"
#include "shells/posix/root.h"

namespace kinfolder {

// REQUIRES: kind is not kOther. Of a directory size and ctime are 0: they say nothing of it.
Stat ToStat(const FileStat& from);
// For comparing with SameUntouched: device and mode are 0.
FileStat ToFileStat(const Stat& from);

FileKind ToFileKind(Kind kind);
SnapshotKind ToSnapshotKind(Kind kind);
Kind ToKind(SnapshotKind kind);

// Why something on disk did not work.
Reason DiskReason(const Error& error);
// The same by errno; 0 is kRootChanged (see DiskLook::error).
Reason DiskReasonOfErrno(int error);
Reason RootReason(RootStatus status);

// How a call of the store ended that was to read or write, and why.
struct StoreFailure {
  Outcome outcome = Outcome::kFailed;
  Reason reason = Reason::kStore;
};
StoreFailure ToStoreFailure(const Error& error);

// What a person is told; the kebab-case form for JSON.
std::string_view ReasonName(Reason reason);
std::string_view ReasonText(Reason reason);
std::string_view KindName(Kind kind);

}  // namespace kinfolder
