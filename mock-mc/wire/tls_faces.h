#pragma once

#include <boost/asio/ssl/context.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "mock-mc/behaviour/listener_spec.h"
#include "mock-mc/wire/certificates.h"

struct ssl_st;  // OpenSSL's SSL

namespace mock_mc {

// What a TLS listener shows, by the server name that the client asks for. Unchanged once made, and
// used by all threads. Internal to wire/.
class TlsFaces {
 public:
  struct Face {
    TlsSpec spec;
    boost::asio::ssl::context context;
  };

  // How far a handshake has come; lives as long as its SSL.
  struct Progress {
    const TlsFaces* faces = nullptr;
    const Face* face = nullptr;  // null until the client has said what it wants
    std::string server_name;
    bool released = false;  // the handshake's fault is over
  };

  // `authority` may be null if nothing needs it. kInvalidArgument for bad files.
  static gate::Result<std::unique_ptr<TlsFaces>> Make(const ListenerSpec& listener,
                                                      const Authority* authority);

  // The context to begin with. When the client has said what it wants, `progress` is filled in, and
  // the handshake stops with an error if there is a fault that is not released.
  boost::asio::ssl::context& first_context() const { return default_->context; }
  static void Attach(ssl_st* ssl, Progress& progress);

 private:
  const Face& Find(const std::string& server_name) const;
  static int OnClientHello(ssl_st* ssl, int* alert, void* unused);

  std::unique_ptr<Face> default_;
  std::map<std::string, std::unique_ptr<Face>> by_name_;
};

}  // namespace mock_mc
