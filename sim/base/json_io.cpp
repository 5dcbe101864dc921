// Parsing and strict reading. Writing is in json_write.cpp, the schema in json_schema.cpp.
#include "sim/base/json_io.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"
#include "sim/base/unit_text.hpp"

namespace orrery {
namespace {

std::string line_and_column(const std::string& text, std::size_t position) {
  position = std::min(position, text.size());
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(position);
  const auto line = 1 + std::count(text.begin(), end, '\n');
  const auto newline = position == 0 ? std::string::npos : text.rfind('\n', position - 1);
  const std::size_t column = newline == std::string::npos ? position + 1 : position - newline;
  return fmt::format("{}:{}", line, column);
}

/// Walks a text that is known to be valid JSON and remembers where the member or element at `path` begins.
class Locator {
 public:
  Locator(const std::string& text, const std::string& path) : text_(text), wanted_(path) { value("$"); }
  std::optional<std::size_t> found() const { return found_; }

 private:
  void space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
  void note(const std::string& path) {
    space();
    if (path == wanted_ && !found_) found_ = at_;
  }
  std::string string() {
    const std::size_t begin = at_++;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) at_ += text_[at_] == '\\';
    ++at_;
    return Json::parse(text_.substr(begin, at_ - begin)).get<std::string>();
  }
  /// Skips the comma; true when the closing bracket was met.
  bool closed(char bracket) {
    space();
    if (text_[at_] == ',') ++at_;
    space();
    if (text_[at_] != bracket) return false;
    ++at_;
    return true;
  }
  void value(const std::string& path) {
    note(path);
    if (found_) return;
    const char first = text_[at_];
    if (first == '"') {
      string();
    } else if (first == '{') {
      for (++at_; !found_ && !closed('}');) {
        const std::size_t begin = at_;
        const std::string member = path + "." + string();
        if (member == wanted_) found_ = begin;
        space();
        ++at_;  // the colon
        value(member);
      }
    } else if (first == '[') {
      ++at_;
      for (std::size_t i = 0; !found_ && !closed(']'); ++i) value(path + "[" + std::to_string(i) + "]");
    } else {
      at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    }
  }

  const std::string& text_;
  const std::string& wanted_;
  std::size_t at_ = 0;
  std::optional<std::size_t> found_;
};

/// `"4" (a string)`: what the reader met, for messages about what it expected.
std::string met(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_null()) return "null";
  const char* type = value.is_string() ? "a string" : value.is_boolean() ? "a bool" : "a number";
  return fmt::format("{} ({})", value.dump(), type);
}

std::string limits_text(const Limits& limits) {
  const bool low = std::isfinite(limits.low), high = std::isfinite(limits.high);
  if (low && high) return fmt::format("between {} and {}", limits.low, limits.high);
  if (low) return fmt::format("{} {}", limits.low_excluded ? "more than" : "at least", limits.low);
  return fmt::format("at most {}", limits.high);
}

class Reader : public FieldVisitor {
 public:
  Reader(const JsonDocument& document, const Json& object, std::string path)
      : document_(document), object_(object), path_(std::move(path)) {
    if (!object.is_object()) fail(path_, "expected an object, got " + met(object));
  }

  void expect_kind() { known_.push_back("kind"); }

  /// Misspelt keys are reported before missing ones: the one usually explains the other.
  void finish() const {
    for (const auto& [key, value] : object_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      fail(path_ + "." + key, "unknown key \"" + key + "\"" + spelling_hint(key, known_));
    }
    if (!missing_.empty()) fail(path_, "required key \"" + missing_ + "\" is missing");
  }

  void read(const Json& json, const ValueRef& value, const Limits& limits, const std::string& path) const;

 private:
  void visit(const Field& field, const ValueRef& value) override {
    known_.emplace_back(field.name);
    const auto found = object_.find(std::string(field.name));
    if (found != object_.end()) {
      read(*found, value, field.limits, path_ + "." + std::string(field.name));
    } else if (field.limits.is_required && missing_.empty()) {
      missing_ = field.name;
    }
  }

