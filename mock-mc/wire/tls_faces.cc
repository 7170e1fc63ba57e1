#include "mock-mc/wire/tls_faces.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <utility>

namespace mock_mc {
namespace {

namespace asio = boost::asio;
using gate::Error;
using gate::ErrorCode;
using gate::Result;
using ErrorValue = boost::system::error_code;

Error Bad(std::string_view what, const std::string& file, const ErrorValue& error) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("cannot use the TLS {} {}: {}", what, file, error.message())};
}

Result<void> UseFiles(const TlsSpec& spec, asio::ssl::context& context) {
  ErrorValue error;
  context.use_certificate_chain_file(spec.cert_file, error);
  if (error) return Bad("certificate", spec.cert_file, error);
  context.use_private_key_file(spec.key_file, asio::ssl::context::pem, error);
  if (error) return Bad("key", spec.key_file, error);
  return {};
}

Result<CertifiedKey> MakeCertificate(const TlsSpec& spec, const Authority& authority) {
  if (spec.certificate != TlsSpec::Certificate::kUnknownCa) {
    return authority.IssueServer(spec.certificate, spec.names);
  }
  const auto stranger = Authority::Make("An authority that nobody knows");
  if (!stranger) return stranger.error();
  return stranger->IssueServer(spec.certificate, spec.names);
}

Result<void> UseMade(const TlsSpec& spec, const Authority& authority, asio::ssl::context& context) {
  const auto made = MakeCertificate(spec, authority);
  if (!made) return made.error();
  ErrorValue error;
  context.use_certificate_chain(asio::buffer(made->cert_pem), error);
  if (!error) context.use_private_key(asio::buffer(made->key_pem), asio::ssl::context::pem, error);
  if (error) return Bad("certificate", "made for this listener", error);
  return {};
}

Result<void> AskForClientCertificate(const TlsSpec& spec, const Authority* authority,
                                     asio::ssl::context& context) {
  ErrorValue error;
  if (spec.client_ca_file.empty()) {
    const auto pem = authority->Pem();
    if (!pem) return pem.error();
    context.add_certificate_authority(asio::buffer(pem->cert_pem), error);
  } else {
    context.load_verify_file(spec.client_ca_file, error);
  }
  if (error) return Bad("client CA", spec.client_ca_file, error);
  context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert, error);
  return {};
}

// TLS 1.0 and 1.1 sign with SHA-1, which OpenSSL allows at its lowest level of security only.
void SetProtocols(const TlsSpec& spec, SSL_CTX* context) {
  if (!spec.only_old_protocols) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    return;
  }
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
}

Result<std::unique_ptr<TlsFaces::Face>> MakeFace(const TlsSpec& spec, const Authority* authority) {
  auto face = std::make_unique<TlsFaces::Face>(
      TlsFaces::Face{spec, asio::ssl::context(asio::ssl::context::tls_server)});
  SetProtocols(spec, face->context.native_handle());
  auto used = spec.cert_file.empty() ? UseMade(spec, *authority, face->context)
                                     : UseFiles(spec, face->context);
  if (!used) return std::move(used).error();
  if (spec.client == TlsSpec::ClientCertificate::kRequired) {
    // A session that is resumed would skip the check.
    SSL_CTX_set_session_cache_mode(face->context.native_handle(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(face->context.native_handle(), 0);
    auto asked = AskForClientCertificate(spec, authority, face->context);
    if (!asked) return std::move(asked).error();
  }
  return face;
}

// What a connection takes over from another context than the one that it began with.
void Wear(const TlsFaces::Face& face, SSL* ssl) {
  SSL_CTX* const context = const_cast<asio::ssl::context&>(face.context).native_handle();
  SSL_set_SSL_CTX(ssl, context);
  SSL_set_verify(ssl, SSL_CTX_get_verify_mode(context), nullptr);
  SSL_set_min_proto_version(ssl, static_cast<int>(SSL_CTX_get_min_proto_version(context)));
  SSL_set_max_proto_version(ssl, static_cast<int>(SSL_CTX_get_max_proto_version(context)));
  SSL_set_security_level(ssl, SSL_CTX_get_security_level(context));
}

int ProgressIndex() {
  static const int kIndex = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return kIndex;
}

// The host name in the client's server_name extension (RFC 6066 section 3), in lower case; empty if
// there is none. OpenSSL has checked the lengths of the extension itself only.
std::string ServerNameOf(SSL* ssl) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1) return "";
  constexpr std::size_t kHead = 5;  // length of the list, type of the name, length of the name
  if (size < kHead || data[2] != TLSEXT_NAMETYPE_host_name) return "";
  const std::size_t length = (static_cast<std::size_t>(data[3]) << 8U) | data[4];
  if (size < kHead + length) return "";
  std::string name(reinterpret_cast<const char*>(data + kHead), length);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

}  // namespace

Result<std::unique_ptr<TlsFaces>> TlsFaces::Make(const ListenerSpec& listener,
                                                 const Authority* authority) {
  auto faces = std::make_unique<TlsFaces>();
  auto face = MakeFace(*listener.tls, authority);
  if (!face) return std::move(face).error().Wrap("listener " + listener.name);
  faces->default_ = *std::move(face);
  for (const auto& [name, spec] : listener.by_server_name) {
    auto other = MakeFace(spec, authority);
    if (!other) return std::move(other).error().Wrap("listener " + listener.name);
    faces->by_name_.emplace(name, *std::move(other));
  }
  SSL_CTX_set_client_hello_cb(faces->default_->context.native_handle(), OnClientHello, nullptr);
  return faces;
}

void TlsFaces::Attach(ssl_st* ssl, Progress& progress) {
  SSL_set_ex_data(ssl, ProgressIndex(), &progress);
}

const TlsFaces::Face& TlsFaces::Find(const std::string& server_name) const {
  const auto found = by_name_.find(server_name);
  return found == by_name_.end() ? *default_ : *found->second;
}

int TlsFaces::OnClientHello(ssl_st* ssl, int* /*alert*/, void* /*unused*/) {
  auto& progress = *static_cast<Progress*>(SSL_get_ex_data(ssl, ProgressIndex()));
  if (progress.face == nullptr) {
    progress.server_name = ServerNameOf(ssl);
    progress.face = &progress.faces->Find(progress.server_name);
    if (progress.face != progress.faces->default_.get()) Wear(*progress.face, ssl);
  }
  if (progress.face->spec.handshake && !progress.released) return SSL_CLIENT_HELLO_RETRY;
  return SSL_CLIENT_HELLO_SUCCESS;
}

}  // namespace mock_mc
