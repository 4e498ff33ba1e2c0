// StateStore: the port to an agent's durable state. Rows under small keys, written in atomic,
// synced batches; nothing else.
//
// One store per state directory, for all of its folders. One thread at a time. One contract suite
// runs against every implementation (tests/contract/state_contract.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace kinfolder {

// `folder` 0 is the state directory itself.
struct StateKey {
  std::uint32_t folder = 0;
  std::uint8_t table = 0;
  std::uint32_t id = 0;

  friend auto operator<=>(const StateKey&, const StateKey&) = default;
};

struct StateWrite {
  StateKey key;
  std::optional<std::string> value;  // nullopt: delete; deleting what is not there is ok
};

// Called with each row, ascending by table and id; a failure ends the loading and is passed on. The
// view is valid during the call.
using StateRowSink =
    std::function<Status(std::uint8_t table, std::uint32_t id, std::string_view value)>;

class StateStore {
 public:
  virtual ~StateStore() = default;

  // Hands over all rows of one folder. kCorrupt: a row's bytes are not what was written.
  virtual Status Load(std::uint32_t folder, const StateRowSink& row) = 0;

  // Returns ok when all of `writes` are durable, together; of several for one key the last counts.
  // After any failure it is not known whether they are, and the store is closed: Load and Commit
  // give kUnavailable until Reopen returned ok, and the caller starts from what Load then says.
  virtual Status Commit(const std::vector<StateWrite>& writes) = 0;

  // Closes (if it is open) and opens again.
  virtual Status Reopen() = 0;
  virtual void Close() = 0;
  virtual bool is_open() const = 0;
};

// Deletes all rows of a folder, durably.
Status EraseFolder(StateStore& store, std::uint32_t folder);

}  // namespace kinfolder
