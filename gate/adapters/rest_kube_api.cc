#include "gate/adapters/rest_kube_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/adapters/kube_status.h"
#include "gate/adapters/watch_decoder.h"
#include "gate/base/encoding.h"

namespace gate {
namespace {

constexpr int kMostPages = 5000;
constexpr Nanos kLongestWatch = std::chrono::minutes(5);
constexpr Nanos kWatchGrace = std::chrono::seconds(30);  // for the server to end it by itself

// "rollouts.argoproj.io", as in the API server's own messages.
std::string Name(const KubeResource& resource) {
  return resource.group.empty() ? resource.plural : resource.plural + "." + resource.group;
}

std::string Describe(std::string_view verb, const KubeResource& resource, const std::string& ns,
                     const std::string& name) {
  return fmt::format("{} {}{}{}{}{}", verb, Name(resource), ns.empty() && name.empty() ? "" : " ",
                     ns, ns.empty() || name.empty() ? "" : "/", name);
}

// Without this check an empty name would address the whole collection, and ".." something else.
bool IsPathSegment(const std::string& text) {
  return !text.empty() && text != "." && text != ".." && text.find('/') == std::string::npos;
}

// Sets `path` to that of a collection.
Result<void> SetPath(const KubeResource& resource, const std::string& ns, std::string& path) {
  if (!ns.empty() && !IsPathSegment(ns)) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("\"{}\" is no namespace", ns)};
  }
  path = fmt::format("{}/{}{}{}/{}",
                     resource.group.empty() ? "/api" : "/apis/" + PercentEncode(resource.group),
                     PercentEncode(resource.version), ns.empty() ? "" : "/namespaces/",
                     PercentEncode(ns), PercentEncode(resource.plural));
  return {};
}

// The same for one object.
Result<void> SetPath(const KubeRef& ref, KubeSubresource subresource, std::string& path) {
  if (auto set = SetPath(ref.resource, ref.ns, path); !set) return set;
  if (!IsPathSegment(ref.name)) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("\"{}\" is no object name", ref.name)};
  }
  path += '/' + PercentEncode(ref.name);
  if (subresource == KubeSubresource::kStatus) path += "/status";
  return {};
}

void AddQuery(std::string& path, std::string_view key, std::string_view value) {
  path += path.find('?') == std::string::npos ? '?' : '&';
  path += fmt::format("{}={}", key, PercentEncode(value));
}

void AddSelector(std::string& path, const KubeSelector& selector) {
  if (!selector.labels.empty()) AddQuery(path, "labelSelector", selector.labels);
  if (!selector.fields.empty()) AddQuery(path, "fieldSelector", selector.fields);
}

}  // namespace

struct RestKubeApi::Call {
  std::string what;  // for errors
  std::string method;
  std::string path;  // with its query
  std::string content_type;
  std::string body;
};

Result<Secret> RestKubeApi::ReadToken() {
  if (options_.token_file.empty()) return options_.token;
  auto text = files_.Read(options_.token_file);
  if (!text) {
    Error error = std::move(text).error().Wrap("reading the token");
    // Kubernetes may still be mounting it.
    if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kUnavailable;
    return error;
  }
  std::string token(Trimmed(*text));
  if (token.empty()) {
    return Error{ErrorCode::kUnavailable,
                 fmt::format("reading the token: {} is empty", options_.token_file)};
  }
  return Secret(std::move(token));
}

Result<HttpResponse> RestKubeApi::Send(const Call& call, HttpRequest request,
                                       const Deadline& deadline) {
  auto token = ReadToken();
  if (!token) return std::move(token).error().Wrap(call.what);
  request.bearer_token = *std::move(token);
  request.method = call.method;
  request.url = options_.server + call.path;
  if (!call.content_type.empty()) request.headers.Add("Content-Type", call.content_type);
  request.body = call.body;
  request.body_limit = options_.body_limit;
  auto response = http_.Send(request, deadline);
  if (!response) return KubeTransportError(response.error()).Wrap(call.what);
  if (response->status / 100 != 2) {
    return KubeAnswerToError(*response, runtime_.WallNow()).Wrap(call.what);
  }
  return *std::move(response);
}

