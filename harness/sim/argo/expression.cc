#include "harness/sim/argo/expression.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <regex>
#include <utility>
#include <vector>

#include "harness/sim/argo/expression_tokens.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

using gate::Error;
using gate::Json;
using gate::Result;

std::string_view TypeName(const Json& value) {
  if (value.is_null()) return "<nil>";
  if (value.is_boolean()) return "bool";
  if (value.is_number_integer()) return "int";
  if (value.is_number()) return "float64";
  if (value.is_string()) return "string";
  return value.is_array() ? "[]interface {}" : "map[string]interface {}";
}

// A parsed expression: evaluation happens where it is needed, so that the branch that is not taken
// cannot fail.
struct Node {
  enum class Kind { kLiteral, kResult, kArray, kMember, kIndex, kUnary, kBinary, kTernary, kCall };
  Kind kind = Kind::kLiteral;
  Json literal;
  std::string name;  // operator, member or function
  std::vector<std::unique_ptr<Node>> parts;
};
using NodePtr = std::unique_ptr<Node>;

NodePtr Make(Node::Kind kind, std::string name = {}) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  node->name = std::move(name);
  return node;
}

// --- Parsing ------------------------------------------------------------------------------------

// How tightly the operators bind; all are left-associative but **.
int Precedence(const Token& token) {
  struct Binding {
    std::string_view text;
    int precedence;
  };
  static constexpr std::array kBindings = {
      Binding{"||", 10},         Binding{"or", 10},       Binding{"&&", 15},
      Binding{"and", 15},        Binding{"==", 20},       Binding{"!=", 20},
      Binding{"<", 20},          Binding{">", 20},        Binding{"<=", 20},
      Binding{">=", 20},         Binding{"in", 20},       Binding{"contains", 20},
      Binding{"startsWith", 20}, Binding{"endsWith", 20}, Binding{"matches", 20},
      Binding{"+", 30},          Binding{"-", 30},        Binding{"*", 60},
      Binding{"/", 60},          Binding{"%", 60},        Binding{"**", 100},
      Binding{"??", 500},
  };
  if (token.kind != Token::Kind::kOperator && token.kind != Token::Kind::kName) return 0;
  for (const Binding& binding : kBindings) {
    if (binding.text == token.text) return binding.precedence;
  }
  return 0;
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<NodePtr> Parse() {
    auto node = Expression();
    if (!node) return node;
    if (Peek().kind != Token::Kind::kEnd) return Unexpected();
    return node;
  }

 private:
  const Token& Peek() const { return tokens_[at_]; }
  Token Next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool Accept(std::string_view text) {
    const Token& token = Peek();
    if (token.kind == Token::Kind::kText || token.text != text) return false;
    Next();
    return true;
  }
  Error Unexpected() const {
    if (Peek().kind == Token::Kind::kEnd) return gate::InvalidArgument("unexpected token EOF");
    return gate::InvalidArgument(fmt::format("unexpected token \"{}\"", Peek().text));
  }

  Result<NodePtr> Expression() {
    if (++depth_ > kDeepest) return gate::InvalidArgument("nested too deeply");
    auto node = Ternary();
    --depth_;
    return node;
  }

  Result<NodePtr> Ternary() {
    auto condition = Binary(1);
    if (!condition || !Accept("?")) return condition;
    auto yes = Expression();
    if (!yes) return yes;
    if (!Accept(":")) return Unexpected();
    auto no = Expression();
    if (!no) return no;
    NodePtr node = Make(Node::Kind::kTernary);
    node->parts.push_back(std::move(*condition));
    node->parts.push_back(std::move(*yes));
    node->parts.push_back(std::move(*no));
    return node;
  }

  Result<NodePtr> Binary(int least) {
    auto left = Unary();
    while (left) {
      const bool negated =
          Peek().kind == Token::Kind::kName && Peek().text == "not" && at_ + 1 < tokens_.size();
      const int precedence = negated ? Precedence(tokens_[at_ + 1]) : Precedence(Peek());
      if (precedence < least || precedence == 0) return left;
      if (negated) Next();
      const std::string name = Next().text;
      auto right = Binary(name == "**" ? precedence : precedence + 1);
      if (!right) return right;
      NodePtr node = Make(Node::Kind::kBinary, name);
      node->parts.push_back(std::move(*left));
      node->parts.push_back(std::move(*right));
      if (negated) {
        NodePtr outer = Make(Node::Kind::kUnary, "!");
        outer->parts.push_back(std::move(node));
        node = std::move(outer);
      }
      left = std::move(node);
    }
    return left;
  }

  Result<NodePtr> Unary() {
    for (const std::string_view name : {"!", "not", "-", "+"}) {
      if (!Accept(name)) continue;
      constexpr int kTight = 50;  // tighter than comparison, looser than * and **
      auto operand = name == "!" || name == "not" ? Binary(kTight) : Binary(kTight + 20);
      if (!operand) return operand;
      NodePtr node = Make(Node::Kind::kUnary, name == "not" ? "!" : std::string(name));
      node->parts.push_back(std::move(*operand));
      return node;
    }
    return Postfix();
  }

  Result<NodePtr> Postfix() {
    auto node = Primary();
    while (node) {
      const bool optional = Accept("?.");
      if (optional || Accept(".")) {
        if (Peek().kind != Token::Kind::kName) return Unexpected();
        NodePtr member = Make(Node::Kind::kMember, Next().text);
        member->literal = optional;
        member->parts.push_back(std::move(*node));
        node = std::move(member);
      } else if (Accept("[")) {
        auto index = Expression();
        if (!index) return index;
        if (!Accept("]")) return Unexpected();
        NodePtr access = Make(Node::Kind::kIndex);
        access->parts.push_back(std::move(*node));
        access->parts.push_back(std::move(*index));
        node = std::move(access);
      } else {
        return node;
      }
    }
    return node;
  }

  Result<NodePtr> Primary() {
    if (Accept("(")) {
      auto inner = Expression();
      if (!inner) return inner;
      if (!Accept(")")) return Unexpected();
      return inner;
    }
    if (Accept("[")) return List(Make(Node::Kind::kArray), "]");
    const Token& token = Peek();
    if (token.kind == Token::Kind::kNumber || token.kind == Token::Kind::kText) {
      NodePtr node = Make(Node::Kind::kLiteral);
      node->literal = Next().value;
      return node;
    }
    if (token.kind == Token::Kind::kName) return Named();
    return Unexpected();
  }

  Result<NodePtr> Named() {
    const std::string name = Next().text;
    if (Accept("(")) return List(Make(Node::Kind::kCall, name), ")");
    if (name == "result") return Make(Node::Kind::kResult);
    NodePtr node = Make(Node::Kind::kLiteral);
    if (name == "true" || name == "false") {
      node->literal = name == "true";
      return node;
    }
    if (name == "nil") return node;
    return gate::InvalidArgument(fmt::format("unknown name {}", name));
  }

  Result<NodePtr> List(NodePtr node, std::string_view close) {
    if (Accept(close)) return node;
    do {
      auto element = Expression();
      if (!element) return element;
      node->parts.push_back(std::move(*element));
    } while (Accept(","));
    if (!Accept(close)) return Unexpected();
    return node;
  }

  static constexpr int kDeepest = 64;
  const std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

// --- Evaluating ---------------------------------------------------------------------------------

Result<double> NumberOf(const Json& value, std::string_view what) {
  if (value.is_number()) return value.get<double>();
  return gate::InvalidArgument(fmt::format("invalid operation: {} on {}", what, TypeName(value)));
}

Result<bool> TruthOf(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  return gate::InvalidArgument(
      fmt::format("interface conversion: interface {{}} is {}, not bool", TypeName(value)));
}

Result<Json> Arithmetic(const std::string& op, const Json& a, const Json& b) {
  if (op == "+" && a.is_string() && b.is_string()) {
    return Json(a.get<std::string>() + b.get<std::string>());
  }
  const auto x = NumberOf(a, op);
  if (!x) return x.error();
  const auto y = NumberOf(b, op);
  if (!y) return y.error();
  if (op == "/") return Json(*x / *y);
  if (op == "**") return Json(std::pow(*x, *y));
  const bool whole = a.is_number_integer() && b.is_number_integer();
  if (op == "%") {
    if (!whole) {
      return gate::InvalidArgument(fmt::format("invalid operation: % on {}", TypeName(a)));
    }
    if (b.get<std::int64_t>() == 0) return gate::InvalidArgument("integer divide by zero");
    return Json(a.get<std::int64_t>() % b.get<std::int64_t>());
  }
  const double value = op == "+" ? *x + *y : op == "-" ? *x - *y : *x * *y;
  if (whole) return Json(static_cast<std::int64_t>(value));
  return Json(value);
}

Result<Json> Compare(const std::string& op, const Json& a, const Json& b) {
  const bool comparable = (a.is_number() && b.is_number()) || (a.is_string() && b.is_string());
  if (!comparable) {
    return gate::InvalidArgument(
        fmt::format("invalid operation: {} {} {}", TypeName(a), op, TypeName(b)));
  }
  if (op == "<") return Json(a < b);
  if (op == ">") return Json(b < a);
  if (op == "<=") return Json(a <= b);
  return Json(b <= a);
}

Result<Json> TextOperation(const std::string& op, const Json& a, const Json& b) {
  if (!a.is_string() || !b.is_string()) {
    return gate::InvalidArgument(
        fmt::format("invalid operation: {} ({} {} {})", op, TypeName(a), op, TypeName(b)));
  }
  const auto& text = a.get_ref<const std::string&>();
  const auto& part = b.get_ref<const std::string&>();
  if (op == "contains") return Json(text.find(part) != std::string::npos);
  if (op == "startsWith") return Json(text.compare(0, part.size(), part) == 0);
  if (op == "endsWith") {
    return Json(text.size() >= part.size() &&
                text.compare(text.size() - part.size(), part.size(), part) == 0);
  }
  try {
    return Json(std::regex_search(text, std::regex(part, std::regex::ECMAScript)));
  } catch (const std::regex_error& error) {
    return gate::InvalidArgument(fmt::format("error parsing regexp: {}", error.what()));
  }
}

Result<Json> IsIn(const Json& element, const Json& collection) {
  if (collection.is_array()) {
    for (const Json& each : collection) {
      if (each == element) return Json(true);
    }
    return Json(false);
  }
  if (collection.is_object()) {
    return Json(element.is_string() && collection.contains(element.get<std::string>()));
  }
  if (collection.is_null()) return Json(false);
  return gate::InvalidArgument(
      fmt::format("operator \"in\" not defined on {}", TypeName(collection)));
}

Result<Json> MemberOf(const Json& object, const Json& key, bool optional) {
  if (object.is_null() && optional) return Json();
  if (object.is_object() && key.is_string()) return Member(object, key.get<std::string>());
  if (object.is_array() && key.is_number_integer()) {
    const auto size = static_cast<std::int64_t>(object.size());
    const auto index = key.get<std::int64_t>();
    const std::int64_t from_start = index < 0 ? index + size : index;
    if (from_start < 0 || from_start >= size) {
      return gate::InvalidArgument(
          fmt::format("index out of range: {} (array length is {})", index, size));
    }
    return object[static_cast<std::size_t>(from_start)];
  }
  return gate::InvalidArgument(fmt::format("cannot fetch {} from {}",
                                           key.is_string() ? key.get<std::string>() : key.dump(),
                                           TypeName(object)));
}

Result<Json> AsNumber(const Json& value, bool whole) {
  std::optional<double> number;
  if (value.is_number()) number = value.get<double>();
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (whole) {
      if (const auto parsed = ParseInt(text)) return Json(*parsed);
    } else {
      double parsed = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
      if (error == std::errc() && end == text.data() + text.size()) number = parsed;
    }
    if (!number) return gate::InvalidArgument(fmt::format("parsing \"{}\": invalid syntax", text));
  }
  const std::string_view name = whole ? "asInt" : "asFloat";
  if (!number) {
    return gate::InvalidArgument(fmt::format("{}() not supported on {}", name, TypeName(value)));
  }
  if (whole) return Json(static_cast<std::int64_t>(*number));
  return Json(*number);
}

