#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/yaml/strict_yaml.h"
#include "mock-mc/behaviour/fault.h"

// The listeners of a script, as data.
namespace mock_mc {

// What is shown to clients that ask for one server name, or for none.
struct TlsSpec {
  // Made by mock-mc and, but for the last two, signed by its authority.
  enum class Certificate { kGood, kExpired, kNotYetValid, kWrongName, kUnknownCa, kSelfSigned };
  enum class ClientCertificate { kNotAsked, kRequired };

  Certificate certificate = Certificate::kGood;
  std::vector<std::string> names;  // that a made certificate is for
  std::string cert_file;           // PEM; not empty: instead of a made certificate
  std::string key_file;
  std::optional<Fault> handshake;   // after the client's first message
  bool only_old_protocols = false;  // TLS 1.0 and 1.1 only, else 1.2 and 1.3
  bool close_notify = true;         // said before an orderly end
  ClientCertificate client = ClientCertificate::kNotAsked;
  std::string client_ca_file;  // PEM of who signs them; empty: mock-mc's authority
};
std::string_view ToString(TlsSpec::Certificate certificate);

// `address` as "host:port".
struct ListenerSpec {
  std::string name;
  std::string address;
  std::optional<Fault> accept;  // with kRefuse and kTimeout no connection is ever accepted
  std::optional<TlsSpec> tls;
  std::map<std::string, TlsSpec> by_server_name;  // in lower case
};

// PEM files of the authority that signs made certificates; empty: made at start.
struct AuthorityFiles {
  std::string cert;
  std::string key;
};

// True if something needs mock-mc's authority.
bool NeedsAuthority(const ListenerSpec& listener);

// Reads the list `listeners`; paths are relative to the directory of `file`.
std::vector<ListenerSpec> ReadListeners(const gate::yaml::Node& node, const std::string& file,
                                        gate::yaml::Mistakes& mistakes);
AuthorityFiles ReadAuthority(const gate::yaml::Node& node, const std::string& file,
                             gate::yaml::Mistakes& mistakes);

}  // namespace mock_mc