Result<Json> RestKubeApi::SendForObject(const Call& call, const Deadline& deadline) {
  HttpRequest request;
  request.headers.Add("Accept", "application/json");
  auto response = Send(call, std::move(request), deadline);
  if (!response) return std::move(response).error();
  auto object = ParseStrictJson(response->body, {options_.body_limit, kDeepestObject});
  if (!object) return std::move(object).error().Wrap(call.what);
  if (!object->is_object()) {
    return Error{ErrorCode::kProtocol, call.what + ": the answer is no JSON object"};
  }
  return object;
}

Result<Json> RestKubeApi::Get(const KubeRef& ref, const Deadline& deadline) {
  Call call = {Describe("get", ref.resource, ref.ns, ref.name), "GET", "", "", ""};
  if (auto set = SetPath(ref, KubeSubresource::kNone, call.path); !set) {
    return std::move(set).error().Wrap(call.what);
  }
  return SendForObject(call, deadline);
}

Result<KubeList> RestKubeApi::List(const KubeResource& resource, const std::string& ns,
                                   const KubeSelector& selector, const Deadline& deadline) {
  KubeList list;
  const KubePageHandler collect = [&](std::vector<Json> items) {
    for (Json& item : items) list.items.push_back(std::move(item));
  };
  auto version = ListPages(resource, ns, selector, collect, deadline);
  if (!version) return std::move(version).error();
  list.resource_version = *std::move(version);
  return list;
}

Result<std::string> RestKubeApi::ListPages(const KubeResource& resource, const std::string& ns,
                                           const KubeSelector& selector,
                                           const KubePageHandler& on_page,
                                           const Deadline& deadline) {
  std::string next;  // the server's token for the next page
  for (int page = 0; page < kMostPages; ++page) {
    Call call = {Describe("list", resource, ns, ""), "GET", "", "", ""};
    if (auto set = SetPath(resource, ns, call.path); !set) {
      return std::move(set).error().Wrap(call.what);
    }
    AddSelector(call.path, selector);
    AddQuery(call.path, "limit", std::to_string(options_.page_size));
    if (!next.empty()) AddQuery(call.path, "continue", next);
    auto answer = SendForObject(call, deadline);
    if (!answer) return std::move(answer).error();
    const auto items = answer->find("items");
    if (items == answer->end() || !(items->is_array() || items->is_null())) {
      return Error{ErrorCode::kProtocol, call.what + ": the answer is no list"};
    }
    on_page(items->is_null() ? std::vector<Json>() : std::move(items->get_ref<Json::array_t&>()));
    next = JsonString(*answer, "/metadata/continue");
    // Every page carries the version of the first: the list is one consistent snapshot.
    if (next.empty()) return JsonString(*answer, "/metadata/resourceVersion");
  }
  return Error{
      ErrorCode::kInvalidArgument,
      fmt::format("{}: more than {} pages", Describe("list", resource, ns, ""), kMostPages)};
}

