#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace drill::sim {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

// For what is looked up by namespace or uid. A tree would compare texts all the way down, each in
// another place in memory, which is what a large world would spend its time with. Not to be
// iterated: its order is that of the library's hash, and differs from machine to machine.
template <typename Value>
using TextIndex = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

}  // namespace drill::sim
