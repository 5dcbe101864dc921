#include "sim/observe/trace.hpp"

namespace orrery::observe {

TrackId Trace::track(std::string_view process, std::string_view thread) {
  if (!enabled_) return TrackId{};
  const TrackId fresh{static_cast<std::int32_t>(tracks_.size())};
  const auto [place, inserted] = track_ids_.try_emplace({std::string(process), std::string(thread)}, fresh);
  if (inserted) tracks_.push_back(Track{std::string(process), std::string(thread)});
  return place->second;
}

CounterId Trace::counter(std::string_view process, std::string_view name) {
  if (!enabled_) return CounterId{};
  const CounterId fresh{static_cast<std::int32_t>(counters_.size())};
  const auto [place, inserted] = counter_ids_.try_emplace({std::string(process), std::string(name)}, fresh);
  if (inserted) counters_.push_back(Counter{std::string(process), std::string(name)});
  return place->second;
}

NameId Trace::name(std::string_view text) {
  if (!enabled_) return NameId{};
  const auto known = name_ids_.find(text);
  if (known != name_ids_.end()) return known->second;
  const NameId fresh{static_cast<std::int32_t>(names_.size())};
  names_.emplace_back(text);
  name_ids_.emplace(std::string(text), fresh);
  return fresh;
}

}  // namespace orrery::observe
