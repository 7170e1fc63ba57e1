#include "harness/sim/stage/sim_cluster_api.h"

#include <string_view>

#include "harness/sim/stage/programs.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

// Takes "prefix" off; false if it is not there.
bool Take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view TakeSegment(std::string_view& text) {
  const std::string_view segment = text.substr(0, text.find('/'));
  text.remove_prefix(segment.size());
  return segment;
}

}  // namespace

Result<std::string> SimClusterApi::GetText(const std::string& path,
                                           const gate::Deadline& deadline) {
  return SendText("GET", path, "", deadline);
}

Result<std::string> SimClusterApi::SendText(const std::string& method, const std::string& path,
                                            const std::string& body,
                                            const gate::Deadline& /*deadline*/) {
  const Error unknown{ErrorCode::kNotFound, path + " is not served in a simulation"};
  std::string_view rest = path;
  if (!Take(rest, "/api/v1/namespaces/")) return unknown;
  const std::string ns(TakeSegment(rest));
  if (Take(rest, "/pods/")) {
    const std::string pod(TakeSegment(rest));
    const std::string* log = logs_.Find(ns + "/" + pod);
    if (rest != "/log" || log == nullptr) return unknown;
    return *log;
  }
  if (!Take(rest, "/services/http:")) return unknown;
  const std::string service(rest.substr(0, rest.find(':')));
  const std::size_t proxy = rest.find("/proxy/");
  if (proxy == std::string_view::npos) return unknown;
  HttpEndpoint* endpoint = network_.EndpointOf(network_.Find(ns, service));
  return CallAdmin(endpoint, method, rest.substr(proxy + std::string_view("/proxy").size()), body);
}

}  // namespace drill::sim
