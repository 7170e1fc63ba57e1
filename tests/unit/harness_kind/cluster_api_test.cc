#include "harness/kind/cluster_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gate/adapters/system_files.h"
#include "gate/adapters/system_runtime.h"
#include "harness/kind/collect.h"
#include "tests/support/raw_server.h"
#include "tests/support/temp_folder.h"

namespace drill {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// A cluster whose API server gives one answer, and remembers the request.
class ClusterApiTest : public testing::Test {
 protected:
  std::unique_ptr<ClusterApi> Connect(const std::string& answer) {
    return ConnectTo([this, answer](gate::RawPeer& peer) {
      request_.set_value(peer.ReadRequest());
      peer.Send(answer);
    });
  }
  std::unique_ptr<ClusterApi> ConnectTo(std::function<void(gate::RawPeer&)> script) {
    server_ = std::make_unique<gate::RawServer>(std::move(script));
    const std::string kubeconfig =
        folder_.Add("kubeconfig",
                    "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                    "clusters: [{name: k, cluster: {server: \"http://127.0.0.1:" +
                        std::to_string(server_->port()) +
                        "\"}}]\nusers: [{name: u, user: {token: the-token}}]\n"
                        "contexts: [{name: c, context: {cluster: k, user: u}}]\n");
    auto cluster = ConnectCluster(files_, runtime_, kubeconfig);
    EXPECT_TRUE(cluster) << cluster.error().message;
    return cluster ? *std::move(cluster) : nullptr;
  }
  gate::Deadline Soon() { return {runtime_.Now() + std::chrono::seconds(30)}; }
  std::string Request() { return request_.get_future().get(); }

  const test_support::TempFolder folder_;
  gate::SystemRuntime runtime_;
  gate::SystemFiles files_;
  std::promise<std::string> request_;
  std::mutex mutex_;
  std::unique_ptr<gate::RawServer> server_;
};

TEST_F(ClusterApiTest, SendsJsonToAServiceThroughTheProxy) {
  const auto cluster = Connect("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  ASSERT_NE(cluster, nullptr);
  const auto answer =
      cluster->SendText("POST", MockAdminPath("drill-1", "/flip"), "{\"ok\":false}", Soon());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "{}");
  EXPECT_THAT(
      Request(),
      AllOf(StartsWith("POST /api/v1/namespaces/drill-1/services/http:mock-mc:8081/proxy/flip "),
            HasSubstr("Content-Type: application/json\r\n"),
            HasSubstr("Authorization: Bearer the-token\r\n"), EndsWith("\r\n\r\n{\"ok\":false}")));
}

TEST_F(ClusterApiTest, GivesTheApiAsAServiceAccountHasItByATokenOfItsOwn) {
  std::vector<std::string> requests;  // guarded by what answers them, one after the other
  const auto answer = [](const std::string& body) {
    return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  const auto cluster = ConnectTo([&](gate::RawPeer& peer) {
    const std::string request = peer.ReadRequest();
    const bool granting = request.starts_with("POST ");
    const std::lock_guard lock(mutex_);
    requests.push_back(request);
    peer.Send(answer(granting ? R"({"status":{"token":"of-ann"}})" : R"({"metadata":{}})"));
  });
  ASSERT_NE(cluster, nullptr);
  const auto ann = cluster->KubeOf("drill-1", "ann", Soon());
  ASSERT_TRUE(ann) << ann.error().message;
  const auto pod = (*ann)->Get({gate::kube::kPods, "drill-1", "p"}, Soon());
  ASSERT_TRUE(pod) << pod.error().message;
  const std::lock_guard lock(mutex_);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_THAT(requests[0],
              AllOf(StartsWith("POST /api/v1/namespaces/drill-1/serviceaccounts/ann/token "),
                    HasSubstr("Authorization: Bearer the-token\r\n"), HasSubstr("TokenRequest")));
  EXPECT_THAT(requests[1], HasSubstr("Authorization: Bearer of-ann\r\n"));
}

TEST_F(ClusterApiTest, AnAnswerWithoutATokenIsNobody) {
  const auto cluster = Connect("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  ASSERT_NE(cluster, nullptr);
  const auto ann = cluster->KubeOf("drill-1", "ann", Soon());
  ASSERT_FALSE(ann);
  EXPECT_EQ(ann.error().code, gate::ErrorCode::kProtocol);
}

TEST_F(ClusterApiTest, ARefusalIsAnErrorThatNamesTheRequestAndNotItsBody) {
  const auto cluster = Connect("HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n");
  ASSERT_NE(cluster, nullptr);
  const auto answer = cluster->SendText("PUT", "/script", "a secret", Soon());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, gate::ErrorCode::kInvalidArgument);
  EXPECT_THAT(answer.error().message,
              AllOf(StartsWith("PUT /script: "), testing::Not(HasSubstr("a secret"))));
}

}  // namespace
}  // namespace drill
