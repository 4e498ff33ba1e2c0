#include "shells/grid/keys.h"

#include <sodium.h>

#include <algorithm>

#include "core/base/check.h"
#include "shells/grid/encoding.h"

namespace kinfolder {
namespace {

static_assert(crypto_sign_SEEDBYTES == 32 && crypto_sign_SECRETKEYBYTES == 64);
static_assert(crypto_sign_PUBLICKEYBYTES == 32 && crypto_sign_BYTES == 64);

void NeedSodium() {
  static const bool ready = sodium_init() >= 0;
  CHECK(ready);
}

const std::uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

template <class Array>
std::string ArrayToText(const Array& bytes) {
  return Base64Encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

template <class Array>
Status ArrayFromText(std::string_view text, const char* what, Array& bytes) {
  const Result<std::string> raw = Base64Decode(text);
  if (!raw.ok() || raw.value().size() != bytes.size()) {
    return MakeError(ErrorKind::kInvalid, std::string("not ") + what + " in base64");
  }
  std::copy(raw.value().begin(), raw.value().end(), bytes.begin());
  return {};
}

}  // namespace

SigningKey SigningKey::Generate() {
  NeedSodium();
  std::array<std::uint8_t, 32> seed;
  randombytes_buf(seed.data(), seed.size());
  SigningKey key;
  key.Expand(seed.data());
  sodium_memzero(seed.data(), seed.size());
  return key;
}

Result<SigningKey> SigningKey::FromSeed(std::string_view seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) {
    return MakeError(ErrorKind::kInvalid, "not a signing key: its seed must be 32 bytes");
  }
  NeedSodium();
  SigningKey key;
  key.Expand(Bytes(seed));
  return key;
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

void SigningKey::Expand(const std::uint8_t* seed) {
  CHECK(crypto_sign_seed_keypair(public_key_.bytes.data(), secret_.data(), seed) == 0);
}

std::string SigningKey::Seed() const { return std::string(secret_.begin(), secret_.begin() + 32); }

Signature SigningKey::Sign(std::string_view message) const {
  Signature signature;
  CHECK(crypto_sign_detached(signature.data(), nullptr, Bytes(message), message.size(),
                             secret_.data()) == 0);
  return signature;
}

bool VerifySignature(const PublicKey& key, std::string_view message, const Signature& signature) {
  NeedSodium();
  return crypto_sign_verify_detached(signature.data(), Bytes(message), message.size(),
                                     key.bytes.data()) == 0;
}

std::string PublicKeyToText(const PublicKey& key) { return ArrayToText(key.bytes); }

Result<PublicKey> PublicKeyFromText(std::string_view text) {
  PublicKey key;
  if (Status status = ArrayFromText(text, "a key", key.bytes); !status.ok()) return status.error();
  return key;
}

std::string SignatureToText(const Signature& signature) { return ArrayToText(signature); }

Result<Signature> SignatureFromText(std::string_view text) {
  Signature signature;
  Status status = ArrayFromText(text, "a signature", signature);
  if (!status.ok()) return status.error();
  return signature;
}

std::string RandomBytes(std::size_t count) {
  NeedSodium();
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

}  // namespace kinfolder
