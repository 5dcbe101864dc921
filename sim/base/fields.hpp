// One description of each configuration struct drives everything that people see of it: the JSON reader and
// writer, the JSON schema, the documentation table and the dry run. A struct describes itself once, beside
// its definition:
//
//   struct Config {
//     Bytes bucket = 1_MiB;
//     bool overlap = true;
//   };
//   template <class V>
//   void fields(V& v, Config& c) {
//     v("bucket", c.bucket, "gradient bucket size", more_than(0));
//     v("overlap", c.overlap, "start a bucket's all-reduce while the backward pass still runs");
//   }
//
// Fields may be bool, integers (counts), double (ratios), std::string, Quantity (a string with a unit in
// JSON), enums, nested structs, std::vector, std::optional (null or absent = none) and std::variant of
// structs: a tagged union told apart by its "kind" key (in JSON the kind's name alone is short for it with its defaults); Registered<Interface> (sim/base/registered.hpp) is the
// same for alternatives that register themselves. An enum gives its names in declaration order starting
// at 0,
//   constexpr auto names_of(Noise) { return std::array{std::string_view("off"), std::string_view("on")}; }
// and each struct of a variant carries `static constexpr std::string_view kind` and `kind_help`.
//
// Visitors derive from FieldVisitor and see type-erased references (ValueRef), so they are ordinary .cpp
// files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "sim/base/units.hpp"

namespace orrery {

/// What a number may be; for lists, what each element may be. `required` keys must be present in the JSON.
struct Limits {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_excluded = false;
  bool is_required = false;

  constexpr Limits required() const { return {low, high, low_excluded, true}; }
  constexpr bool allows(double x) const { return x <= high && (low_excluded ? x > low : x >= low); }
};
constexpr Limits at_least(double low) {
  return {low, std::numeric_limits<double>::infinity(), false, false};
}
constexpr Limits more_than(double low) {
  return {low, std::numeric_limits<double>::infinity(), true, false};
}
constexpr Limits between(double low, double high) {
  return {low, high, false, false};
}
constexpr Limits required() {
  return Limits{}.required();
}

/// Exponents of time, data and work, as in Quantity.
struct Dimension {
  int time = 0, data = 0, work = 0;
  constexpr bool operator==(const Dimension&) const = default;
};

class FieldVisitor;
struct ValueRef;

struct IntegerRef {
  void* object;
  std::int64_t low, high;  ///< what the C++ type can hold
  std::int64_t (*get)(void*);
  void (*set)(void*, std::int64_t);
};
struct QuantityRef {
  void* object;
  Dimension dimension;
  double (*get)(void*);
  void (*set)(void*, double);
};
struct EnumRef {
  void* object;
  std::vector<std::string> names;
  std::size_t (*get)(void*);
  void (*set)(void*, std::size_t);
};
struct ListRef {
  void* object;
  std::size_t (*size)(void*);
  void (*resize)(void*, std::size_t);
  ValueRef (*at)(void*, std::size_t);
};
struct OptionalRef {
  void* object;
  bool (*has_value)(void*);
  void (*engage)(void*, bool);  ///< makes a default value, or none
  ValueRef (*value)(void*);     ///< REQUIRES: has_value
};
struct StructRef {
  void* object;
  void (*visit)(void*, FieldVisitor&);
};
struct KindName {
  std::string name, help;
};
struct ChoiceRef {
  void* object;
  std::vector<KindName> kinds;
  std::size_t (*get)(void*);
  void (*set)(void*, std::size_t);  ///< default-constructs that alternative unless it is the current one
  void (*visit)(void*, FieldVisitor&);
};

struct ValueRef {
  std::variant<bool*, double*, std::string*, IntegerRef, QuantityRef, EnumRef, ListRef, OptionalRef,
               StructRef, ChoiceRef>
      to;
};

template <class T>
ValueRef field_ref(T& value);

/// What a struct says about one of its fields, apart from the value.
struct Field {
  std::string_view name, help;
  Limits limits;
};

class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  template <class T>
  void operator()(std::string_view name, T& value, std::string_view help, Limits limits = {}) {
    visit(Field{name, help, limits}, field_ref(value));
  }

 protected:
  virtual void visit(const Field& field, const ValueRef& value) = 0;
};

