#include <gtest/gtest.h>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/base/rng.h"
#include "gate/evidence/check.h"
#include "tests/unit/evidence/signing.h"

// Damages a signed answer at every byte. Whatever is damaged: if the answer still counts, then the
// bytes that were signed are the ones that MC signed.
namespace gate::evidence {
namespace {

using testing::Signer;

// The payload of an envelope by the most lenient reading there is; none if there is none.
std::string LenientPayload(const std::string& body) {
  const Json envelope = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!envelope.is_object()) return "";
  return Base64Decode(JsonString(envelope, "/payload")).value();
}

class MutationTest : public ::testing::Test {
 protected:
  // Checks one damaged answer, and that it passes only with the payload that was signed.
  void Check(const Answer& answer, Scheme scheme, const std::string& signed_payload) {
    Expected expected = testing::AnExpectation(scheme);
    const Observation seen = CheckAnswer(answer, expected, keyring_);
    const bool counts =
        seen.reason == Reason::kEvidenceTrue || seen.reason == Reason::kEvidenceFalse;
    ASSERT_EQ(seen.evidence.has_value(), counts);
    ASSERT_LE(seen.detail.size(), 500U);
    ASSERT_TRUE(IsValidUtf8(seen.detail));
    if (!counts) {
      ++refused_;
      return;
    }
    ++counted_;
    ASSERT_EQ(scheme == Scheme::kDsse ? LenientPayload(answer.body) : answer.body, signed_payload);
    ASSERT_EQ(seen.evidence->digest, Sha256Hex(signed_payload));
    ASSERT_EQ(seen.reason, Reason::kEvidenceTrue);
  }

  // Calls `check` with `text` after each of many damages: at every byte each bit flipped, the byte
  // replaced by a random one, dropped, doubled, and the text cut off there.
  template <typename CheckOne>
  void Damage(const std::string& text, CheckOne check) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        std::string damaged = text;
        damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << bit));
        check(damaged);
      }
      std::string damaged = text;
      damaged[at] = static_cast<char>(rng_.Below(256));
      if (damaged != text) check(damaged);
      check(std::string(text).erase(at, 1));
      check(std::string(text).insert(at, 1, text[at]));
      check(text.substr(0, at));
      if (HasFatalFailure()) return;
    }
  }

  void DamageEnvelope(const std::string& key_id, const Signer& signer) {
    const std::string payload = testing::AStatement().dump();
    const std::string body = testing::AnEnvelope(payload, {{key_id, signer}}).dump(1);
    Damage(body, [&](std::string damaged) {
      Check(testing::AnAnswer(std::move(damaged)), Scheme::kDsse, payload);
    });
  }

  void DamagePlain(const std::string& algorithm, const std::string& key_id, const Signer& signer) {
    const std::string body = testing::APlainAnswer().dump(1);
    const std::string jws =
        testing::AJws(testing::AJwsHeader(algorithm, key_id).dump(), body, signer);
    Damage(body, [&](std::string damaged) {
      Check(testing::AnAnswer(std::move(damaged), jws), Scheme::kJws, body);
    });
    EXPECT_EQ(counted_, 0);  // no byte of a JWS's body is free
    Damage(jws, [&](std::string damaged) {
      Check(testing::AnAnswer(body, std::move(damaged)), Scheme::kJws, body);
    });
    EXPECT_EQ(counted_, 0);  // nor of the JWS itself
  }

  Rng rng_{42};
  Signer ed_ = Signer::Ed25519();
  Signer ec_ = Signer::P256();
  Keyring keyring_ = testing::AKeyring(ed_, ec_);
  int counted_ = 0;
  int refused_ = 0;
};

TEST_F(MutationTest, NoDamagedEnvelopeSignedWithEd25519PassesForAnother) {
  DamageEnvelope("ed", ed_);
  // White space between the parts of an envelope is not signed, nearly everything else is.
  EXPECT_GT(counted_, 0);
  EXPECT_LT(counted_, 300);
  EXPECT_GT(refused_, 10000);
}

TEST_F(MutationTest, NoDamagedEnvelopeSignedWithP256PassesForAnother) {
  DamageEnvelope("ec", ec_);
  EXPECT_GT(counted_, 0);
  EXPECT_LT(counted_, 300);
  EXPECT_GT(refused_, 10000);
}

TEST_F(MutationTest, NoDamagedJwsSignedWithEd25519Passes) {
  DamagePlain("EdDSA", "ed", ed_);
  EXPECT_GT(refused_, 5000);
}

TEST_F(MutationTest, NoDamagedJwsSignedWithP256Passes) {
  DamagePlain("ES256", "ec", ec_);
  EXPECT_GT(refused_, 5000);
}

TEST_F(MutationTest, NoBytesAtAllMakeEvidence) {
  for (int i = 0; i < 2000; ++i) {
    const std::string noise = rng_.Bytes(rng_.Below(200));
    Check(testing::AnAnswer(noise), Scheme::kDsse, "");
    Check(testing::AnAnswer(noise, rng_.Bytes(rng_.Below(200))), Scheme::kJws, "");
  }
  EXPECT_EQ(counted_, 0);
}

}  // namespace
}  // namespace gate::evidence
