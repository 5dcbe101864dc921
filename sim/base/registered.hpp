// A configuration field whose alternatives register themselves: the open counterpart of a std::variant of described
// structs. In JSON both look the same, {"kind": "fat_tree", "k": 8}; here a new kind is one new file and no other edit.
//
//   class TopologyBuilder {                                   // the interface
//    public:
//     virtual ~TopologyBuilder() = default;
//     virtual std::unique_ptr<TopologyBuilder> clone() const = 0;
//     virtual void visit(FieldVisitor& v) = 0;
//     virtual Topology build() const = 0;
//     static Registry<TopologyBuilder>& registry();
//   };
//   class Ring final : public Configured<TopologyBuilder, Ring, RingConfig> {   // one file
//     Topology build() const override { ... config().hosts ... }
//   };
//   const bool registered = TopologyBuilder::registry().add<Ring>("ring", "hosts in a circle");
//
//   struct Config { Registered<TopologyBuilder> topology{"ring"}; };            // a field
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/fields.hpp"
#include "sim/base/registry.hpp"

namespace orrery {

/// Gives an implementation its configuration, copying and description. REQUIRES: `Config` has a fields() overload.
template <class Interface, class Derived, class Config>
class Configured : public Interface {
 public:
  Configured() = default;
  std::unique_ptr<Interface> clone() const override {
    return std::make_unique<Derived>(static_cast<const Derived&>(*this));
  }
  void visit(FieldVisitor& v) override { fields(v, config_); }

  const Config& config() const { return config_; }
  Config& config() { return config_; }

 private:
  Config config_;
};

/// One of the registered implementations with its configuration: a value, copied deeply.
template <class Interface>
class Registered {
 public:
  /// The implementation of that name with its defaults. Throws ScenarioError when the name is unknown.
  explicit Registered(const std::string& name) { select(name); }
  Registered(const Registered& other) : name_(other.name_), value_(other.value_->clone()) {}
  Registered& operator=(const Registered& other) {
    if (this != &other) *this = Registered(other);
    return *this;
  }
  Registered(Registered&&) noexcept = default;
  Registered& operator=(Registered&&) noexcept = default;
  ~Registered() = default;

  const std::string& name() const { return name_; }
  const Interface& operator*() const { return *value_; }
  const Interface* operator->() const { return value_.get(); }
  Interface& operator*() { return *value_; }
  Interface* operator->() { return value_.get(); }

  void select(const std::string& name) {
    value_ = Interface::registry().make(name);
    name_ = name;
  }

  /// For the field visitors (sim/base/fields.hpp).
  ChoiceRef choice_ref() {
    std::vector<KindName> kinds;
    for (NameAndHelp& entry : Interface::registry().names())
      kinds.push_back({std::move(entry.name), std::move(entry.help)});
    return {this, std::move(kinds), get, set,
            [](void* self, FieldVisitor& v) { detail::as<Registered>(self).value_->visit(v); }};
  }

 private:
  static std::size_t get(void* self) {
    const std::string& name = detail::as<Registered>(self).name_;
    std::size_t i = 0;
    for (const NameAndHelp& entry : Interface::registry().names()) {
      if (entry.name == name) return i;
      ++i;
    }
    throw InternalError("internal error: \"" + name + "\" is not registered");
  }
  static void set(void* self, std::size_t index) {
    const std::string name = Interface::registry().names()[index].name;
    auto& registered = detail::as<Registered>(self);
    if (registered.name_ != name) registered.select(name);
  }

  std::string name_;
  std::unique_ptr<Interface> value_;
};

}  // namespace orrery
