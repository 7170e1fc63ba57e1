#include "gate/evidence/public_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include "gate/base/encoding.h"
#include "gate/base/rng.h"
#include "tests/unit/evidence/signing.h"

namespace gate::evidence {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Signer;

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string PemOf(std::string_view der) {
  return "-----BEGIN PUBLIC KEY-----\n" + testing::Base64(der) + "\n-----END PUBLIC KEY-----\n";
}

PublicKey Ed25519FromHex(std::string_view hex) {
  const std::string der = FromHex("302a300506032b6570032100" + std::string(hex));
  return PublicKey::FromPem(PemOf(der), Algorithm::kEd25519).value();
}

PublicKey KeyOf(const Signer& signer, Algorithm algorithm) {
  return PublicKey::FromPem(signer.PublicPem(), algorithm).value();
}

std::string MistakeIn(std::string_view pem, Algorithm algorithm = Algorithm::kEd25519) {
  const auto key = PublicKey::FromPem(pem, algorithm);
  if (key) return "none";
  EXPECT_EQ(key.error().code, ErrorCode::kInvalidArgument);
  return key.error().message;
}

constexpr auto kDer = SignatureForm::kDer;
constexpr auto kRaw = SignatureForm::kRaw;

TEST(PublicKeyTest, VerifiesTheVectorsOfRfc8032) {
  const PublicKey first =
      Ed25519FromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const std::string empty_signed = FromHex(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
      "b46bd25bf5f0595bbe24655141438e7a100b");
  EXPECT_TRUE(first.Verifies("", empty_signed, kDer));
  EXPECT_TRUE(first.Verifies({}, empty_signed, kRaw));
  EXPECT_FALSE(first.Verifies(std::string_view("\0", 1), empty_signed, kDer));

  const PublicKey second =
      Ed25519FromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const std::string r_signed = FromHex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
      "1d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(second.Verifies("\x72", r_signed, kDer));
  EXPECT_FALSE(second.Verifies("\x73", r_signed, kDer));
  EXPECT_FALSE(first.Verifies("\x72", r_signed, kDer));
}

TEST(PublicKeyTest, RefusesAnEd25519SignatureWhoseScalarIsNotReduced) {
  // RFC 8032 section 5.1.7: S + L signs the same message, and must not.
  std::string raised = FromHex(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
      "b46bd25bf5f0595bbe24655141438e7a100b");
  const std::string order =
      FromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned char>(raised[32 + i]);
    carry += static_cast<unsigned char>(order[i]);
    raised[32 + i] = static_cast<char>(carry & 0xffU);
    carry >>= 8U;
  }
  const PublicKey key =
      Ed25519FromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_FALSE(key.Verifies("", raised, kDer));
}