Result<void> RestKubeApi::Watch(const KubeResource& resource, const std::string& ns,
                                const KubeSelector& selector, const std::string& resource_version,
                                const KubeEventHandler& handler, const Deadline& deadline) {
  const Instant now = runtime_.Now();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(
      std::clamp<Nanos>(deadline.at - now, std::chrono::seconds(1), kLongestWatch));
  Call call = {Describe("watch", resource, ns, ""), "GET", "", "", ""};
  if (auto set = SetPath(resource, ns, call.path); !set) {
    return std::move(set).error().Wrap(call.what);
  }
  AddQuery(call.path, "watch", "true");
  AddQuery(call.path, "allowWatchBookmarks", "true");
  AddQuery(call.path, "resourceVersion", resource_version);
  AddQuery(call.path, "timeoutSeconds", std::to_string(seconds.count()));
  AddSelector(call.path, selector);

  WatchDecoder decoder(handler, options_.watch_event_limit);
  HttpRequest request;
  request.headers.Add("Accept", "application/json");
  request.on_body = [&decoder](std::string_view piece) { return decoder.Feed(piece); };
  const Instant silent_at = now + seconds + kWatchGrace;
  auto response = Send(call, std::move(request), {std::min(deadline.at, silent_at), deadline.stop});
  if (response) decoder.Finish();
  if (decoder.error()) return Error(*decoder.error()).Wrap(call.what);
  if (response || decoder.ended_by_handler()) return {};
  Error error = std::move(response).error();
  // Not the caller's deadline but ours.
  if (error.code == ErrorCode::kDeadlineExceeded && silent_at < deadline.at) {
    error.code = ErrorCode::kUnavailable;
  }
  return error;
}

Result<Json> RestKubeApi::Create(const KubeResource& resource, const std::string& ns,
                                 const Json& object, const Deadline& deadline) {
  Call call = {Describe("create", resource, ns, JsonString(object, "/metadata/name")), "POST", "",
               "application/json", DumpJson(object)};
  if (auto set = SetPath(resource, ns, call.path); !set) {
    return std::move(set).error().Wrap(call.what);
  }
  AddQuery(call.path, "fieldManager", options_.field_manager);
  return SendForObject(call, deadline);
}

Result<Json> RestKubeApi::MergePatch(const KubeRef& ref, const Json& patch,
                                     KubeSubresource subresource, const Deadline& deadline) {
  Call call = {Describe("patch", ref.resource, ref.ns, ref.name), "PATCH", "",
               "application/merge-patch+json", DumpJson(patch)};
  if (auto set = SetPath(ref, subresource, call.path); !set) {
    return std::move(set).error().Wrap(call.what);
  }
  AddQuery(call.path, "fieldManager", options_.field_manager);
  return SendForObject(call, deadline);
}

Result<Json> RestKubeApi::Apply(const KubeRef& ref, const Json& object,
                                const std::string& field_manager, Force force,
                                KubeSubresource subresource, const Deadline& deadline) {
  // JSON is YAML, and the API server knows this content type in every supported version.
  Call call = {Describe("apply", ref.resource, ref.ns, ref.name), "PATCH", "",
               "application/apply-patch+yaml", DumpJson(object)};
  if (auto set = SetPath(ref, subresource, call.path); !set) {
    return std::move(set).error().Wrap(call.what);
  }
  AddQuery(call.path, "fieldManager", field_manager);
  AddQuery(call.path, "force", force == Force::kYes ? "true" : "false");
  return SendForObject(call, deadline);
}

Result<void> RestKubeApi::Delete(const KubeRef& ref, const Deadline& deadline) {
  Call call = {Describe("delete", ref.resource, ref.ns, ref.name), "DELETE", "", "", ""};
  if (auto set = SetPath(ref, KubeSubresource::kNone, call.path); !set) {
    return std::move(set).error().Wrap(call.what);
  }
  AddQuery(call.path, "propagationPolicy", "Background");
  auto answer = SendForObject(call, deadline);  // a Status, or the object while it is going
  if (!answer) return std::move(answer).error();
  return {};
}

Result<std::string> RestKubeApi::GetRaw(const std::string& path_and_query,
                                        const Deadline& deadline) {
  const std::string path = path_and_query.substr(0, path_and_query.find('?'));
  auto response = Send({"get " + path, "GET", path_and_query, "", ""}, HttpRequest(), deadline);
  if (!response) return std::move(response).error();
  return std::move(response->body);
}

Result<std::string> RestKubeApi::SendRaw(const std::string& method, const std::string& path,
                                         const std::string& body, const Deadline& deadline) {
  auto response =
      Send({method + " " + path, method, path, "application/json", body}, HttpRequest(), deadline);
  if (!response) return std::move(response).error();
  return std::move(response->body);
}

}  // namespace gate
