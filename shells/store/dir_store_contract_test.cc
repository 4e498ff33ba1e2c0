// The directory store keeps the contract of all stores.
#include <gtest/gtest.h>

#include "shells/store/dir_store.h"
#include "shells/store/temporary_directory_for_test.h"
#include "tests/contract/object_store_contract.h"

namespace kinfolder {
namespace {

class DirFixture : public ObjectStoreFixture {
 public:
  DirFixture() { CHECK(DirStore::Create(temporary_ / "store").ok()); }
  std::unique_ptr<ObjectStore> Open() override {
    return DirStore::Open(temporary_ / "store").value();
  }

 private:
  const TemporaryDirectory temporary_;
};

std::unique_ptr<ObjectStoreFixture> MakeDirFixture() { return std::make_unique<DirFixture>(); }

}  // namespace

INSTANTIATE_TEST_SUITE_P(Dir, ObjectStoreContract, testing::Values(&MakeDirFixture));

}  // namespace kinfolder
