// SHA-256, in one piece or streaming.
//
// The hashing context is allocated once per Sha256 object and reused, because folders hash very
// many small things. Not thread-safe; give each thread its own.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

struct evp_md_ctx_st;

namespace kinfolder {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(std::string_view bytes);
  Digest Finish();  // Of all bytes since the start or the last Finish(), which begins anew.

 private:
  evp_md_ctx_st* context_;
};

Digest Sha256Of(std::string_view bytes);

std::string_view DigestBytes(const Digest& digest);  // A view into `digest`.

// `raw` must be exactly 32 bytes; kInvalid otherwise.
Result<Digest> DigestFromBytes(std::string_view raw);

}  // namespace kinfolder
