#include "gate/seams/secret_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_files.h"

namespace gate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SecretFileTest : public ::testing::Test {
 protected:
  FakeFiles files_;
};

TEST_F(SecretFileTest, WhiteSpaceAroundASecretIsDropped) {
  files_.Put("/good", "  abc\r\n");
  EXPECT_EQ(ReadSecret(files_, "/good")->Reveal(), "abc");
}

TEST_F(SecretFileTest, AnErrorNamesTheFileAndNeverTheSecret) {
  files_.Put("/empty", " \n");
  EXPECT_EQ(ReadSecret(files_, "/empty").error().message, "/empty is empty; it must hold a secret");
  for (const char* odd : {"abc def", "abc\x01", "abc\xc3\xa4", "abc\ndef"}) {
    files_.Put("/odd", odd);
    const auto secret = ReadSecret(files_, "/odd");
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(secret.error().message, HasSubstr("/odd"));
    EXPECT_THAT(secret.error().message, Not(HasSubstr("abc")));
  }
}

TEST_F(SecretFileTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(ReadSecret(files_, "/none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadSecrets(files_, "/none").error().code, ErrorCode::kNotFound);
}

TEST_F(SecretFileTest, SeveralStandOnALineEachAndBlankLinesAreSkipped) {
  files_.Put("/two", "\n new \r\n\nold");
  const auto secrets = ReadSecrets(files_, "/two");
  ASSERT_TRUE(secrets);
  ASSERT_EQ(secrets->size(), 2U);
  EXPECT_EQ((*secrets)[0].Reveal(), "new");
  EXPECT_EQ((*secrets)[1].Reveal(), "old");
}

TEST_F(SecretFileTest, OneOfSeveralThatIsOddSpoilsThemAll) {
  files_.Put("/odd", "good\nnot good");
  EXPECT_EQ(ReadSecrets(files_, "/odd").error().code, ErrorCode::kInvalidArgument);
  files_.Put("/empty", "\n\n");
  EXPECT_EQ(ReadSecrets(files_, "/empty").error().message,
            "/empty is empty; it must hold a secret");
}

}  // namespace
}  // namespace gate