class Evaluator {
 public:
  explicit Evaluator(const Json& result) : result_(result) {}

  Result<Json> Evaluate(const Node& node) const {
    switch (node.kind) {
      case Node::Kind::kLiteral:
        return node.literal;
      case Node::Kind::kResult:
        return result_;
      case Node::Kind::kArray:
        return Array(node);
      case Node::Kind::kMember: {
        auto object = Evaluate(*node.parts[0]);
        return object ? MemberOf(*object, node.name, node.literal == Json(true)) : object;
      }
      case Node::Kind::kIndex: {
        auto object = Evaluate(*node.parts[0]);
        if (!object) return object;
        auto key = Evaluate(*node.parts[1]);
        return key ? MemberOf(*object, *key, false) : key;
      }
      case Node::Kind::kUnary:
        return Unary(node);
      case Node::Kind::kBinary:
        return Binary(node);
      case Node::Kind::kTernary: {
        auto condition = Truth(*node.parts[0]);
        if (!condition) return std::move(condition).error();
        return Evaluate(*node.parts[*condition ? 1 : 2]);
      }
      case Node::Kind::kCall:
        return Call(node);
    }
    return gate::InvalidArgument("no such expression");
  }

 private:
  Result<bool> Truth(const Node& node) const {
    auto value = Evaluate(node);
    if (!value) return std::move(value).error();
    return TruthOf(*value);
  }

