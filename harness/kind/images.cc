#include "harness/kind/images.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace drill {
namespace {

// "IMAGE_ID BYTES"
gate::Result<LocalImage> ParseImage(const std::string& tag, const std::string& text) {
  LocalImage image{tag, text.substr(0, text.find(' ')), 0};
  const char* end = text.data() + text.size();
  const auto [rest, error] =
      std::from_chars(text.data() + std::min(text.size(), image.id.size() + 1), end, image.bytes);
  if (image.id.empty() || error != std::errc() || rest != end) {
    return gate::Error{gate::ErrorCode::kProtocol,
                       "expected the id and size of image " + tag + ", found: " + text};
  }
  return image;
}

}  // namespace

gate::Json LocalImage::ToJson() const { return {{"image", tag}, {"id", id}, {"bytes", bytes}}; }

gate::Result<LocalImage> BuildImage(ClusterTools& tools, const ImageBuild& build,
                                    const gate::Deadline& deadline) {
  auto built = tools.Run({build.script, build.program, build.tag}, deadline);
  if (!built) return std::move(built).error().Wrap("building the image of " + build.program);
  return ParseImage(build.tag, *built);
}

gate::Result<LocalImage> FindImage(ClusterTools& tools, const std::string& tag,
                                   const gate::Deadline& deadline) {
  auto found =
      tools.Run({"docker", "image", "inspect", "--format", "{{.Id}} {{.Size}}", tag}, deadline);
  if (found) return ParseImage(tag, *found);
  if (found.error().code != gate::ErrorCode::kUnavailable) return std::move(found).error();
  return gate::Error{gate::ErrorCode::kNotFound,
                     "Docker has no image " + tag + "; pull, load or build it first"};
}

gate::Result<void> RemoveImage(ClusterTools& tools, const std::string& tag,
                               const gate::Deadline& deadline) {
  auto found = FindImage(tools, tag, deadline);
  if (!found && found.error().code == gate::ErrorCode::kNotFound) return {};
  auto removed = tools.Run({"docker", "image", "rm", tag}, deadline);
  if (!removed) return std::move(removed).error();
  return {};
}

}  // namespace drill
