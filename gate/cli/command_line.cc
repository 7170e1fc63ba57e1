#include "gate/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <utility>

#include "gate/cli/platform.h"

namespace gate::cli {
namespace {

// CLI11 takes the next argument as the value of "--release-id=". A release-id label that is absent
// arrives just so (argo R30), and must stay an empty value.
std::vector<std::string> KeepEmptyValues(const std::vector<std::string>& arguments) {
  std::vector<std::string> kept;
  for (const std::string& argument : arguments) {
    if (argument.starts_with("--") && argument.ends_with("=") &&
        argument.find('=') == argument.size() - 1) {
      kept.push_back(argument.substr(0, argument.size() - 1));
      kept.emplace_back();
    } else {
      kept.push_back(argument);
    }
  }
  return kept;
}

std::string WithoutNewline(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

std::optional<Farewell> Parse(CLI::App& app, const std::vector<std::string>& arguments) {
  try {
    std::vector<std::string> kept = KeepEmptyValues(arguments);
    std::reverse(kept.begin(), kept.end());  // CLI11 takes them from the back
    app.parse(std::move(kept));
    return std::nullopt;
  } catch (const CLI::Success& success) {
    std::ostringstream text;
    app.exit(success, text, text);
    return Farewell{WithoutNewline(text.str()), /*is_error=*/false};
  } catch (const CLI::ParseError& error) {
    return Farewell{
        fmt::format("rollout-gate: {}; see {} --help", error.what(), app.get_display_name()),
        /*is_error=*/true};
  }
}

void Say(const Farewell& farewell, Platform& platform) {
  (farewell.is_error ? platform.err() : platform.out()).Write(farewell.text);
}

}  // namespace gate::cli