namespace detail {

template <class T>
struct FieldKind {
  static constexpr bool vector = false, optional = false, variant = false, quantity = false;
};
template <class T>
struct FieldKind<std::vector<T>> : FieldKind<void> {
  static constexpr bool vector = true;
};
template <class T>
struct FieldKind<std::optional<T>> : FieldKind<void> {
  static constexpr bool optional = true;
};
template <class... Ts>
struct FieldKind<std::variant<Ts...>> : FieldKind<void> {
  static constexpr bool variant = true;
  static std::vector<KindName> kinds() {
    return {KindName{std::string(Ts::kind), std::string(Ts::kind_help)}...};
  }
  static void select(std::variant<Ts...>& choice, std::size_t index) {
    std::size_t i = 0;
    ((i++ == index && choice.index() != index ? void(choice.template emplace<Ts>()) : void()), ...);
  }
};
template <int T, int D, int W>
struct FieldKind<Quantity<T, D, W>> : FieldKind<void> {
  static constexpr bool quantity = true;
  static constexpr Dimension dimension{T, D, W};
};

template <class T>
T& as(void* object) {
  return *static_cast<T*>(object);
}

template <class T>
EnumRef enum_ref(T& value) {
  std::vector<std::string> names;
  for (std::string_view name : names_of(T{})) names.emplace_back(name);
  return {&value, std::move(names), [](void* o) { return static_cast<std::size_t>(as<T>(o)); },
          [](void* o, std::size_t i) { as<T>(o) = static_cast<T>(i); }};
}

template <class T>
IntegerRef integer_ref(T& value) {
  constexpr auto max = std::numeric_limits<T>::max();
  constexpr std::int64_t high = sizeof(T) < 8 ? static_cast<std::int64_t>(max) : INT64_MAX;
  return {&value, static_cast<std::int64_t>(std::numeric_limits<T>::min()), high,
          [](void* o) { return static_cast<std::int64_t>(as<T>(o)); },
          [](void* o, std::int64_t i) { as<T>(o) = static_cast<T>(i); }};
}

}  // namespace detail

template <class T>
ValueRef field_ref(T& value) {
  using Kind = detail::FieldKind<T>;
  using detail::as;
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double> || std::is_same_v<T, std::string>) {
    return {&value};
  } else if constexpr (std::is_integral_v<T>) {
    return {detail::integer_ref(value)};
  } else if constexpr (std::is_enum_v<T>) {
    return {detail::enum_ref(value)};
  } else if constexpr (Kind::quantity) {
    return {QuantityRef{&value, Kind::dimension, [](void* o) { return as<T>(o).value(); },
                        [](void* o, double x) { as<T>(o) = T(x); }}};
  } else if constexpr (Kind::vector) {
    return {ListRef{&value, [](void* o) { return as<T>(o).size(); },
                    [](void* o, std::size_t n) { as<T>(o).resize(n); },
                    [](void* o, std::size_t i) { return field_ref(as<T>(o)[i]); }}};
  } else if constexpr (Kind::optional) {
    return {OptionalRef{&value, [](void* o) { return as<T>(o).has_value(); },
                        [](void* o, bool on) { on ? void(as<T>(o).emplace()) : as<T>(o).reset(); },
                        [](void* o) { return field_ref(*as<T>(o)); }}};
  } else if constexpr (Kind::variant) {
    return {ChoiceRef{&value, Kind::kinds(), [](void* o) { return as<T>(o).index(); },
                      [](void* o, std::size_t i) { Kind::select(as<T>(o), i); },
                      [](void* o, FieldVisitor& v) {
                        std::visit([&v](auto& alternative) { fields(v, alternative); }, as<T>(o));
                      }}};
  } else if constexpr (requires { value.choice_ref(); }) {
    return {value.choice_ref()};
  } else {
    return {StructRef{&value, [](void* o, FieldVisitor& v) { fields(v, as<T>(o)); }}};
  }
}

/// The kinds of a variant of described structs, in order.
template <class Choice>
std::vector<KindName> kinds_of() {
  return detail::FieldKind<Choice>::kinds();
}
/// The alternative of that position with its defaults.
template <class Choice>
Choice choice_of_kind(std::size_t index) {
  Choice choice;
  detail::FieldKind<Choice>::select(choice, index);
  return choice;
}

/// Lets `visitor` see every field of `config` in the order of its description.
template <class T>
void visit_fields(FieldVisitor& visitor, T& config) {
  fields(visitor, config);
}

}  // namespace orrery
