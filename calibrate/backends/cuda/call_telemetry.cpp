#include "calibrate/backends/cuda/call_telemetry.hpp"

#include <algorithm>
#include <cstdint>

namespace orrery::cuda {
namespace {

constexpr std::size_t kNameMax = 96;

double median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// REQUIRES: `work` is ordered by start.
double busy_seconds(const std::vector<TracedWork>& work) {
  std::uint64_t busy_ns = 0, until_ns = 0;
  for (const TracedWork& piece : work) {
    const std::uint64_t start_ns = std::max(piece.start_ns, until_ns);
    if (piece.end_ns > start_ns) busy_ns += piece.end_ns - start_ns;
    until_ns = std::max(until_ns, piece.end_ns);
  }
  return 1e-9 * static_cast<double>(busy_ns);
}

/// "void a::f<float, 4>(long, T1)" -> "a::f".
std::string short_name(const std::string& name) {
  const std::string kVoid = "void ";
  std::string text = name.starts_with(kVoid) ? name.substr(kVoid.size()) : name;
  // "(anonymous namespace)" is part of a name, not the start of its parameters.
  const std::string kAnonymous = "(anonymous namespace)::";
  for (std::size_t at = text.find(kAnonymous); at != std::string::npos; at = text.find(kAnonymous)) {
    text.erase(at, kAnonymous.size());
  }
  text.resize(std::min({text.size(), text.find('<'), text.find('('), kNameMax}));
  return text;
}

}  // namespace

calibrate::Telemetry telemetry_of(const CallFacts& facts) {
  calibrate::Telemetry told;
  told.host = Seconds(median(facts.host_seconds));
  told.kernel = Seconds(busy_seconds(facts.trace.work));
  told.algorithm = facts.algorithm;
  const TracedWork* longest = nullptr;
  for (const TracedWork& piece : facts.trace.work) {
    if (piece.kind != TracedWork::Kind::kernel) continue;
    ++told.kernels;
    const bool is_longer =
        longest == nullptr || piece.end_ns - piece.start_ns > longest->end_ns - longest->start_ns;
    if (is_longer) longest = &piece;
  }
  if (longest != nullptr) {
    told.algorithm += (told.algorithm.empty() ? "" : "; ") + short_name(longest->name);
  }
  told.clock_mhz = facts.reading.sm_clock_mhz.value_or(0.0);
  told.power_w = facts.reading.power_w.value_or(0.0);
  told.throttle = facts.reading.throttle;
  return told;
}

}  // namespace orrery::cuda
