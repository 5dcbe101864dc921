// Small runs for the tests of simulated parallel SGD: parts from their JSON, as scenarios write them, and a quadratic
// problem on which everything is known.
#pragma once

#include <string>

#include "sim/base/json_io.hpp"
#include "workloads/sgd/engine.hpp"

namespace orrery::sgd {

template <class T>
struct Part {
  T value;
};
template <class V, class T>
void fields(V& v, Part<T>& c) {
  v("value", c.value, "the part");
}

/// `json` is a name in quotes or an object with "kind".
template <class Interface>
Registered<Interface> registered(const std::string& json) {
  Part<Registered<Interface>> part{Registered<Interface>(Interface::registry().names().front().name)};
  read_json(parse_json("{\"value\": " + json + "}", "test"), part);
  return part.value;
}
template <class T>
T part(const std::string& json) {
  Part<T> part{};
  read_json(parse_json("{\"value\": " + json + "}", "test"), part);
  return part.value;
}

inline Registered<sync::Variant> variant(const std::string& json) { return registered<sync::Variant>(json); }

/// F(w) = w^2 / 2 from w = 3 with gradient noise of variance 1 per sample, batches of 8, step size 0.1; times
/// exponential with mean 1 s, 8 learners, 100 s, free communication.
inline SgdSpec quadratic_run(const std::string& variant_json, const std::string& problem = R"("quadratic")") {
  SgdSpec spec;
  spec.problem = registered<learn::Problem>(problem);
  spec.batch = 8;
  spec.update.optimizer = model::SgdConfig{0.1};
  spec.variant = variant(variant_json);
  spec.horizon.time = Seconds(100.0);
  spec.evaluation.points = 20;
  return spec;
}

inline void constant_times(SgdSpec& spec, const std::string& seconds) {
  spec.compute.distribution = registered<straggler::ComputeTime>(R"({"kind": "constant", "time": ")" + seconds + "\"}");
}

}  // namespace orrery::sgd
