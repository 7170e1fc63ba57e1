#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <utility>

#include "gate/base/strict_json.h"

namespace drill::sim {

// What was made from documents that objects share, kept by the document's identity: an entry holds
// its document, so that no other can take its address. Never iterated, so that addresses decide
// nothing. Bounded: one too many, and it starts anew.
template <typename Value>
class ByDocument {
 public:
  static constexpr std::size_t kMost = 4096;

  // The value of `document` (which may be null), made by `make()` if there is none. The reference
  // is good until the next call.
  template <typename Make>
  Value& Of(const std::shared_ptr<const gate::Json>& document, const Make& make) {
    const auto found = entries_.find(document.get());
    if (found != entries_.end()) return found->second.value;
    Entry entry{document, make()};
    if (entries_.size() >= kMost) entries_.clear();
    return entries_.emplace(document.get(), std::move(entry)).first->second.value;
  }

 private:
  struct Entry {
    std::shared_ptr<const gate::Json> document;
    Value value;
  };
  std::unordered_map<const gate::Json*, Entry> entries_;
};

}  // namespace drill::sim
