#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gate/base/time.h"
#include "mock-mc/admin/server.h"
#include "mock-mc/behaviour/script.h"
#include "mock-mc/explain.h"
#include "mock-mc/keygen.h"
#include "mock-mc/wire/service.h"

namespace {

enum ExitCode { kOk = 0, kUsage = 2, kInvalidScript = 3, kCannotListen = 4 };

struct Options {
  std::string script;
  std::string listen;
  std::string listen_tls;
  std::string admin;
  mock_mc::TlsFiles tls;
  std::size_t most_connections = 10'000;
  std::size_t threads = 0;  // 0: one per core
  bool print_ready = false;
  std::string algorithm = "ed25519";
  std::string id;
  std::string out_dir;
  std::string not_before;
  std::string not_after;
  mock_mc::ExplainOptions explain;
  std::vector<std::string> at;
  std::string every;
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
};

int Fail(ExitCode code, const std::string& message) {
  std::fprintf(stderr, "mock-mc: %s\n", message.c_str());
  return code;
}

// Mistakes in a script are lines of "file:line:column: ...", as editors understand them.
int FailScript(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return kInvalidScript;
}

gate::Result<mock_mc::Script> LoadScript(const std::string& file) {
  const auto text = mock_mc::ReadSmallFile(file);
  if (!text) return text.error();
  return mock_mc::ReadScript(*text, file, mock_mc::ReadSmallFile);
}

int Check(const Options& options) {
  const auto script = LoadScript(options.script);
  if (!script) return FailScript(script.error().message);
  fmt::print("{}: good, {} rules\n", options.script, script->rules.size());
  return kOk;
}

// A duration given with `flag`.
gate::Result<gate::Nanos> ReadDuration(const std::string& flag, const std::string& text) {
  auto duration = gate::ParseDuration(text);
  if (!duration) return std::move(duration).error().Wrap(flag);
  return duration;
}

gate::Result<mock_mc::ExplainOptions> ReadTimes(const Options& options) {
  mock_mc::ExplainOptions explain = options.explain;
  for (const std::string& text : options.at) {
    const auto at = ReadDuration("--at", text);
    if (!at) return at.error();
    explain.at.push_back(*at);
  }
  if (options.every.empty()) return explain;
  const auto every = ReadDuration("--every", options.every);
  if (!every) return every.error();
  explain.every = *every;
  return explain;
}

int Explain(const Options& options) {
  auto script = LoadScript(options.script);
  if (!script) return FailScript(script.error().message);
  const auto explain = ReadTimes(options);
  if (!explain) return Fail(kUsage, explain.error().message);
  const auto text = mock_mc::ExplainRequest(*std::move(script), mock_mc::ReadSmallFile, *explain);
  if (!text) return Fail(kUsage, text.error().message);
  fmt::print("{}", *text);
  return kOk;
}

// The time given with `flag`, if any.
gate::Result<std::optional<gate::WallTime>> ReadTime(const std::string& flag,
                                                     const std::string& text) {
  if (text.empty()) return std::optional<gate::WallTime>();
  auto time = gate::ParseRfc3339(text);
  if (!time) return std::move(time).error().Wrap(flag);
  return std::optional(*time);
}

int Keygen(const Options& options) {
  const auto algorithm = mock_mc::ParseAlgorithm(options.algorithm);
  if (!algorithm) return Fail(kUsage, "--algorithm is ed25519 or ecdsa-p256");
  const auto not_before = ReadTime("--not-before", options.not_before);
  if (!not_before) return Fail(kUsage, not_before.error().message);
  const auto not_after = ReadTime("--not-after", options.not_after);
  if (!not_after) return Fail(kUsage, not_after.error().message);
  const auto made =
      mock_mc::GenerateKey(*algorithm, options.id, options.out_dir, {*not_before, *not_after});
  if (!made) return Fail(kUsage, made.error().message);
  fmt::print("wrote {0}/{1}.pem (private) and {0}/keyring.yaml\n", options.out_dir, options.id);
  return kOk;
}

int Certs(const Options& options) {
  const auto made = mock_mc::GenerateCertificates(options.names, options.out_dir);
  if (!made) return Fail(kUsage, made.error().message);
  fmt::print("wrote ca.pem, server.pem, client.pem and their keys into {}\n", options.out_dir);
  return kOk;
}

const std::string& FirstGiven(const std::string& flag, const std::string& script,
                              const std::string& fallback) {
  if (!flag.empty()) return flag;
  return script.empty() ? fallback : script;
}

std::size_t CoreCount() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1,
                                 mock_mc::DataPlane::kMostThreads);
}

