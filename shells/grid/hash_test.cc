#include "shells/grid/hash.h"

#include <gtest/gtest.h>

#include "shells/grid/encoding.h"

namespace kinfolder {
namespace {

std::string Hex(const Digest& digest) { return HexEncode(DigestBytes(digest)); }

TEST(HashTest, KnownDigests) {
  EXPECT_EQ(Hex(Sha256Of("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256Of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(HashTest, PiecesAndReuseGiveTheSame) {
  const std::string bytes(100000, 'x');
  Sha256 hasher;
  for (std::size_t piece : {1u, 63u, 64u, 65u, 100000u}) {
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
      hasher.Update(std::string_view(bytes).substr(i, piece));
    }
    EXPECT_EQ(hasher.Finish(), Sha256Of(bytes)) << piece;
  }
}

TEST(HashTest, DigestsFromBytes) {
  const Digest digest = Sha256Of("abc");
  EXPECT_EQ(DigestFromBytes(DigestBytes(digest)).value(), digest);
  EXPECT_EQ(DigestFromBytes("short").error().kind, ErrorKind::kInvalid);
}

}  // namespace
}  // namespace kinfolder
