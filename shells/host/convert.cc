#include "shells/host/convert.h"

#include <cerrno>

#include "core/base/check.h"

namespace kinfolder {

Stat ToStat(const FileStat& from) {
  Stat to;
  switch (from.kind) {
    case FileKind::kFile:
      to.kind = Kind::kFile;
      break;
    case FileKind::kLink:
      to.kind = Kind::kLink;
      break;
    case FileKind::kDirectory:
      to.kind = Kind::kDirectory;
      break;
    case FileKind::kOther:
      CHECK(false);
  }
  const bool directory = from.kind == FileKind::kDirectory;
  to.size = directory ? 0 : from.size;
  to.mtime_ns = from.mtime_ns;
  to.ctime_ns = directory ? 0 : from.ctime_ns;
  to.inode = from.inode;
  to.exec = from.exec;
  return to;
}

FileStat ToFileStat(const Stat& from) {
  FileStat to;
  to.kind = ToFileKind(from.kind);
  to.size = from.size;
  to.mtime_ns = from.mtime_ns;
  to.ctime_ns = from.ctime_ns;
  to.inode = from.inode;
  to.exec = from.exec;
  return to;
}

FileKind ToFileKind(Kind kind) {
  switch (kind) {
    case Kind::kFile:
      return FileKind::kFile;
    case Kind::kLink:
      return FileKind::kLink;
    case Kind::kDirectory:
      return FileKind::kDirectory;
    case Kind::kDeleted:
      break;
  }
  return FileKind::kOther;
}

SnapshotKind ToSnapshotKind(Kind kind) {
  switch (kind) {
    case Kind::kFile:
      return SnapshotKind::kFile;
    case Kind::kLink:
      return SnapshotKind::kLink;
    case Kind::kDirectory:
      return SnapshotKind::kDirectory;
    case Kind::kDeleted:
      break;
  }
  return SnapshotKind::kDeleted;
}

Kind ToKind(SnapshotKind kind) {
  switch (kind) {
    case SnapshotKind::kFile:
      return Kind::kFile;
    case SnapshotKind::kLink:
      return Kind::kLink;
    case SnapshotKind::kDirectory:
      return Kind::kDirectory;
    case SnapshotKind::kDeleted:
      break;
  }
  return Kind::kDeleted;
}

Reason DiskReason(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kPermission:
      return Reason::kPermission;
    case ErrorKind::kNoSpace:
      return Reason::kDiskFull;
    case ErrorKind::kTooLarge:
      return Reason::kTooLarge;
    case ErrorKind::kInvalid:
      return Reason::kName;
    case ErrorKind::kExists:
      return Reason::kNameClash;
    case ErrorKind::kChanged:
      return Reason::kUnstable;
    case ErrorKind::kUnavailable:
      return Reason::kUnstable;
    case ErrorKind::kCorrupt:
      return Reason::kCorrupt;
    default:
      return Reason::kIo;
  }
}

Reason DiskReasonOfErrno(int error) {
  switch (error) {
    case 0:
      return Reason::kRootChanged;
    case EACCES:
    case EPERM:
      return Reason::kPermission;
    case ENAMETOOLONG:
      return Reason::kName;
    case EXDEV:
      return Reason::kUnsupported;
    default:
      return Reason::kIo;
  }
}

Reason RootReason(RootStatus status) {
  switch (status) {
    case RootStatus::kOk:
      return Reason::kNone;
    case RootStatus::kMissing:
      return Reason::kRootMissing;
    case RootStatus::kNoMarker:
    case RootStatus::kForeignMarker:
    case RootStatus::kExchanged:
      return Reason::kRootChanged;
  }
  return Reason::kRootMissing;
}

StoreFailure ToStoreFailure(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kNotFound:
      return {Outcome::kFailed, Reason::kNotFound};
    case ErrorKind::kNoSpace:
      return {Outcome::kFailed, Reason::kQuota};
    case ErrorKind::kUnclear:
      return {Outcome::kUnclear, Reason::kStore};
    case ErrorKind::kCorrupt:
      return {Outcome::kFailed, Reason::kCorrupt};
    case ErrorKind::kInvalid:
    case ErrorKind::kVersion:
      return {Outcome::kRefused, Reason::kCorrupt};
    case ErrorKind::kTooLarge:
      return {Outcome::kRefused, Reason::kTooLarge};
    case ErrorKind::kPermission:
    case ErrorKind::kUnavailable:
    default:
      return {Outcome::kFailed, Reason::kStore};
  }
}

