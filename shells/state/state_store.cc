#include "shells/state/state_store.h"

#include <utility>

namespace kinfolder {

Status EraseFolder(StateStore& store, std::uint32_t folder) {
  std::vector<StateWrite> writes;
  const Status loaded =
      store.Load(folder, [&](std::uint8_t table, std::uint32_t id, std::string_view) {
        writes.push_back({{folder, table, id}, std::nullopt});
        return Status();
      });
  if (!loaded.ok()) return loaded;
  return writes.empty() ? Status() : store.Commit(writes);
}

}  // namespace kinfolder
