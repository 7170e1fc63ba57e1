#pragma once

#include <string>

#include "gate/seams/http_client.h"

namespace gate {

// What an answer says about its connection.
enum class AfterAnswer {
  kKeep,
  kKeepAndSaySo,  // to HTTP/1.0, where it is not the rule
  kClose,
};

enum class AnswerBody {
  kSend,
  kOmit,  // to HEAD: with the length that it would have
};

// An answer as it is sent. Its status and header come from our own code: whatever could not be sent
// as it is (a status outside of 200 to 599, control characters, a header that is the server's own)
// ends the process.
std::string WriteHttpResponse(const HttpResponse& response, AfterAnswer after, AnswerBody body);

}  // namespace gate