  [[noreturn]] void fail(const std::string& path, const std::string& problem) const {
    throw ScenarioError(json_place(document_, path), problem);
  }
  void check(double x, const Json& json, const Limits& limits, const std::string& path) const {
    if (!limits.allows(x)) fail(path, json.dump() + " is out of range; expected " + limits_text(limits));
  }
  void read_integer(const Json& json, const IntegerRef& to, const Limits& limits,
                    const std::string& path) const;
  void read_quantity(const Json& json, const QuantityRef& to, const Limits& limits,
                     const std::string& path) const;
  void read_name(const Json& json, const EnumRef& to, const std::string& path) const;
  void read_choice(const Json& json, const ChoiceRef& to, const std::string& path) const;
  void select_kind(const std::string& name, const ChoiceRef& to, const std::string& path) const;

  const JsonDocument& document_;
  const Json& object_;
  std::string path_;
  std::vector<std::string> known_;
  std::string missing_;
};

void Reader::read_integer(const Json& json, const IntegerRef& to, const Limits& limits,
                          const std::string& path) const {
  if (!json.is_number_integer()) fail(path, "expected a whole number, got " + met(json));
  const bool too_large =
      json.is_number_unsigned() && json.get<std::uint64_t>() > static_cast<std::uint64_t>(to.high);
  if (too_large || json.get<std::int64_t>() < to.low || json.get<std::int64_t>() > to.high) {
    fail(path, fmt::format("{} is out of range; expected between {} and {}", json.dump(), to.low, to.high));
  }
  check(static_cast<double>(json.get<std::int64_t>()), json, limits, path);
  to.set(to.object, json.get<std::int64_t>());
}

void Reader::read_quantity(const Json& json, const QuantityRef& to, const Limits& limits,
                           const std::string& path) const {
  if (json.is_number()) {
    const std::string right = exact_quantity(json.get<double>(), to.dimension);
    fail(path, fmt::format("{} has no unit; expected {} as a string such as \"{}\" (here perhaps \"{}\")",
                           json.dump(), dimension_name(to.dimension), quantity_example(to.dimension), right));
  }
  if (!json.is_string()) {
    fail(path, fmt::format("expected {} as a string such as \"{}\", got {}", dimension_name(to.dimension),
                           quantity_example(to.dimension), met(json)));
  }
  const double value = parse_quantity(json.get<std::string>(), to.dimension, json_place(document_, path));
  check(value, json, limits, path);
  to.set(to.object, value);
}

void Reader::read_name(const Json& json, const EnumRef& to, const std::string& path) const {
  const auto found = json.is_string() ? std::find(to.names.begin(), to.names.end(), json.get<std::string>())
                                      : to.names.end();
  if (found == to.names.end()) {
    const std::string written = json.is_string() ? json.get<std::string>() : json.dump();
    fail(path, "unknown name " + json.dump() + spelling_hint(written, to.names));
  }
  to.set(to.object, static_cast<std::size_t>(found - to.names.begin()));
}

/// "ring" is short for {"kind": "ring"}.
void Reader::select_kind(const std::string& name, const ChoiceRef& to, const std::string& path) const {
  std::vector<std::string> kinds;
  for (const KindName& kind : to.kinds) kinds.push_back(kind.name);
  const auto found = std::find(kinds.begin(), kinds.end(), name);
  if (found == kinds.end()) fail(path, "unknown kind \"" + name + "\"" + spelling_hint(name, kinds));
  to.set(to.object, static_cast<std::size_t>(found - kinds.begin()));
  const Json no_options = Json::object();
  Reader inner(document_, no_options, path);
  to.visit(to.object, inner);  // finds missing required keys
  inner.finish();
}

void Reader::read_choice(const Json& json, const ChoiceRef& to, const std::string& path) const {
  if (json.is_string()) return select_kind(json.get<std::string>(), to, path);
  Reader inner(document_, json, path);
  inner.expect_kind();
  std::vector<std::string> kinds;
  for (const KindName& kind : to.kinds) kinds.push_back(kind.name);
  const auto written = json.find("kind");
  if (written == json.end()) fail(path, "required key \"kind\" is missing" + spelling_hint("", kinds));
  const auto found =
      written->is_string() ? std::find(kinds.begin(), kinds.end(), written->get<std::string>()) : kinds.end();
  if (found == kinds.end()) {
    const std::string name = written->is_string() ? written->get<std::string>() : "";
    fail(path + ".kind", "unknown kind " + written->dump() + spelling_hint(name, kinds));
  }
  to.set(to.object, static_cast<std::size_t>(found - kinds.begin()));
  to.visit(to.object, inner);
  inner.finish();
}

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