TEST(PublicKeyTest, VerifiesTheEs256ExampleOfRfc7515) {
  const std::string x = Base64UrlDecode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU").value();
  const std::string y = Base64UrlDecode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0").value();
  const std::string prefix = FromHex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
  const auto key = PublicKey::FromPem(PemOf(prefix + x + y), Algorithm::kEcdsaP256);
  ASSERT_TRUE(key);
  const std::string signature =
      Base64UrlDecode(
          "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
          .value();
  const std::string_view input =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
      "NvbS9pc19yb290Ijp0cnVlfQ";
  EXPECT_TRUE(key->Verifies(input, signature, kRaw));
  EXPECT_FALSE(key->Verifies(input, signature, kDer));
  EXPECT_TRUE(key->Verifies(input, Signer::DerFromRaw(signature), kDer));
}

TEST(PublicKeyTest, ConvertsEveryShapeOfRawNumbers) {
  // About one signature in 128 has a number with a zero byte in front, one in two a number whose
  // first bit is set: both are written differently in DER.
  const Signer signer = Signer::P256();
  const PublicKey key = KeyOf(signer, Algorithm::kEcdsaP256);
  int short_ones = 0;
  for (int i = 0; i < 1000 && short_ones < 4; ++i) {
    const std::string message = std::to_string(i);
    const std::string raw = Signer::RawFromDer(signer.Sign(message));
    EXPECT_TRUE(key.Verifies(message, raw, kRaw));
    if (raw[0] == '\0' || raw[32] == '\0') ++short_ones;
  }
  EXPECT_GT(short_ones, 0);
}

TEST(PublicKeyTest, RefusesNumbersThatAreZeroOrNotBelowTheOrder) {
  const Signer signer = Signer::P256();
  const PublicKey key = KeyOf(signer, Algorithm::kEcdsaP256);
  const std::string raw = Signer::RawFromDer(signer.Sign("message"));
  const std::string r = raw.substr(0, 32);
  const std::string s = raw.substr(32);
  const std::string zero(32, '\0');
  const std::string order =
      FromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const std::string most(32, '\xff');
  ASSERT_TRUE(key.Verifies("message", raw, kRaw));
  for (const std::string& bad :
       {zero + s, r + zero, zero + zero, order + s, r + order, order + order, most + s, r + most}) {
    EXPECT_FALSE(key.Verifies("message", bad, kRaw)) << HexEncode(bad);
    EXPECT_FALSE(key.Verifies("message", Signer::DerFromRaw(bad), kDer)) << HexEncode(bad);
  }
}

TEST(PublicKeyTest, RefusesRawSignaturesOfAnotherLength) {
  const Signer signer = Signer::P256();
  const PublicKey key = KeyOf(signer, Algorithm::kEcdsaP256);
  const std::string raw = Signer::RawFromDer(signer.Sign("message"));
  EXPECT_FALSE(key.Verifies("message", "", kRaw));
  EXPECT_FALSE(key.Verifies("message", raw.substr(0, 63), kRaw));
  EXPECT_FALSE(key.Verifies("message", raw + '\0', kRaw));
  EXPECT_FALSE(key.Verifies("message", '\0' + raw, kRaw));
  EXPECT_FALSE(key.Verifies("message", raw.substr(0, 32) + '\0' + raw.substr(32), kRaw));
}

TEST(PublicKeyTest, RefusesDerThatIsNotStrict) {
  const Signer signer = Signer::P256();
  const PublicKey key = KeyOf(signer, Algorithm::kEcdsaP256);
  const std::string der = signer.Sign("message");
  ASSERT_TRUE(key.Verifies("message", der, kDer));
  EXPECT_FALSE(key.Verifies("message", der + '\0', kDer));
  EXPECT_FALSE(key.Verifies("message", der.substr(0, der.size() - 1), kDer));
  EXPECT_FALSE(key.Verifies("message", "", kDer));
  // BER's long form of the same length.
  const std::string long_form = std::string("\x30\x81") + der.substr(1);
  EXPECT_FALSE(key.Verifies("message", long_form, kDer));
  // A superfluous zero in front of r.
  std::string padded = der;
  padded[1] = static_cast<char>(padded[1] + 1);
  padded[3] = static_cast<char>(padded[3] + 1);
  padded.insert(4, 1, '\0');
  EXPECT_FALSE(key.Verifies("message", padded, kDer));
}

TEST(PublicKeyTest, RefusesSignaturesOfTheOtherAlgorithm) {
  const Signer ed = Signer::Ed25519();
  const Signer ec = Signer::P256();
  const PublicKey ed_key = KeyOf(ed, Algorithm::kEd25519);
  const PublicKey ec_key = KeyOf(ec, Algorithm::kEcdsaP256);
  const std::string ec_der = ec.Sign("message");
  for (const SignatureForm form : {kDer, kRaw}) {
    EXPECT_FALSE(ed_key.Verifies("message", ec_der, form));
    EXPECT_FALSE(ed_key.Verifies("message", Signer::RawFromDer(ec_der), form));
    EXPECT_FALSE(ec_key.Verifies("message", ed.Sign("message"), form));
  }
}

TEST(PublicKeyTest, RefusesEveryLengthOfNoise) {
  const PublicKey ed_key = KeyOf(Signer::Ed25519(), Algorithm::kEd25519);
  const PublicKey ec_key = KeyOf(Signer::P256(), Algorithm::kEcdsaP256);
  Rng rng(20);
  for (std::size_t length = 0; length < 130; ++length) {
    const std::string noise = rng.Bytes(length);
    for (const SignatureForm form : {kDer, kRaw}) {
      EXPECT_FALSE(ed_key.Verifies("message", noise, form));
      EXPECT_FALSE(ec_key.Verifies("message", noise, form));
    }
  }
}

TEST(PublicKeyTest, LeavesNothingInOpenSslsErrorQueue) {
  // SSL_get_error would blame a connection of the same thread for it.
  ERR_clear_error();
  const PublicKey key = KeyOf(Signer::P256(), Algorithm::kEcdsaP256);
  EXPECT_FALSE(key.Verifies("message", "no signature", kDer));
  EXPECT_FALSE(key.Verifies("message", FromHex("3006020100020100"), kDer));  // r = s = 0
  EXPECT_NE(MistakeIn("no key"), "none");
  EXPECT_NE(MistakeIn(PemOf("no key")), "none");
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PublicKeyTest, NamesItsAlgorithms) {
  for (const Algorithm algorithm : {Algorithm::kEd25519, Algorithm::kEcdsaP256}) {
    EXPECT_EQ(AlgorithmFromString(ToString(algorithm)), algorithm);
  }
  EXPECT_EQ(ToString(Algorithm::kEd25519), "ed25519");
  EXPECT_EQ(ToString(Algorithm::kEcdsaP256), "ecdsa-p256");
  EXPECT_EQ(AlgorithmFromString("Ed25519"), std::nullopt);
  EXPECT_EQ(AlgorithmFromString("rsa"), std::nullopt);
}

TEST(PublicKeyPemTest, AllowsTextBeforeAndSpaceAfterTheBlock) {
  const std::string pem = Signer::Ed25519().PublicPem();
  EXPECT_EQ(MistakeIn("# MC, 2026\n" + pem + "\n \r\n"), "none");
}

TEST(PublicKeyPemTest, RecognisesAPrivateKeyAndDoesNotRepeatIt) {
  for (const Signer& signer : {Signer::Ed25519(), Signer::P256(), Signer::Rsa()}) {
    const std::string pem = signer.PrivatePem();
    const std::string secret = pem.substr(pem.find('\n') + 1, 16);
    EXPECT_THAT(MistakeIn(pem), AllOf(HasSubstr("private key"), Not(HasSubstr(secret))));
  }
}

TEST(PublicKeyPemTest, SaysWhatIsThereInsteadOfAPublicKey) {
  const std::string ed = Signer::Ed25519().PublicPem();
  EXPECT_THAT(MistakeIn(""), HasSubstr("not a PEM block"));
  EXPECT_THAT(MistakeIn("hello"), HasSubstr("not a PEM block"));
  EXPECT_THAT(MistakeIn(ed.substr(0, ed.size() - 10)), HasSubstr("not a PEM block"));
  EXPECT_THAT(MistakeIn("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
              HasSubstr("a certificate"));
  EXPECT_THAT(MistakeIn("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n"),
              HasSubstr("of another kind"));
  EXPECT_THAT(MistakeIn(ed + ed), HasSubstr("more after the first PEM block"));
  EXPECT_THAT(MistakeIn(ed + "x"), HasSubstr("more after the first PEM block"));
  EXPECT_THAT(MistakeIn(PemOf("\x30\x03")), HasSubstr("not a readable public key"));
}

TEST(PublicKeyPemTest, NamesTheTypeOfAKeyForAnotherAlgorithm) {
  const std::string ed = Signer::Ed25519().PublicPem();
  const std::string ec = Signer::P256().PublicPem();
  EXPECT_THAT(MistakeIn(ed, Algorithm::kEcdsaP256), HasSubstr("not a key for ecdsa-p256, but a "
                                                              "key of type ED25519"));
  EXPECT_THAT(MistakeIn(ec, Algorithm::kEd25519),
              HasSubstr("not a key for ed25519, but an EC key on the curve prime256v1"));
  EXPECT_THAT(MistakeIn(Signer::Ec("P-384").PublicPem(), Algorithm::kEcdsaP256),
              HasSubstr("on the curve secp384r1"));
  EXPECT_THAT(MistakeIn(Signer::Ec("secp256k1").PublicPem(), Algorithm::kEcdsaP256),
              HasSubstr("on the curve secp256k1"));
  for (const Algorithm algorithm : {Algorithm::kEd25519, Algorithm::kEcdsaP256}) {
    EXPECT_THAT(MistakeIn(Signer::Rsa().PublicPem(), algorithm), HasSubstr("a key of type RSA"));
  }
}

TEST(PublicKeyPemTest, RefusesACompressedPointAndSaysHowToConvertIt) {
  const std::string der = Signer::P256().PublicDer();
  const char parity = (der.back() & 1) == 0 ? '\x02' : '\x03';
  const std::string compressed =
      FromHex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + parity + der.substr(27, 32);
  EXPECT_THAT(MistakeIn(PemOf(compressed), Algorithm::kEcdsaP256),
              HasSubstr("-conv_form uncompressed"));
}

TEST(PublicKeyPemTest, RefusesAPointThatIsNotOnTheCurve) {
  std::string der = Signer::P256().PublicDer();
  der.back() = static_cast<char>(der.back() ^ 1);
  EXPECT_THAT(MistakeIn(PemOf(der), Algorithm::kEcdsaP256), HasSubstr("not a readable"));
}

TEST(PublicKeyPemTest, RefusesBytesAfterTheKeyOrMissing) {
  const std::string ed = Signer::Ed25519().PublicDer();
  const std::string ec = Signer::P256().PublicDer();
  EXPECT_THAT(MistakeIn(PemOf(ed + '\0')), HasSubstr("not a readable"));
  EXPECT_THAT(MistakeIn(PemOf(ec + '\0'), Algorithm::kEcdsaP256), HasSubstr("not a readable"));
  EXPECT_NE(MistakeIn(PemOf(ed.substr(0, ed.size() - 1))), "none");
  EXPECT_NE(MistakeIn(PemOf(ec.substr(0, ec.size() - 1)), Algorithm::kEcdsaP256), "none");
}

}  // namespace
}  // namespace gate::evidence
