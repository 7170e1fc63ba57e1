#include "gate/cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_platform.h"

namespace gate::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProgramTest : public testing::Test {
 protected:
  int RunWith(const std::vector<std::string>& arguments) {
    return cli::Run(arguments, "1.2.3", platform_);
  }

  FakePlatform platform_;
};

TEST_F(ProgramTest, SaysItsVersion) {
  EXPECT_EQ(RunWith({"--version"}), 0);
  EXPECT_THAT(platform_.out().lines, ElementsAre("rollout-gate 1.2.3"));
}

TEST_F(ProgramTest, ListsItsSubcommands) {
  EXPECT_EQ(RunWith({"--help"}), 0);
  EXPECT_THAT(
      platform_.out().lines,
      ElementsAre(testing::AllOf(HasSubstr("evaluate"), HasSubstr("lint"), HasSubstr("serve"))));
}

TEST_F(ProgramTest, SaysTheExitCodesOfASubcommand) {
  EXPECT_EQ(RunWith({"evaluate", "--help"}), 0);
  EXPECT_THAT(platform_.out().lines, ElementsAre(HasSubstr("Exit codes: 0 pass")));
}

TEST_F(ProgramTest, WithoutSubcommandItSaysWhereToLook) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{}, {"evaluat"}, {"--nonsense", "evaluate"}}) {
    FakePlatform platform;
    EXPECT_EQ(cli::Run(arguments, "1.2.3", platform), 3);
    EXPECT_THAT(platform.out().lines, IsEmpty());
    EXPECT_THAT(platform.err().lines, ElementsAre(HasSubstr("rollout-gate --help")));
  }
}

TEST_F(ProgramTest, AnUnknownFlagIsAUsageError) {
  EXPECT_EQ(RunWith({"evaluate", "--stagee=20"}), 3);
  EXPECT_THAT(platform_.err().lines,
              ElementsAre(testing::AllOf(HasSubstr("--stagee=20"), HasSubstr("evaluate --help"))));
}

TEST_F(ProgramTest, ADryRunFailsInNoWayNotEvenWithABrokenCommandLine) {
  EXPECT_EQ(RunWith({"evaluate", "--nonsense", "--dry-run"}), 0);
  EXPECT_EQ(RunWith({"evaluate", "--nonsense", "--dry-run=true"}), 0);
  EXPECT_EQ(RunWith({"evaluate", "--nonsense", "--dry-run=false"}), 3);
}

}  // namespace
}  // namespace gate::cli
