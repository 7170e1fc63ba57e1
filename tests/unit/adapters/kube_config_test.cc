#include "gate/adapters/kube_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/base/encoding.h"
#include "tests/support/fake_files.h"

namespace gate {
namespace {

using testing::HasSubstr;

constexpr const char* kTwoContexts = R"(apiVersion: v1
kind: Config
current-context: kind-demo
preferences: {}
clusters:
- name: demo
  cluster:
    server: https://127.0.0.1:6443/
    certificate-authority-data: Q0EgUEVN
    some-future-key: 1
- name: staging
  cluster:
    server: https://staging.example:443/prefix
    certificate-authority: pki/ca.crt
    tls-server-name: kubernetes
    insecure-skip-tls-verify: false
users:
- name: admin
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
- name: robot
  user:
    tokenFile: /abs/token
    token: fallback
    client-certificate: cert.pem
    client-key: key.pem
contexts:
- name: kind-demo
  context: {cluster: demo, user: admin}
- name: staging
  context: {cluster: staging, user: robot, namespace: shop}
)";

KubeConfig Parsed(const std::string& text, const std::string& context = "") {
  auto config = KubeConfig::Parse(text, "dir/kubeconfig", context);
  EXPECT_TRUE(config) << (config ? "" : config.error().message);
  return config ? *config : KubeConfig();
}

std::string Mistakes(const std::string& text, const std::string& context = "") {
  const auto config = KubeConfig::Parse(text, "kubeconfig", context);
  if (config) {
    ADD_FAILURE() << "accepted";
    return "";
  }
  EXPECT_EQ(config.error().code, ErrorCode::kInvalidArgument);
  return config.error().message;
}

// A kubeconfig with one context, whose cluster and user hold these lines.
std::string With(const std::string& cluster, const std::string& user) {
  return "current-context: c\n"
         "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
         "clusters:\n- name: c\n  cluster:\n    server: https://a\n    " +
         cluster + "\nusers:\n- name: u\n  user:\n    token: x\n    " + user + "\n";
}

TEST(KubeConfigTest, ReadsTheCurrentContext) {
  const KubeConfig config = Parsed(kTwoContexts);
  EXPECT_EQ(config.server, "https://127.0.0.1:6443");
  EXPECT_EQ(config.tls.ca_pem, "CA PEM");
  EXPECT_EQ(config.tls.ca_file, "");
  EXPECT_EQ(config.tls.client_cert_pem, "CERT");
  EXPECT_EQ(config.tls.client_key_pem.Reveal(), "KEY");
  EXPECT_EQ(config.default_namespace, "");
  EXPECT_TRUE(config.token.empty());
}

TEST(KubeConfigTest, ReadsANamedContextWithPathsRelativeToTheFile) {
  const KubeConfig config = Parsed(kTwoContexts, "staging");
  EXPECT_EQ(config.server, "https://staging.example:443/prefix");
  EXPECT_EQ(config.tls.ca_file, "dir/pki/ca.crt");
  EXPECT_EQ(config.tls.server_name, "kubernetes");
  EXPECT_EQ(config.tls.client_cert_file, "dir/cert.pem");
  EXPECT_EQ(config.tls.client_key_file, "dir/key.pem");
  EXPECT_EQ(config.token_file, "/abs/token");
  EXPECT_EQ(config.token.Reveal(), "fallback");
  EXPECT_EQ(config.default_namespace, "shop");
}

TEST(KubeConfigTest, EmbeddedDataWinsOverFiles) {
  const KubeConfig config =
      Parsed(With("certificate-authority: ca\n    certificate-authority-data: Q0E=",
                  "client-certificate: c\n    client-certificate-data: Q0U=\n"
                  "    client-key: k\n    client-key-data: S0U="));
  EXPECT_EQ(config.tls.ca_pem, "CA");
  EXPECT_EQ(config.tls.ca_file, "");
  EXPECT_EQ(config.tls.client_cert_pem, "CE");
  EXPECT_EQ(config.tls.client_cert_file, "");
  EXPECT_EQ(config.tls.client_key_pem.Reveal(), "KE");
  EXPECT_EQ(config.tls.client_key_file, "");
}

TEST(KubeConfigTest, ReadsJson) {
  EXPECT_EQ(Parsed(R"({"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k",
                       "user":"u"}}],"clusters":[{"name":"k","cluster":{"server":"https://a"}}],
                       "users":[{"name":"u","user":{"token":"t"}}]})")
                .token.Reveal(),
            "t");
}

TEST(KubeConfigTest, RefusesWhatWouldChangeWhoIsTrusted) {
  const std::string mistakes = Mistakes(With("insecure-skip-tls-verify: true", ""));
  EXPECT_THAT(mistakes, HasSubstr("kubeconfig:7:31: insecure-skip-tls-verify is not supported"));
  EXPECT_THAT(mistakes, HasSubstr("certificate-authority"));
  EXPECT_THAT(Mistakes(With("proxy-url: http://p", "")),
              HasSubstr("kubeconfig:7:16: proxies are not supported"));
}

