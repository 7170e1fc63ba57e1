#include "gate/adapters/server_tls_context.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gate {
namespace {

constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

// RFC 7301: who offers protocols must offer ours.
int ChooseProtocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* size,
                   const unsigned char* offered, unsigned offered_size, void* /*context*/) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kHttp11.data(), kHttp11.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

ServerTlsContext::ServerTlsContext(std::string cert_file, std::string key_file)
    : cert_file_(std::move(cert_file)), key_file_(std::move(key_file)) {}

Result<std::shared_ptr<ssl_ctx_st>> ServerTlsContext::Build() const {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) return Error{ErrorCode::kInvalidArgument, TakeOpenSslError()};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);  // most connections are idle
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseProtocol, nullptr);
  auto used = UseIdentity(context.get(), {"certificate", cert_file_}, {"key", key_file_});
  if (!used) return std::move(used).error();
  return context;
}

Result<ServerTlsContext> ServerTlsContext::Load(std::string cert_file, std::string key_file) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);  // as TlsContext does
  ServerTlsContext loaded(std::move(cert_file), std::move(key_file));
  auto stamps = StampFiles({loaded.cert_file_, loaded.key_file_});
  if (!stamps) return std::move(stamps).error();
  auto built = loaded.Build();
  if (!built) return std::move(built).error();
  loaded.stamps_ = *std::move(stamps);
  loaded.context_ = *std::move(built);
  return loaded;
}

ServerTlsContext::Current ServerTlsContext::Get() {
  // Before reading: a change while reading is then noticed by the next call.
  auto stamps = StampFiles({cert_file_, key_file_});
  if (!stamps) {
    const bool news = std::exchange(stamps_, std::nullopt).has_value();
    return {context_, news ? std::optional(std::move(stamps).error()) : std::nullopt};
  }
  if (stamps_ == *stamps) return {context_, std::nullopt};
  stamps_ = *std::move(stamps);
  auto built = Build();
  if (!built) return {context_, std::move(built).error()};
  context_ = *std::move(built);
  return {context_, std::nullopt};
}

}  // namespace gate
