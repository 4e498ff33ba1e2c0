#include "shells/grid/keys.h"

#include <gtest/gtest.h>

#include "shells/grid/encoding.h"
#include "shells/grid/testdata_for_test.h"

namespace kinfolder {
namespace {

TEST(KeysTest, GoldenKeys) {
  int count = 0;
  const nlohmann::json keys = ReadTestdata("keys.json").at("keys");
  for (const nlohmann::json& item : keys) {
    const std::string seed = HexDecode(item.at("seed_hex").get<std::string>()).value();
    const SigningKey key = SigningKey::FromSeed(seed).value();
    EXPECT_EQ(key.Seed(), seed);
    const auto text = item.at("verify_key_base64_as_in_snapshot_metadata").get<std::string>();
    EXPECT_EQ(PublicKeyToText(key.public_key()), text);
    EXPECT_EQ(PublicKeyFromText(text).value(), key.public_key());
    ++count;
  }
  EXPECT_EQ(count, 3);
}

TEST(KeysTest, SignsAndVerifies) {
  const SigningKey key = SigningKey::Generate();
  const SigningKey other = SigningKey::Generate();
  EXPECT_NE(key.public_key(), other.public_key());
  Signature signature = key.Sign("hello");
  EXPECT_TRUE(VerifySignature(key.public_key(), "hello", signature));
  EXPECT_FALSE(VerifySignature(key.public_key(), "hellp", signature));
  EXPECT_FALSE(VerifySignature(other.public_key(), "hello", signature));
  EXPECT_EQ(SignatureFromText(SignatureToText(signature)).value(), signature);
  signature[10] ^= 1;
  EXPECT_FALSE(VerifySignature(key.public_key(), "hello", signature));
  // A stored seed gives the same key again.
  EXPECT_EQ(SigningKey::FromSeed(key.Seed()).value().public_key(), key.public_key());
}

TEST(KeysTest, RefusesMalformedTexts) {
  EXPECT_FALSE(SigningKey::FromSeed("short").ok());
  EXPECT_FALSE(PublicKeyFromText("").ok());
  EXPECT_FALSE(PublicKeyFromText(Base64Encode(std::string(31, 'x'))).ok());
  EXPECT_FALSE(PublicKeyFromText(std::string(44, '!')).ok());
  EXPECT_FALSE(SignatureFromText(Base64Encode(std::string(63, 'x'))).ok());
}

TEST(KeysTest, RandomBytesDiffer) {
  EXPECT_EQ(RandomBytes(16).size(), 16u);
  EXPECT_NE(RandomBytes(16), RandomBytes(16));
}

}  // namespace
}  // namespace kinfolder