TEST(KubeConfigTest, RefusesWaysToLogInThatItDoesNotHave) {
  EXPECT_THAT(Mistakes(With("", "exec: {command: aws}")),
              HasSubstr("kubeconfig:12:11: exec is not supported: use a client certificate, token "
                        "or tokenFile"));
  EXPECT_THAT(Mistakes(With("", "auth-provider: {name: oidc}")),
              HasSubstr("auth-provider is not supported"));
  EXPECT_THAT(Mistakes(With("", "username: a\n    password: hunter2")),
              testing::AllOf(HasSubstr("username is not"), HasSubstr("password is not"),
                             testing::Not(HasSubstr("hunter2"))));
  EXPECT_THAT(Mistakes(With("", "as: root")), HasSubstr("impersonation is not supported"));
}

TEST(KubeConfigTest, LocatesEveryMistakeAtOnce) {
  const std::string mistakes = Mistakes(
      With("certificate-authority-data: '*'", "client-key-data: hunter2!\n    tokenFile: [a]"));
  EXPECT_THAT(mistakes,
              HasSubstr("kubeconfig:7:33: certificate-authority-data is not valid base64"));
  EXPECT_THAT(mistakes, HasSubstr("kubeconfig:12:22: client-key-data is not valid base64"));
  EXPECT_THAT(mistakes, HasSubstr("kubeconfig:13:16: expected text, found a list"));
  EXPECT_THAT(mistakes, testing::Not(HasSubstr("hunter2")));
}

TEST(KubeConfigTest, SaysWhatIsMissing) {
  EXPECT_THAT(Mistakes(""), HasSubstr("expected a kubeconfig"));
  EXPECT_THAT(Mistakes("[]"), HasSubstr("kubeconfig:1:1: expected a kubeconfig"));
  EXPECT_THAT(Mistakes("a: ["), HasSubstr("not valid YAML"));
  EXPECT_THAT(Mistakes("kind: Config"), HasSubstr("no current-context is set"));
  EXPECT_THAT(Mistakes("current-context: c"), HasSubstr("has no contexts"));
  EXPECT_THAT(Mistakes(kTwoContexts, "prod"), HasSubstr("none of the contexts is called \"prod\""));
  EXPECT_THAT(Mistakes("current-context: c\ncontexts: [{name: c, context: {cluster: x}}]"),
              testing::AllOf(HasSubstr("has no clusters"), HasSubstr("the context names no user")));
  EXPECT_THAT(Mistakes("current-context: c\ncontexts: [{name: c}]"),
              HasSubstr("kubeconfig:2:12: \"c\" has no context"));
}

TEST(KubeConfigTest, RefusesAServerThatIsNoUrl) {
  std::string text = With("", "");
  text.replace(text.find("https://a"), 9, "10.0.0.1");
  EXPECT_THAT(Mistakes(text), HasSubstr("kubeconfig:6:13: expected a URL"));
}

TEST(KubeConfigTest, RefusesDuplicateKeys) {
  EXPECT_THAT(Mistakes(With("server: https://b", "")),
              HasSubstr("kubeconfig:7:5: duplicate key \"server\""));
}

TEST(KubeConfigTest, LoadsAFile) {
  FakeFiles files;
  files.Put("dir/kubeconfig", kTwoContexts);
  EXPECT_EQ(KubeConfig::Load(files, "dir/kubeconfig", "staging")->tls.ca_file, "dir/pki/ca.crt");
  const auto missing = KubeConfig::Load(files, "other");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("other"));
}

class InClusterTest : public testing::Test {
 protected:
  static constexpr const char* kDirectory = "/var/run/secrets/kubernetes.io/serviceaccount/";

  InClusterTest() {
    files_.Put(std::string(kDirectory) + "token", "t");
    files_.Put(std::string(kDirectory) + "ca.crt", "CA");
    files_.Put(std::string(kDirectory) + "namespace", "shop\n");
  }

  FakeFiles files_;
};

TEST_F(InClusterTest, UsesTheServiceAccount) {
  const auto config = KubeConfig::InCluster(files_, "10.96.0.1", "443");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->server, "https://10.96.0.1:443");
  EXPECT_EQ(config->token_file, std::string(kDirectory) + "token");
  EXPECT_EQ(config->tls.ca_file, std::string(kDirectory) + "ca.crt");
  EXPECT_EQ(config->default_namespace, "shop");
}

TEST_F(InClusterTest, PutsAnIpv6HostInBrackets) {
  EXPECT_EQ(KubeConfig::InCluster(files_, "fd00::1", "443")->server, "https://[fd00::1]:443");
}

TEST_F(InClusterTest, SaysWhatToDoOutsideOfAPod) {
  const auto config = KubeConfig::InCluster(files_, "", "");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(config.error().message,
              testing::AllOf(HasSubstr("KUBERNETES_SERVICE_HOST"), HasSubstr("kubeconfig")));
}

TEST_F(InClusterTest, SaysWhichFileIsMissing) {
  files_.Remove(std::string(kDirectory) + "token");
  const auto config = KubeConfig::InCluster(files_, "10.96.0.1", "443");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(config.error().message, HasSubstr("serviceaccount/token"));
}

}  // namespace
}  // namespace gate