// Flags before the script's `listen`, that before the defaults.
mock_mc::ServerOptions ResolveServerOptions(const Options& options, const mock_mc::Listen& script) {
  mock_mc::ServerOptions resolved;
  resolved.http = FirstGiven(options.listen, script.http, resolved.http);
  resolved.admin = FirstGiven(options.admin, script.admin, resolved.admin);
  resolved.tls.cert = FirstGiven(options.tls.cert, script.tls_cert, "");
  resolved.tls.key = FirstGiven(options.tls.key, script.tls_key, "");
  const bool has_tls = !resolved.tls.cert.empty() || !resolved.tls.key.empty();
  resolved.https = FirstGiven(options.listen_tls, script.https, has_tls ? "127.0.0.1:8443" : "");
  resolved.most_connections = options.most_connections;
  resolved.threads = options.threads != 0 ? options.threads : CoreCount();
  return resolved;
}

// For programs on stdout as "ready ...", for people on stderr.
void Announce(const mock_mc::Server::Addresses& addresses, bool print_ready) {
  std::string where = "http=" + addresses.http;
  if (!addresses.https.empty()) where += " https=" + addresses.https;
  for (const auto& [name, address] : addresses.listeners) where += " " + name + "=" + address;
  where += " admin=" + addresses.admin;
  if (!print_ready) {
    std::fprintf(stderr, "mock-mc: listening on %s\n", where.c_str());
    return;
  }
  std::printf("ready %s\n", where.c_str());
  std::fflush(stdout);
}

int Serve(const Options& options) {
  auto script = LoadScript(options.script);
  if (!script) return FailScript(script.error().message);
  const mock_mc::ServerOptions resolved = ResolveServerOptions(options, script->listen);
  if (!resolved.https.empty() && (resolved.tls.cert.empty() || resolved.tls.key.empty())) {
    return Fail(kUsage, "TLS needs both --tls-cert and --tls-key (or listen.tlsCert and tlsKey)");
  }
  auto server = mock_mc::Server::Start(resolved, *std::move(script), options.script);
  if (!server) return Fail(kCannotListen, server.error().message);
  Announce((*server)->addresses(), options.print_ready);
  (*server)->Run(mock_mc::Server::Signals::kStop);
  return kOk;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("A scriptable MC Evidence API that fails exactly as told.", "mock-mc");
  app.set_version_flag("--version", "mock-mc " GATE_VERSION);
  app.require_subcommand(1);

  CLI::App* serve = app.add_subcommand("serve", "Answers as the script says");
  serve->add_option("SCRIPT", options.script, "Script (YAML)")->required();
  serve->add_option("--listen", options.listen, "host:port for HTTP [127.0.0.1:8080]");
  serve->add_option("--listen-tls", options.listen_tls, "host:port for HTTPS [127.0.0.1:8443]");
  serve->add_option("--admin", options.admin, "host:port of the admin API [127.0.0.1:8081]");
  serve->add_option("--tls-cert", options.tls.cert, "Certificate chain (PEM); switches HTTPS on");
  serve->add_option("--tls-key", options.tls.key, "Its private key (PEM)");
  serve->add_flag("--print-ready", options.print_ready, "Say on stdout when and where it listens");
  serve->add_option("--max-connections", options.most_connections, "More wait [10000]")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
  serve->add_option("--threads", options.threads, "That answer [one per core]")
      ->check(CLI::Range(std::size_t{1}, mock_mc::DataPlane::kMostThreads));

  CLI::App* check = app.add_subcommand("check", "Reads the script and reports all its mistakes");
  check->add_option("SCRIPT", options.script, "Script (YAML)")->required();

  CLI::App* explain =
      app.add_subcommand("explain", "Says which rule answers a request, and why no other does");
  explain->add_option("SCRIPT", options.script, "Script (YAML)")->required();
  explain
      ->add_option("REQUEST", options.explain.request, "\"GET /v1/evidence/shop-1.5.0?stage=20\"")
      ->required();
  explain->add_option("-H,--header", options.explain.headers, "\"Name: value\"; repeatable")
      ->allow_extra_args(false);
  explain->add_option("--repeat", options.explain.repeat, "Ask so often, and show each answer [1]");
  explain->add_option("--at", options.at, "When, since the start of the server [0s]; repeatable")
      ->allow_extra_args(false);
  explain->add_option("--every", options.every, "Time from one repetition to the next [0s]");

  CLI::App* keygen = app.add_subcommand("keygen", "Makes a signing key and its keyring.yaml");
  keygen->add_option("--algorithm", options.algorithm, "ed25519 or ecdsa-p256 [ed25519]");
  keygen->add_option("--id", options.id, "Key id")->required();
  keygen->add_option("--out-dir", options.out_dir, "Directory to write to")->required();
  keygen->add_option("--not-before", options.not_before, "From when on the key counts (RFC 3339)");
  keygen->add_option("--not-after", options.not_after, "Until when it counts (RFC 3339)");

  CLI::App* certs = app.add_subcommand(
      "certs", "Makes a certificate authority, and a server's and a client's certificate");
  certs->add_option("--out-dir", options.out_dir, "Directory to write to")->required();
  certs->add_option("--name", options.names, "The server's [localhost 127.0.0.1 ::1]");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  if (*check) return Check(options);
  if (*explain) return Explain(options);
  if (*keygen) return Keygen(options);
  if (*certs) return Certs(options);
  return Serve(options);
}