void Reader::read(const Json& json, const ValueRef& value, const Limits& limits,
                  const std::string& path) const {
  const Overloaded read_one{[&](bool* to) {
                              if (!json.is_boolean()) fail(path, "expected true or false, got " + met(json));
                              *to = json.get<bool>();
                            },
                            [&](double* to) {
                              if (!json.is_number()) fail(path, "expected a number, got " + met(json));
                              check(json.get<double>(), json, limits, path);
                              *to = json.get<double>();
                            },
                            [&](std::string* to) {
                              if (!json.is_string()) fail(path, "expected a string, got " + met(json));
                              *to = json.get<std::string>();
                            },
                            [&](const IntegerRef& to) { read_integer(json, to, limits, path); },
                            [&](const QuantityRef& to) { read_quantity(json, to, limits, path); },
                            [&](const EnumRef& to) { read_name(json, to, path); },
                            [&](const ListRef& to) {
                              if (!json.is_array()) fail(path, "expected a list, got " + met(json));
                              to.resize(to.object, 0);
                              to.resize(to.object, json.size());
                              for (std::size_t i = 0; i < json.size(); ++i) {
                                read(json[i], to.at(to.object, i), limits,
                                     path + "[" + std::to_string(i) + "]");
                              }
                            },
                            [&](const OptionalRef& to) {
                              to.engage(to.object, !json.is_null());
                              if (!json.is_null()) read(json, to.value(to.object), limits, path);
                            },
                            [&](const StructRef& to) {
                              Reader inner(document_, json, path);
                              to.visit(to.object, inner);
                              inner.finish();
                            },
                            [&](const ChoiceRef& to) { read_choice(json, to, path); }};
  std::visit(read_one, value.to);
}

}  // namespace

JsonDocument parse_json(std::string text, std::string name) {
  std::vector<std::set<std::string>> open_objects;
  const auto prefix = name.empty() ? std::string() : name + ":";
  const Json::parser_callback_t reject_duplicates = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key && !open_objects.back().insert(parsed.get<std::string>()).second) {
      throw ScenarioError(name, "key \"" + parsed.get<std::string>() + "\" appears twice in one object");
    }
    return true;
  };
  try {
    Json root = Json::parse(text, reject_duplicates);
    return JsonDocument{std::move(name), std::move(text), std::move(root), {}};
  } catch (const Json::parse_error& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while ...": keep the
    // reason.
    std::string reason = error.what();
    const auto colon = reason.find(": ");
    if (colon != std::string::npos) reason = reason.substr(colon + 2);
    const std::size_t position = error.byte == 0 ? 0 : error.byte - 1;
    throw ScenarioError(prefix + line_and_column(text, position), "not valid JSON: " + reason);
  } catch (const Json::out_of_range& error) {  // 1e999
    throw ScenarioError(name, std::string("a number is out of range: ") + error.what());
  }
}

std::string json_place(const JsonDocument& document, const std::string& path) {
  for (const std::string& option : document.overridden) {
    const bool below = path.rfind("$." + option, 0) == 0;
    const std::size_t end = 2 + option.size();
    if (below && (path.size() == end || path[end] == '.' || path[end] == '['))
      return "--set " + path.substr(2);
  }
  std::string place = document.name;
  if (!document.text.empty()) {
    const auto position = Locator(document.text, path).found();
    if (position) place += (place.empty() ? "" : ":") + line_and_column(document.text, *position);
  }
  return place.empty() ? path : place + ": " + path;
}

namespace detail {
void read_struct(const JsonDocument& document, const StructRef& into) {
  Reader reader(document, document.root, "$");
  into.visit(into.object, reader);
  reader.finish();
}
}  // namespace detail

}  // namespace orrery