  Result<Json> Array(const Node& node) const {
    Json array = Json::array();
    for (const NodePtr& part : node.parts) {
      auto element = Evaluate(*part);
      if (!element) return element;
      array.push_back(std::move(*element));
    }
    return array;
  }

  Result<Json> Unary(const Node& node) const {
    if (node.name == "!") {
      auto truth = Truth(*node.parts[0]);
      if (!truth) return std::move(truth).error();
      return Json(!*truth);
    }
    auto value = Evaluate(*node.parts[0]);
    if (!value) return value;
    return Arithmetic(node.name, Json(0), *value);
  }

  Result<Json> Logical(const Node& node, bool is_or) const {
    auto left = Truth(*node.parts[0]);
    if (!left) return std::move(left).error();
    if (*left == is_or) return Json(is_or);
    auto right = Truth(*node.parts[1]);
    if (!right) return std::move(right).error();
    return Json(*right);
  }

  Result<Json> Binary(const Node& node) const {
    const std::string& op = node.name;
    if (op == "||" || op == "or") return Logical(node, true);
    if (op == "&&" || op == "and") return Logical(node, false);
    auto left = Evaluate(*node.parts[0]);
    if (op == "??") return left && !left->is_null() ? left : Evaluate(*node.parts[1]);
    if (!left) return left;
    auto right = Evaluate(*node.parts[1]);
    if (!right) return right;
    if (op == "==") return Json(*left == *right);
    if (op == "!=") return Json(*left != *right);
    if (op == "in") return IsIn(*left, *right);
    if (op == "<" || op == ">" || op == "<=" || op == ">=") return Compare(op, *left, *right);
    if (op == "contains" || op == "startsWith" || op == "endsWith" || op == "matches") {
      return TextOperation(op, *left, *right);
    }
    return Arithmetic(op, *left, *right);
  }

