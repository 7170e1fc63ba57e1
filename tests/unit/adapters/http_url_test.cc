#include "gate/adapters/http_url.h"

#include <gtest/gtest.h>

namespace gate {
namespace {

HttpUrl Parsed(std::string_view text) {
  auto url = ParseHttpUrl(text);
  EXPECT_TRUE(url) << text << ": " << (url ? "" : url.error().message);
  return url ? *url : HttpUrl();
}

TEST(HttpUrlTest, TakesAUrlApart) {
  const HttpUrl url = Parsed("https://mc.example.org:8443/v1/evidence/r%2F1?stage=20&n=a");
  EXPECT_TRUE(url.https);
  EXPECT_EQ(url.host, "mc.example.org");
  EXPECT_FALSE(url.host_is_ip);
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.target, "/v1/evidence/r%2F1?stage=20&n=a");
  EXPECT_EQ(url.Authority(), "mc.example.org:8443");
  EXPECT_EQ(url.HostHeader(), "mc.example.org:8443");
  EXPECT_EQ(url.Origin(), "https://mc.example.org:8443");
}

TEST(HttpUrlTest, KnowsTheDefaultPorts) {
  EXPECT_EQ(Parsed("http://a/").port, 80);
  EXPECT_EQ(Parsed("https://a/").port, 443);
  EXPECT_EQ(Parsed("https://a/").HostHeader(), "a");
  EXPECT_EQ(Parsed("https://a:443/").HostHeader(), "a");
  EXPECT_EQ(Parsed("http://a:443/").HostHeader(), "a:443");
}

TEST(HttpUrlTest, SchemeAndHostAreInsensitiveToCase) {
  EXPECT_EQ(Parsed("HTTPS://MC.Example/").Origin(), "https://mc.example:443");
}

TEST(HttpUrlTest, AnEmptyPathIsASlash) {
  EXPECT_EQ(Parsed("http://a").target, "/");
  EXPECT_EQ(Parsed("http://a?x=1").target, "/?x=1");
  EXPECT_EQ(Parsed("http://a/?").target, "/?");
}

TEST(HttpUrlTest, TakesAddresses) {
  EXPECT_TRUE(Parsed("http://127.0.0.1:80/").host_is_ip);
  const HttpUrl v6 = Parsed("http://[::1]:8080/x");
  EXPECT_EQ(v6.host, "::1");
  EXPECT_TRUE(v6.host_is_ip);
  EXPECT_EQ(v6.port, 8080);
  EXPECT_EQ(v6.Authority(), "[::1]:8080");
  EXPECT_EQ(Parsed("http://[2001:DB8::1]/").HostHeader(), "[2001:db8::1]");
}

TEST(HttpUrlTest, TakesPortsUpTo65535) {
  EXPECT_EQ(Parsed("http://a:65535/").port, 65535);
  EXPECT_EQ(Parsed("http://a:1/").port, 1);
}

TEST(HttpUrlTest, RefusesWhatItCannotSend) {
  for (const char* bad : {"",
                          "/path",
                          "a.example/",
                          "ftp://a/",
                          "http:/a",
                          "http://",
                          "http:///x",
                          "http://:80/",
                          "http://a:/",
                          "http://a:0/",
                          "http://a:65536/",
                          "http://a:+1/",
                          "http://a:8o/",
                          "http://a:80:80/",
                          "http://user@a/",
                          "http://user:pw@a/",
                          "http://a/#f",
                          "http://a#f",
                          "http://[::1/",
                          "http://[::1]x/",
                          "http://[127.0.0.1]/",
                          "http://[fe80::1%eth0]/",
                          "http://::1/",
                          "http://a b/",
                          "http://a/ b",
                          "http://a/\r\nX: y",
                          "http://a/\t",
                          "http://a/\x7f",
                          "http://a/\xc3\xa4",
                          "http://a%41/",
                          "http://a,b/",
                          "http://a\\b/"}) {
    const auto url = ParseHttpUrl(bad);
    ASSERT_FALSE(url) << bad;
    EXPECT_EQ(url.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(HttpUrlTest, RefusesAByteBeyondTheLongestUrl) {
  const std::string start = "http://a/";
  const std::size_t longest = 16384 - start.size();
  EXPECT_TRUE(ParseHttpUrl(start + std::string(longest, 'x')));
  EXPECT_FALSE(ParseHttpUrl(start + std::string(longest + 1, 'x')));
  EXPECT_TRUE(ParseHttpUrl("http://" + std::string(253, 'x')));
  EXPECT_FALSE(ParseHttpUrl("http://" + std::string(254, 'x')));
}

TEST(HttpUrlTest, NeverRepeatsTheUrlInAnError) {
  EXPECT_EQ(ParseHttpUrl("http://user:hunter2@a/").error().message.find("hunter2"),
            std::string::npos);
}

}  // namespace
}  // namespace gate
