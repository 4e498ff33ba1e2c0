#include "shells/grid/hash.h"

#include <openssl/evp.h>

#include <algorithm>

#include "core/base/check.h"

namespace kinfolder {
namespace {

// Looked up once: OpenSSL's lookup by name costs more than hashing a small object.
const EVP_MD* Algorithm() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  CHECK(algorithm != nullptr);
  return algorithm;
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr);
  CHECK(EVP_DigestInit_ex2(context_, Algorithm(), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

void Sha256::Update(std::string_view bytes) {
  CHECK(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1);
}

Digest Sha256::Finish() {
  Digest digest;
  CHECK(EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1);
  CHECK(EVP_DigestInit_ex2(context_, nullptr, nullptr) == 1);
  return digest;
}

Digest Sha256Of(std::string_view bytes) {
  thread_local Sha256 hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}

std::string_view DigestBytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Result<Digest> DigestFromBytes(std::string_view raw) {
  Digest digest;
  if (raw.size() != digest.size()) {
    return MakeError(ErrorKind::kInvalid, "not a SHA-256 digest: wrong length");
  }
  std::copy(raw.begin(), raw.end(), digest.begin());
  return digest;
}

}  // namespace kinfolder
