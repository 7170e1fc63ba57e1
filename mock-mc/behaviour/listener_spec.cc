#include "mock-mc/behaviour/listener_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "mock-mc/behaviour/fault_reader.h"
#include "mock-mc/behaviour/read_values.h"

namespace mock_mc {
namespace {

using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;
using Certificate = TlsSpec::Certificate;

constexpr std::array<std::string_view, 4> kTakenNames = {"http", "https", "admin", "ready"};

bool IsGoodName(const std::string& name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string::npos &&
         std::find(kTakenNames.begin(), kTakenNames.end(), name) == kTakenNames.end();
}

std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

void ReadPath(MapReader& map, std::string_view key, const std::string& file, std::string& path) {
  if (map.Read(key, path)) path = ResolvePath(path, file);
}

void ReadCertificate(MapReader& map, const std::string& file, TlsSpec& tls, Mistakes& mistakes) {
  constexpr std::array kKinds = {Certificate::kGood,        Certificate::kExpired,
                                 Certificate::kNotYetValid, Certificate::kWrongName,
                                 Certificate::kUnknownCa,   Certificate::kSelfSigned};
  const auto made = map.Find("certificate");
  ReadPath(map, "certFile", file, tls.cert_file);
  ReadPath(map, "keyFile", file, tls.key_file);
  map.Read("names", tls.names);
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    map.Complain("certFile", "certFile and keyFile belong together");
  }
  if (!made) return;
  if (!tls.cert_file.empty()) made->Complain(mistakes, "give certificate or files, not both");
  tls.certificate = ParseWord(*made, kKinds, mistakes).value_or(Certificate::kGood);
}

void ReadClientCertificate(const Node& node, const std::string& file, TlsSpec& tls,
                           Mistakes& mistakes) {
  tls.client = TlsSpec::ClientCertificate::kRequired;
  if (!node.IsMap()) {
    if (node.String(mistakes).value_or("required") != "required") {
      node.Complain(mistakes, "clientCertificate is required, or {caFile: PATH}");
    }
    return;
  }
  MapReader map(node, mistakes);
  if (!map.Require("caFile")) return;
  ReadPath(map, "caFile", file, tls.client_ca_file);
  map.Finish();
}

// All of TLS but `sni`.
void ReadTlsFields(MapReader& map, const std::string& file, TlsSpec& tls, Mistakes& mistakes) {
  ReadCertificate(map, file, tls, mistakes);
  if (const auto fault = map.Find("handshake"))
    tls.handshake = ReadHandshakeFault(*fault, mistakes);
  if (const auto protocols = map.Find("protocols")) {
    const std::string text = protocols->String(mistakes).value_or("");
    tls.only_old_protocols = text == "old";
    if (text != "old" && text != "current") {
      protocols->Complain(mistakes, "protocols is old (TLS 1.0 and 1.1) or current (1.2 and 1.3)");
    }
  }
  map.Read("closeNotify", tls.close_notify);
  if (const auto client = map.Find("clientCertificate")) {
    ReadClientCertificate(*client, file, tls, mistakes);
  }
}

void ReadTls(const Node& node, const std::string& file, ListenerSpec& listener,
             Mistakes& mistakes) {
  MapReader map(node, mistakes);
  listener.tls.emplace();
  ReadTlsFields(map, file, *listener.tls, mistakes);
  if (listener.tls->names.empty()) listener.tls->names = {"localhost", "127.0.0.1", "::1"};
  if (const auto names = map.Find("sni")) {
    for (const auto& [name, value] : names->Entries(mistakes)) {
      TlsSpec tls;
      MapReader inner(value, mistakes);
      ReadTlsFields(inner, file, tls, mistakes);
      inner.Finish();
      if (tls.names.empty()) tls.names = {name.Text()};
      listener.by_server_name.emplace(LowerCase(name.Text()), std::move(tls));
    }
  }
  map.Finish();
}

ListenerSpec ReadListener(const Node& node, const std::string& file, Mistakes& mistakes) {
  ListenerSpec listener;
  MapReader map(node, mistakes);
  if (const auto name = map.Require("name")) {
    listener.name = name->String(mistakes).value_or("");
    if (!IsGoodName(listener.name)) {
      name->Complain(mistakes,
                     "a name has 1 to 64 letters, digits, dots, dashes and underscores, and is not "
                     "http, https, admin or ready");
    }
  }
  if (const auto address = map.Require("address")) {
    listener.address = address->String(mistakes).value_or("");
  }
  if (const auto fault = map.Find("accept")) listener.accept = ReadAcceptFault(*fault, mistakes);
  if (const auto tls = map.Find("tls")) ReadTls(*tls, file, listener, mistakes);
  map.Finish();
  return listener;
}

bool NeedsAuthority(const TlsSpec& tls) {
  return tls.cert_file.empty() ||
         (tls.client == TlsSpec::ClientCertificate::kRequired && tls.client_ca_file.empty());
}

}  // namespace

std::string_view ToString(TlsSpec::Certificate certificate) {
  constexpr std::array<std::string_view, 6> kNames = {"good",      "expired",   "notYetValid",
                                                      "wrongName", "unknownCa", "selfSigned"};
  return kNames.at(static_cast<std::size_t>(certificate));
}

bool NeedsAuthority(const ListenerSpec& listener) {
  if (!listener.tls) return false;
  return NeedsAuthority(*listener.tls) ||
         std::any_of(listener.by_server_name.begin(), listener.by_server_name.end(),
                     [](const auto& named) { return NeedsAuthority(named.second); });
}

std::vector<ListenerSpec> ReadListeners(const Node& node, const std::string& file,
                                        Mistakes& mistakes) {
  std::vector<ListenerSpec> listeners;
  for (const Node& item : node.Items(mistakes)) {
    ListenerSpec listener = ReadListener(item, file, mistakes);
    if (std::any_of(listeners.begin(), listeners.end(),
                    [&](const ListenerSpec& other) { return other.name == listener.name; })) {
      item.Complain(mistakes, fmt::format("there is already a listener \"{}\"", listener.name));
    }
    listeners.push_back(std::move(listener));
  }
  return listeners;
}

AuthorityFiles ReadAuthority(const Node& node, const std::string& file, Mistakes& mistakes) {
  AuthorityFiles files;
  MapReader map(node, mistakes);
  if (map.Require("certFile")) ReadPath(map, "certFile", file, files.cert);
  if (map.Require("keyFile")) ReadPath(map, "keyFile", file, files.key);
  map.Finish();
  return files;
}

}  // namespace mock_mc
