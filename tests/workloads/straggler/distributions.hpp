// The registered distributions of compute times as the tests use them: by JSON text, and one example of each.
#pragma once

#include <string>
#include <vector>

#include "sim/base/json_io.hpp"
#include "workloads/straggler/compute_times.hpp"

namespace orrery::straggler {

/// `fields` as in a scenario: R"("mean": "2 s", "shape": 3)".
inline Registered<ComputeTime> distribution(const std::string& kind, const std::string& fields = "") {
  StragglerConfig config;
  const std::string text =
      R"({"distribution": {"kind": ")" + kind + "\"" + (fields.empty() ? "" : ", " + fields) + "}}";
  read_json(parse_json(text, "test"), config);
  return config.distribution;
}

struct Example {
  std::string kind, fields;
  Registered<ComputeTime> times() const { return distribution(kind, fields); }
};

/// Every registered distribution with its defaults (the empirical one, which has none, with some times), then others
/// that are further from the usual.
inline std::vector<Example> examples() {
  std::vector<Example> all;
  for (const NameAndHelp& entry : ComputeTime::registry().names()) {
    const bool measured = entry.name == "empirical";
    all.push_back({entry.name, measured ? R"("values": ["1.5 s", "1 s", "1.1 s", "4 s", "1.2 s", "2 s"])" : ""});
  }
  all.push_back({"exponential", R"("mean": "7 ms")"});
  all.push_back({"shifted_exponential", R"("shift": "2 s", "mean_excess": "10 ms")"});
  all.push_back({"pareto", R"("minimum": "0.2 s", "shape": 2.6)"});
  all.push_back({"lognormal", R"("mean": "3 s", "cv2": 0.001)"});
  all.push_back({"lognormal", R"("mean": "3 s", "cv2": 2)"});
  all.push_back({"gamma", R"("mean": "2 s", "shape": 0.4)"});
  all.push_back({"gamma", R"("mean": "2 s", "shape": 250)"});
  all.push_back({"empirical", R"("values": ["2 s"])"});
  return all;
}

}  // namespace orrery::straggler
