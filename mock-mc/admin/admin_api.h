#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "gate/base/time.h"
#include "mock-mc/wire/service.h"

namespace mock_mc {

struct AdminReply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
};

// GET /wait: answered with WaitReply when the count is reached or the time is over.
struct AdminWait {
  JournalFilter filter;
  std::size_t count;
  gate::Nanos timeout;
};

// The routes of the admin API, without any sockets; docs/mock-mc.md describes them.
class AdminApi {
 public:
  explicit AdminApi(Service& service) : service_(service) {}

  std::variant<AdminReply, AdminWait> Handle(std::string_view method, std::string_view target,
                                             const std::string& body);

  enum class WaitEnd { kReached, kTimeOver };
  AdminReply WaitReply(const AdminWait& wait, WaitEnd end) const;

 private:
  Service& service_;
};

}  // namespace mock_mc
