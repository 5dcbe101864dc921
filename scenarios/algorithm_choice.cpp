#include "scenarios/algorithm_choice.hpp"

#include "sim/base/json_io.hpp"

namespace orrery::scenario {
namespace {

/// "auto", then the registered names in their order.
std::vector<KindName> kinds() {
  std::vector<KindName> result{{"auto", "the cheapest algorithm that can do it; the answer shows which"}};
  for (NameAndHelp& entry : collective::Algorithm::registry().names()) {
    result.push_back({std::move(entry.name), std::move(entry.help)});
  }
  return result;
}

}  // namespace

AlgorithmChoice::AlgorithmChoice(const std::string& name) {
  if (name != "auto") chosen_.emplace(name);
}

std::string AlgorithmChoice::label() const {
  AlgorithmChoice written = *this, usual(name());
  const Json options = detail::write_value(field_ref(written)), defaults = detail::write_value(field_ref(usual));
  std::string text;
  for (const auto& [key, value] : options.items()) {
    if (value == defaults.at(key)) continue;
    text += (text.empty() ? "" : ", ") + key + " " + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  return text.empty() ? name() : name() + " (" + text + ")";
}

int AlgorithmChoice::extra_hosts(CollectiveKind kind) const {
  collective::PlanRequest smallest;
  smallest.kind = kind;
  if (!chosen_ || (*chosen_)->refusal(smallest)) return 0;
  return (*chosen_)->servers();
}

ChoiceRef AlgorithmChoice::choice_ref() {
  return {this, kinds(),
          [](void* self) {
            const std::string name = detail::as<AlgorithmChoice>(self).name();
            const std::vector<KindName> all = kinds();
            std::size_t i = 0;
            while (all[i].name != name) ++i;
            return i;
          },
          [](void* self, std::size_t index) {
            auto& choice = detail::as<AlgorithmChoice>(self);
            const std::string name = kinds()[index].name;
            if (choice.name() != name) choice = AlgorithmChoice(name);
          },
          [](void* self, FieldVisitor& v) {
            auto& choice = detail::as<AlgorithmChoice>(self);
            if (choice.chosen_) (*choice.chosen_)->visit(v);
          }};
}

}  // namespace orrery::scenario
