#include "harness/cli/serve_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "gate/adapters/beast_http_server.h"
#include "gate/adapters/signal_stop.h"
#include "gate/adapters/system_runtime.h"
#include "harness/cli/complain.h"
#include "reports/serve/site.h"

namespace drill::cli {
namespace {

struct ServeOptions {
  std::string folder;
  std::string listen = "127.0.0.1:8320";
};

bool IsLoopback(const std::string& listen) {
  return listen.starts_with("127.") || listen.starts_with("[::1]:") ||
         listen.starts_with("localhost:");
}

ExitCode Serve(const ServeOptions& options) {
  std::error_code error;
  if (!std::filesystem::is_directory(options.folder, error)) {
    return Complain({gate::ErrorCode::kNotFound, options.folder + ": there is no such folder"});
  }
  using Hosts = reports::ReportSite::Hosts;
  const bool loopback = IsLoopback(options.listen);
  reports::ReportSite site(options.folder, loopback ? Hosts::kLoopback : Hosts::kAny);
  gate::HttpServerOptions http;
  http.listen = options.listen;
  http.most_requests = 16;
  http.grace = std::chrono::seconds(1);
  http.warn = [](const std::string& message) { fmt::print(stderr, "{}\n", message); };
  gate::SignalStop signals;
  const auto server = gate::BeastHttpServer::Start(site, http);
  if (!server) return Complain(server.error(), ExitCode::kInvalidInput);
  if (!loopback) fmt::print(stderr, "whoever reaches this address can read the reports\n");
  fmt::print("{}/\n", (*server)->url());
  std::fflush(stdout);
  gate::SystemRuntime runtime;
  runtime.Sleep({gate::Instant::max(), signals.token()});
  (*server)->Stop();
  return ExitCode::kPass;
}

}  // namespace

void AddServeCommand(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("serve", "show reports in a browser, also of runs that still go on");
  const auto options = std::make_shared<ServeOptions>();
  command->add_option("folder", options->folder, "a report folder, or a folder of such folders")
      ->required();
  command
      ->add_option("--listen", options->listen,
                   "where to listen; port 0: any that is free. There is no password: whoever "
                   "reaches it can read")
      ->option_text("HOST:PORT")
      ->capture_default_str();
  command->callback([options, &chosen] { chosen = [options] { return Serve(*options); }; });
}

}  // namespace drill::cli
