// What a power cut leaves of the last write to LevelDB's files.
//
// Each of our commits is one record, synced before the next is begun. So a cut can damage the end
// of one record: its bytes may be there in part, with zeros for the rest and the file's size grown
// (tests/power has seen that on ext4). LevelDB, told to be strict, refuses such a database for
// ever. The record was never acknowledged: it is cut off. A bad spot with a record after it is no
// such tail, but damage, and stays.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace leveldb {
class Env;
}  // namespace leveldb

namespace kinfolder {

// How many bytes of a log (in LevelDB's format) are to be kept: all, unless it ends in a torn
// record; then those before that record. Also all if it is damaged in another way.
std::size_t WithoutTornTail(std::string_view log);

// Cuts torn tails off the newest log and the current manifest of the closed database in
// `directory`, durably. True: something was cut off.
Result<bool> CutTornTails(leveldb::Env& env, const std::string& directory);

}  // namespace kinfolder
