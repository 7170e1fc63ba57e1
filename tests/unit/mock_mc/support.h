#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gate/base/strict_json.h"
#include "mock-mc/behaviour/engine.h"
#include "mock-mc/behaviour/journal.h"
#include "mock-mc/behaviour/script.h"
#include "mock-mc/behaviour/signing_key.h"

namespace mock_mc::testing {

// Two Ed25519 keys ("mc-1", "mc-2") and a P-256 key ("mc-p256"), made once per process.
const SigningKey& TestKey(const std::string& id);

// An in-memory file system: "keys/<id>.pem" of the keys above, and what a test adds.
class MemoryFiles {
 public:
  MemoryFiles();
  std::string& operator[](const std::string& path) { return (*files_)[path]; }
  void Remove(const std::string& path) { files_->erase(path); }
  FileReader Reader() const;

 private:
  // Shared with the readers, which tests hand to engines.
  std::shared_ptr<std::map<std::string, std::string>> files_;
};

// apiVersion, seed 7 and the three keys, then `rest`.
std::string ScriptText(std::string_view rest);

// The script of ScriptText(rest); the test fails if it is not good. Here and in MistakesOf, it
// fails, too, if docs/mock-mc.schema.json refuses what the reader takes.
Script GoodScript(std::string_view rest);

// All mistakes in `text` as one text, "" if it is good.
std::string MistakesOf(std::string_view text);

// 2026-03-01T12:00:00Z plus `offset`, on both clocks.
Moment At(gate::Nanos offset);

Request Get(std::string target, Fields headers = {});

// A request for evidence with environment "test" and a nonce that holds `nonce`.
Request Ask(const std::string& release, const std::string& stage = "20",
            const std::string& nonce = "0123456789abcdef");

Engine NewEngine(std::string_view rest);

// The responses "good" and "bad", evidence that says true and false, then `rules`.
std::string WithGoodAndBad(std::string_view rules);

// What `engine` decides about `request`, and the name of the response that it chooses.
Decision DecisionOf(Engine& engine, const Request& request, gate::Nanos at = gate::Nanos(0));
std::string ResponseTo(Engine& engine, const Request& request, gate::Nanos at = gate::Nanos(0));

// Has `entry` arrive, and forgets what had to make room for it.
const JournalEntry& Put(Journal& journal, JournalEntry entry);

struct ParsedAnswer {
  int status = 0;
  Fields headers;
  std::string body;
};
// Takes an HTTP/1.1 answer apart.
ParsedAnswer ParseAnswer(const std::string& bytes);

// The bytes of the plan's Send and Drip steps, in order.
std::string BytesOf(const Plan& plan);
ParsedAnswer AnswerOf(const Plan& plan);

// Independent of SigningKey: what a reader of evidence would do with the public key.
enum class Encoding { kDer, kFixedWidth };
bool Verifies(const SigningKey& key, std::string_view message, std::string signature,
              Encoding encoding);

// Of a DSSE answer: the payload, and whether its first signature verifies with `key`.
gate::Json PayloadOf(const std::string& body);
bool DsseVerifies(const std::string& body, const SigningKey& key);

}  // namespace mock_mc::testing
