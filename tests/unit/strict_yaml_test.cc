#include "gate/yaml/strict_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::yaml {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Settings {
  std::string url = "none";
  int retries = 3;
  bool enabled = false;
  Nanos timeout = std::chrono::seconds(1);
};

std::vector<std::string> ReadSettings(std::string_view text, Settings& settings) {
  const auto document = Document::Parse(text, "gate.yaml");
  if (!document) return {document.error().message};
  Mistakes mistakes;
  MapReader map(document->root(), mistakes);
  map.Read("url", settings.url);
  map.Read("retries", settings.retries);
  map.Read("enabled", settings.enabled);
  map.Read("timeout", settings.timeout);
  map.Finish();
  return mistakes.texts();
}

TEST(StrictYamlTest, ReadsTypedValuesAndKeepsDefaults) {
  Settings settings;
  EXPECT_THAT(ReadSettings("url: http://x\ntimeout: 2m\nenabled: true\n", settings), IsEmpty());
  EXPECT_EQ(settings.url, "http://x");
  EXPECT_EQ(settings.timeout, std::chrono::minutes(2));
  EXPECT_TRUE(settings.enabled);
  EXPECT_EQ(settings.retries, 3);
}

TEST(StrictYamlTest, AnEmptyFileIsAnEmptyMap) {
  Settings settings;
  EXPECT_THAT(ReadSettings("", settings), IsEmpty());
}

TEST(StrictYamlTest, NamesPlaceAndNearestKeyOfATypo) {
  Settings settings;
  EXPECT_THAT(ReadSettings("url: x\n\ntimeuot: 3s\n", settings),
              ElementsAre("gate.yaml:3:1: unknown key \"timeuot\"; did you mean \"timeout\"?"));
}

TEST(StrictYamlTest, ReportsEveryMistakeAtItsPlace) {
  Settings settings;
  EXPECT_THAT(ReadSettings("retries: many\nenabled: yes\ntimeout: 5\n", settings),
              ElementsAre(HasSubstr("gate.yaml:1:10: expected a whole number, found \"many\""),
                          HasSubstr("gate.yaml:2:10: expected true or false, found \"yes\""),
                          HasSubstr("gate.yaml:3:10: \"5\" is not a duration")));
}

TEST(StrictYamlTest, RefusesDuplicateKeys) {
  Settings settings;
  EXPECT_THAT(ReadSettings("url: a\nurl: b\n", settings),
              ElementsAre("gate.yaml:2:1: duplicate key \"url\""));
}

TEST(StrictYamlTest, SaysWhereTheSyntaxIsBroken) {
  Settings settings;
  EXPECT_THAT(ReadSettings("url: [a\nretries: 1\n", settings),
              ElementsAre(HasSubstr("gate.yaml:2:8: not valid YAML")));
}

TEST(StrictYamlTest, RefusesSeveralDocuments) {
  Settings settings;
  EXPECT_THAT(ReadSettings("url: a\n---\nurl: b\n", settings),
              ElementsAre(HasSubstr("holds 2 documents")));
}

TEST(StrictYamlTest, TellsQuotedFromPlainScalarsInJson) {
  const auto document = Document::Parse("{a: 5, b: \"5\", c: yes, d: true, e: null, f: 1.5}", "x");
  ASSERT_TRUE(document);
  Mistakes mistakes;
  EXPECT_EQ(document->root().ToJsonText(mistakes),
            R"({"a":5,"b":"5","c":"yes","d":true,"e":null,"f":1.5})");
}

TEST(NearestWordTest, SuggestsTyposOnly) {
  EXPECT_EQ(NearestWord("relase", {"release", "stage"}), "release");
  EXPECT_EQ(NearestWord("banana", {"release", "stage"}), std::nullopt);
  EXPECT_EQ(NearestWord("x", {}), std::nullopt);
}

TEST(NearestWordTest, TakesTwoSwappedLettersForOneTypo) {
  EXPECT_EQ(NearestWord("ko", {"ok"}), "ok");
  EXPECT_EQ(NearestWord("rleease", {"please", "release"}), "release");
  EXPECT_EQ(NearestWord("ca", {"abc"}), std::nullopt) << "swapped and then torn apart: two";
}

TEST(NearestWordTest, AllowsOneTypoForEveryThreeLetters) {
  EXPECT_EQ(NearestWord("abx", {"abc"}), "abc");
  EXPECT_EQ(NearestWord("axx", {"abc"}), std::nullopt);
  EXPECT_EQ(NearestWord("abcdxx", {"abcdef"}), "abcdef");
  EXPECT_EQ(NearestWord("abcxxx", {"abcdef"}), std::nullopt);
}

TEST(NearestWordTest, PrefersTheNearestAndOfEqualsTheFirst) {
  EXPECT_EQ(NearestWord("stages", {"stamps", "stage"}), "stage");
  EXPECT_EQ(NearestWord("cat", {"car", "bat"}), "car");
}

TEST(StrictYamlTest, ReadsAllDocumentsOfAFileWithTheirPlaces) {
  const auto documents = Document::ParseAll("---\na: 1\n---\n---\n  b: 2\n", "f.yaml");
  ASSERT_TRUE(documents) << documents.error().message;
  ASSERT_EQ(documents->size(), 2U);
  EXPECT_EQ((*documents)[1].root().Where(), "f.yaml:5:3");
  EXPECT_EQ((*documents)[1].root().Column(), 3);
  EXPECT_FALSE(Document::ParseAll("a: 1\n---\nb: [\n", "f.yaml"));
}

}  // namespace
}  // namespace gate::yaml
