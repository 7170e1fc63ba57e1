#include "gate/service/verdict_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/base/strict_json.h"
#include "gate/evidence/text.h"

namespace gate::service {
namespace {

constexpr std::size_t kMostDigests = 100;

// A DNS subdomain (RFC 1123), as names of Kubernetes objects are.
bool IsName(std::string_view text) {
  const auto edge = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 253 && edge(text.front()) && edge(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return edge(c) || c == '-' || c == '.'; });
}

struct TextField {
  const char* name;
  std::string* into;
};

Result<void> ReadDigests(const Json& value, std::vector<std::string>& digests) {
  const auto is_text = [](const Json& each) { return each.is_string(); };
  if (!value.is_array() || !std::all_of(value.begin(), value.end(), is_text)) {
    return InvalidArgument("\"digests\" must be an array of texts");
  }
  if (value.size() > kMostDigests) {
    return InvalidArgument(fmt::format("\"digests\" has {} entries, more than the {} allowed",
                                       value.size(), kMostDigests));
  }
  digests = value.get<std::vector<std::string>>();
  return {};
}

Result<void> CheckName(const char* field, const std::string& text) {
  if (IsName(text)) return {};
  return InvalidArgument(fmt::format("\"{}\" must be the name of a Kubernetes object, not {}",
                                     field, evidence::Quote(text)));
}

}  // namespace

Result<VerdictRequest> ParseVerdictRequest(std::string_view body) {
  auto parsed = ParseStrictJson(body);
  if (!parsed) return std::move(parsed).error().Wrap("the body is no strict JSON");
  if (!parsed->is_object()) return InvalidArgument("the body must be a JSON object");

  VerdictRequest request;
  evaluate::Question& question = request.question;
  const TextField texts[] = {
      {"releaseId", &question.release_id}, {"stage", &question.stage},
      {"namespace", &question.ns},         {"rollout", &question.rollout},
      {"podHash", &question.pod_hash},     {"environment", &request.environment}};
  for (const auto& [name, into] : texts) {
    const auto found = parsed->find(name);
    if (found == parsed->end()) return InvalidArgument(fmt::format("\"{}\" is missing", name));
    if (!found->is_string()) return InvalidArgument(fmt::format("\"{}\" must be a text", name));
    *into = found->get<std::string>();
  }
  for (const auto& [name, value] : parsed->items()) {
    if (name == "digests") {
      if (auto read = ReadDigests(value, question.digests); !read) return std::move(read).error();
    } else if (name == "dryRun") {
      if (!value.is_boolean()) return InvalidArgument("\"dryRun\" must be true or false");
      request.mode = value.get<bool>() ? evaluate::Mode::kDryRun : evaluate::Mode::kEnforce;
    } else if (std::none_of(
                   std::begin(texts), std::end(texts),
                   [&name = name](const TextField& field) { return field.name == name; })) {
      return InvalidArgument(fmt::format("unknown field {}", evidence::Quote(name)));
    }
  }
  if (auto named = CheckName("namespace", question.ns); !named) return std::move(named).error();
  if (auto named = CheckName("rollout", question.rollout); !named) return std::move(named).error();
  return request;
}

}  // namespace gate::service
