#include "harness/sim/kube/by_document.h"

#include <gtest/gtest.h>

#include <vector>

#include "harness/sim/kube/object.h"

namespace drill::sim {
namespace {

using gate::Json;

// Tells how many values were made.
class ByDocumentTest : public ::testing::Test {
 protected:
  int Of(const std::shared_ptr<const Json>& document) {
    return values_.Of(document, [this] { return ++made_; });
  }

  ByDocument<int> values_;
  int made_ = 0;
};

TEST_F(ByDocumentTest, MakesTheValueOfADocumentOnce) {
  const auto document = Share(Json::object());
  EXPECT_EQ(Of(document), 1);
  EXPECT_EQ(Of(document), 1);
}

TEST_F(ByDocumentTest, KnowsDocumentsByIdentityNotByContent) {
  const auto one = Share(Json::object());
  const auto equal = Share(Json::object());
  EXPECT_EQ(Of(one), 1);
  EXPECT_EQ(Of(equal), 2);
  EXPECT_EQ(Of(nullptr), 3);
  EXPECT_EQ(Of(nullptr), 3);
  EXPECT_EQ(Of(one), 1);
}

TEST_F(ByDocumentTest, HoldsItsDocumentsSoThatNoOtherTakesTheirPlace) {
  for (int i = 1; i <= 100; ++i) {
    EXPECT_EQ(Of(Share(Json(i))), i);
  }
}

TEST_F(ByDocumentTest, StartsAnewWhenItIsFull) {
  std::vector<std::shared_ptr<const Json>> documents;
  for (std::size_t i = 0; i < ByDocument<int>::kMost; ++i) {
    documents.push_back(Share(Json(i)));
    Of(documents.back());
  }
  EXPECT_EQ(Of(documents.front()), 1);
  const int before = made_;
  Of(Share(Json("one too many")));
  EXPECT_EQ(Of(documents.front()), before + 2);
}

}  // namespace
}  // namespace drill::sim