std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "none";
    case Reason::kIo:
      return "io";
    case Reason::kPermission:
      return "permission";
    case Reason::kDiskFull:
      return "disk-full";
    case Reason::kUnstable:
      return "unstable";
    case Reason::kUnsupported:
      return "unsupported";
    case Reason::kName:
      return "name";
    case Reason::kNameClash:
      return "name-clash";
    case Reason::kRootMissing:
      return "root-missing";
    case Reason::kRootChanged:
      return "root-changed";
    case Reason::kStore:
      return "store";
    case Reason::kQuota:
      return "quota";
    case Reason::kCorrupt:
      return "corrupt";
    case Reason::kNotFound:
      return "not-found";
    case Reason::kSignature:
      return "signature";
    case Reason::kWrongPath:
      return "wrong-path";
    case Reason::kOutside:
      return "outside";
    case Reason::kTooLarge:
      return "too-large";
    case Reason::kHistory:
      return "history";
    case Reason::kWrongVersion:
      return "wrong-version";
    case Reason::kUnknownAuthor:
      return "unknown-author";
    case Reason::kForeignWrite:
      return "foreign-write";
    case Reason::kRollback:
      return "rollback";
    case Reason::kHeld:
      return "held";
    case Reason::kCopied:
      return "copied";
    case Reason::kIgnored:
      return "ignored";
  }
  return "other";
}

std::string_view ReasonText(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "";
    case Reason::kIo:
      return "the disk failed; check it";
    case Reason::kPermission:
      return "it may not be read or written; check the permissions";
    case Reason::kDiskFull:
      return "the disk is full; free some space";
    case Reason::kUnstable:
      return "it keeps changing; it is tried again";
    case Reason::kUnsupported:
      return "it is not a file, link or directory of this disk";
    case Reason::kName:
      return "its name can't be used; rename it";
    case Reason::kNameClash:
      return "its name is another's here; rename one of them";
    case Reason::kRootMissing:
      return "the folder is missing; mount or restore it";
    case Reason::kRootChanged:
      return "another directory stands where the folder was";
    case Reason::kStore:
      return "the store can't be reached; it is tried again";
    case Reason::kQuota:
      return "the store is full; make room in it";
    case Reason::kCorrupt:
      return "what the store holds is damaged";
    case Reason::kNotFound:
      return "the store does not have it (any more)";
    case Reason::kSignature:
      return "its signature is wrong; it is not applied";
    case Reason::kWrongPath:
      return "it was made for another path; it is not applied";
    case Reason::kOutside:
      return "its path leads out of the folder; it is not applied";
    case Reason::kTooLarge:
      return "it is larger than can be handled";
    case Reason::kHistory:
      return "its history is malformed; it is not applied";
    case Reason::kWrongVersion:
      return "its bytes are not what it claims; it is not applied";
    case Reason::kUnknownAuthor:
      return "its author is not a participant; it is not applied";
    case Reason::kForeignWrite:
      return "somebody else writes this machine's directory, perhaps a copy of its state "
             "directory; stop "
             "that one, then join again here with a new state directory: your files stay";
    case Reason::kRollback:
      return "the store went back to an older state";
    case Reason::kHeld:
      return "one of many deletes; approve or undo them";
    case Reason::kCopied:
      return "this state directory is a copy; if the other one is not used any more, run "
             "`kinfolder "
             "doctor --moved`, else join again here with a new one: your files stay";
    case Reason::kIgnored:
      return "a rule of this machine ignores it";
  }
  return "";
}

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kDeleted:
      return "deleted";
    case Kind::kFile:
      return "file";
    case Kind::kLink:
      return "link";
    case Kind::kDirectory:
      return "directory";
  }
  return "other";
}

}  // namespace kinfolder
