#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"

namespace gate::yaml {

class Document;

// All mistakes found in one file, each as "file:line:column: what is wrong". Reading goes on after
// a mistake, so that people see all of them at once.
class Mistakes {
 public:
  void Add(std::string text) { texts_.push_back(std::move(text)); }
  bool empty() const { return texts_.empty(); }
  const std::vector<std::string>& texts() const { return texts_; }

  // One per line.
  Error ToError() const;

 private:
  std::vector<std::string> texts_;
};

// A value somewhere in a Document, which must outlive it.
class Node {
 public:
  bool IsMap() const;
  bool IsSequence() const;
  bool IsScalar() const;
  bool IsNull() const;

  // "file:line:column", counted from 1.
  std::string Where() const;
  std::string File() const;
  int Line() const;
  int Column() const;

  // "file:line:column: message"
  void Complain(Mistakes& mistakes, std::string_view message) const;

  // Scalars. Each complains and returns nothing if the value is of another kind. Only `true` and
  // `false` are booleans (YAML 1.2 core schema): `yes`, `on` and the like are mistakes.
  std::optional<std::string> String(Mistakes& mistakes) const;
  std::optional<bool> Bool(Mistakes& mistakes) const;
  std::optional<std::int64_t> Int(Mistakes& mistakes) const;
  std::optional<double> Double(Mistakes& mistakes) const;
  std::optional<Nanos> Duration(Mistakes& mistakes) const;

  // The elements of a sequence; complains and returns none if it is something else.
  std::vector<Node> Items(Mistakes& mistakes) const;

  // The (key, value) pairs of a map in file order; complains about duplicate keys, keys that are no
  // scalars, and if this is not a map. A null node counts as an empty map.
  std::vector<std::pair<Node, Node>> Entries(Mistakes& mistakes) const;

  // The text of a scalar as written, "" for others.
  std::string Text() const;

  // True if a scalar was written in quotes, so that "5" is a string and 5 a number.
  bool IsQuoted() const;

  // The value as JSON text, for embedding free-form parts (a Kubernetes object, a script)
  // elsewhere. Scalars are typed by the YAML 1.2 core schema. Complains about duplicate keys.
  std::string ToJsonText(Mistakes& mistakes) const;

 private:
  friend class Document;
  struct Rep;
  explicit Node(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}
  std::shared_ptr<const Rep> rep_;  // shared: yaml-cpp's nodes are handles into one document
};

// One YAML document: anchors and aliases are resolved by the parser.
class Document {
 public:
  // The only document of a file: several are a mistake. `file` is only used in messages.
  static Result<Document> Parse(std::string_view text, std::string_view file);

  // All documents of a file; empty ones (nothing between two "---") are left out.
  static Result<std::vector<Document>> ParseAll(std::string_view text, std::string_view file);

  Node root() const { return root_; }

 private:
  explicit Document(Node root) : root_(std::move(root)) {}
  Node root_;
};

// Reads a map key by key, and in Finish() complains about every key that nobody asked for, naming
// the nearest known key. Fields that are absent keep their value.
//
//   MapReader map(node, mistakes);
//   map.Read("url", config.url);
//   map.Read("timeout", config.timeout);
//   map.Finish();
class MapReader {
 public:
  MapReader(const Node& node, Mistakes& mistakes);

  // Each returns true if the key was there and its value is good.
  bool Read(std::string_view key, std::string& value);
  bool Read(std::string_view key, bool& value);
  bool Read(std::string_view key, std::int64_t& value);
  bool Read(std::string_view key, int& value);
  bool Read(std::string_view key, double& value);
  bool Read(std::string_view key, Nanos& value);
  bool Read(std::string_view key, std::vector<std::string>& value);

  // The value of `key`, if present; it counts as read.
  std::optional<Node> Find(std::string_view key);

  // Complains at the map if `key` is absent.
  std::optional<Node> Require(std::string_view key);

  // Complains at the value of `key`, or at the map if it is absent.
  void Complain(std::string_view key, std::string_view message);

  void Finish();

 private:
  template <typename T, typename Method>
  bool ReadWith(std::string_view key, T& value, Method method);

  Node node_;
  Mistakes& mistakes_;
  std::vector<std::pair<Node, Node>> entries_;
  std::vector<std::string> known_;
};

// Of `candidates` the one nearest to `word`, if it is near enough to be a typo: at most one letter
// left out, added, changed or swapped with its neighbour for every three that were written.
std::optional<std::string> NearestWord(std::string_view word,
                                       const std::vector<std::string>& candidates);

}  // namespace gate::yaml
