#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "gate/base/strict_json.h"
#include "mock-mc/admin/server.h"

namespace mock_mc::testing {

// A whole mock-mc on loopback, in a thread of its own, with the script ScriptText(rest).
class TestServer {
 public:
  explicit TestServer(std::string_view rest, ServerOptions options = {});
  ~TestServer();

  const std::string& http() const { return server_->addresses().http; }
  const std::string& https() const { return server_->addresses().https; }
  // Of a listener of the script.
  std::string listener(const std::string& name) const;
  const std::string& admin() const { return server_->addresses().admin; }

  // Calls the admin API; the test fails unless the answer has this status.
  gate::Json Admin(std::string_view method, std::string_view target, std::string_view body = "",
                   int status = 200);

  // The same for answers that are no JSON.
  std::string AdminText(std::string_view target);

  // The newest entry that matches the journal query, after waiting for one that has ended so.
  gate::Json Ended(std::string_view rule, std::string_view ending);

 private:
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

// A self-signed certificate for "localhost" and its key, in files that are removed at the end.
class TestCertificate {
 public:
  TestCertificate();
  ~TestCertificate();
  TlsFiles files() const { return {directory_ + "/cert.pem", directory_ + "/key.pem"}; }

 private:
  std::string directory_;
};

}  // namespace mock_mc::testing