  // isNil and default look at the result itself, whatever they are given.
  Result<Json> Call(const Node& node) const {
    auto args = Array(node);
    if (!args) return args;
    const auto takes = [&](std::size_t count) { return args->size() == count; };
    if (node.name == "isNil" && takes(1)) return Json(result_.is_null());
    if (node.name == "default" && takes(2)) return result_.is_null() ? (*args)[1] : result_;
    if (node.name == "asInt" && takes(1)) return AsNumber((*args)[0], true);
    if (node.name == "asFloat" && takes(1)) return AsNumber((*args)[0], false);
    if ((node.name == "isNaN" || node.name == "isInf") && takes(1)) {
      auto number = NumberOf((*args)[0], node.name);
      if (!number) return std::move(number).error();
      return Json(node.name == "isNaN" ? std::isnan(*number) : std::isinf(*number));
    }
    if (node.name == "len" && takes(1)) {
      const Json& value = (*args)[0];
      if (value.is_string()) {
        return Json(static_cast<std::int64_t>(value.get_ref<const std::string&>().size()));
      }
      if (value.is_structured()) return Json(static_cast<std::int64_t>(value.size()));
      return gate::InvalidArgument(
          fmt::format("invalid argument for len (type {})", TypeName(value)));
    }
    return gate::InvalidArgument(fmt::format("unknown name {}", node.name));
  }

  const Json& result_;
};

Result<bool> EvaluateNamed(const Json& result, std::string_view what,
                           const std::string& condition) {
  auto value = EvaluateCondition(result, condition);
  if (value) return value;
  const bool nothing = result.is_null() || (result.is_array() && result.empty());
  return gate::InvalidArgument(
      fmt::format("could not evaluate {} \"{}\": {}", what, condition,
                  nothing ? "metric result is nil or empty: no data returned from the "
                            "metric provider"
                          : value.error().message));
}

}  // namespace

Result<bool> EvaluateCondition(const Json& result, std::string_view condition) {
  auto tokens = Tokenize(condition);
  if (!tokens) return std::move(tokens).error();
  auto node = Parser(std::move(*tokens)).Parse();
  if (!node) return std::move(node).error();
  auto value = Evaluator(result).Evaluate(**node);
  if (!value) return std::move(value).error();
  if (value->is_boolean()) return value->get<bool>();
  return gate::InvalidArgument(fmt::format("expected bool, but got {}", TypeName(*value)));
}

Result<AnalysisPhase> EvaluateResult(const Json& result, const std::string& success_condition,
                                     const std::string& failure_condition) {
  bool success = false;
  bool failure = false;
  if (!success_condition.empty()) {
    auto value = EvaluateNamed(result, "successCondition", success_condition);
    if (!value) return std::move(value).error();
    success = *value;
  }
  if (!failure_condition.empty()) {
    auto value = EvaluateNamed(result, "failureCondition", failure_condition);
    if (!value) return std::move(value).error();
    failure = *value;
  }
  if (success_condition.empty() && failure_condition.empty()) return AnalysisPhase::kSuccessful;
  if (failure_condition.empty()) failure = !success;
  if (success_condition.empty()) success = !failure;
  if (failure) return AnalysisPhase::kFailed;
  return success ? AnalysisPhase::kSuccessful : AnalysisPhase::kInconclusive;
}

}  // namespace drill::sim::argo
