#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

// What the command lines of all subcommands have in common.
namespace gate::cli {

class Platform;

// Text to print and how to end: for --help, --version and usage errors.
struct Farewell {
  std::string text;  // without a final newline
  bool is_error = false;
};

using GetEnv = std::function<std::optional<std::string>(const std::string& name)>;

// Lets `app` parse the arguments of its subcommand (without the names of program and subcommand).
// Returns what to say if that is all that there is to do.
std::optional<Farewell> Parse(CLI::App& app, const std::vector<std::string>& arguments);

// Says it: a mistake on standard error, what was asked for on standard output.
void Say(const Farewell& farewell, Platform& platform);

}  // namespace gate::cli
