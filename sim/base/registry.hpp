// Named alternatives that register themselves: one policy, one file, no other edit. A file that implements an
// interface ends with `const bool registered = things().add<Thing>("name", "one line of help");`, where
// `things()` returns a function-local static Registry (which avoids the static initialisation order trap).
// All registries are found again through `registry_catalog()`, which is what `orrery list` prints.
//
// The linker trap: from a plain static library an unreferenced policy file is silently dropped. Link
// libraries whose files register something as "$<LINK_LIBRARY:WHOLE_ARCHIVE,name>". A golden test of `orrery
// list` guards this.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery {

struct NameAndHelp {
  std::string name;
  std::string help;
};

/// The part of a registry that does not depend on what it makes.
class RegistryBase {
 public:
  virtual ~RegistryBase() = default;
  virtual std::vector<NameAndHelp> names() const = 0;  ///< sorted by name
};

/// Every registry of the program by its plural noun ("models", "optimizers").
inline std::map<std::string, const RegistryBase*>& registry_catalog() {
  static std::map<std::string, const RegistryBase*> catalog;
  return catalog;
}

template <class Interface, class... Args>
class Registry : public RegistryBase {
 public:
  using Factory = std::unique_ptr<Interface> (*)(Args...);

  /// `noun` is one of them ("model"), `plural` all of them ("models").
  Registry(std::string noun, std::string plural) : noun_(std::move(noun)) {
    registry_catalog()[std::move(plural)] = this;
  }
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Two things of one name are a programming error found at start: the program stops with a message.
  template <class T>
  bool add(const std::string& name, const std::string& help) {
    const Factory make = [](Args... args) -> std::unique_ptr<Interface> {
      return std::make_unique<T>(std::forward<Args>(args)...);
    };
    if (!entries_.emplace(name, Entry{help, make}).second) {
      std::fprintf(stderr, "internal error: two %s entries are named \"%s\"\n", noun_.c_str(), name.c_str());
      std::abort();
    }
    return true;
  }

  bool contains(const std::string& name) const { return entries_.count(name) > 0; }

  /// Throws ScenarioError with the known names and the nearest spelling when `name` is unknown.
  std::unique_ptr<Interface> make(const std::string& name, Args... args) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      std::vector<std::string> known;
      for (const auto& [key, entry] : entries_) known.push_back(key);
      throw ScenarioError("", "unknown " + noun_ + " \"" + name + "\"" + spelling_hint(name, known));
    }
    return found->second.make(std::forward<Args>(args)...);
  }

  std::vector<NameAndHelp> names() const override {
    std::vector<NameAndHelp> result;
    for (const auto& [name, entry] : entries_) result.push_back({name, entry.help});
    return result;
  }

 private:
  struct Entry {
    std::string help;
    Factory make;
  };
  std::string noun_;
  std::map<std::string, Entry> entries_;
};

}  // namespace orrery
