// What `validate self-train` keeps: predictions, sealed before anything runs, and measured runs. Both are
// JSON files described by `fields()`, so that the scoring can be repeated from a folder without running
// anything.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/fields.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::validate {

/// Seconds per step by what a rank does. Waiting for other ranks is a part of communication here, because a
/// blocking all-reduce cannot tell the two apart.
struct Components {
  double forward_s = 0, backward_s = 0, communication_s = 0, update_s = 0;
};
template <class V>
void fields(V& v, Components& c) {
  v("forward_s", c.forward_s, "forward pass");
  v("backward_s", c.backward_s, "backward pass without communication");
  v("communication_s", c.communication_s, "all-reduce, waiting for other ranks included");
  v("update_s", c.update_s, "averaging and optimizer");
}

struct Predicted {
  std::string config, model;
  int ranks = 1;
  double step_s = 0, low_s = 0, high_s = 0;
  Components components;
  double extrapolated_share = 0;
};
template <class V>
void fields(V& v, Predicted& c) {
  v("config", c.config, "name of the configuration", required());
  v("model", c.model, "kind and size of the model");
  v("ranks", c.ranks, "processes that train");
  v("step_s", c.step_s, "median step time", more_than(0).required());
  v("low_s", c.low_s, "lower end of the 80 % interval of the measured median");
  v("high_s", c.high_s, "upper end of it");
  v("components", c.components, "where the time goes");
  v("extrapolated_share", c.extrapolated_share, "part of the time that lies outside the calibrated region");
}

/// Present time / calibrated time of the machine, from a few anchor kernels, by what they stand for.
struct PresentSpeed {
  double compute = 1, memory = 1, small = 1, communication = 1;
};
template <class V>
void fields(V& v, PresentSpeed& c) {
  v("compute", c.compute, "matrix products", more_than(0));
  v("memory", c.memory, "copies from main memory", more_than(0));
  v("small", c.small, "fixed cost of small operators", more_than(0));
  v("communication", c.communication, "all-reduce", more_than(0));
}

struct Predictions {
  std::string profile, cost_model;
  PresentSpeed present_speed;
  std::vector<Predicted> predictions;
};
template <class V>
void fields(V& v, Predictions& c) {
  v("profile", c.profile, "file that the predictions are made from");
  v("cost_model", c.cost_model, "device and fingerprint of the profile");
  v("present_speed", c.present_speed, "how much slower the machine was than when it was calibrated");
  v("predictions", c.predictions, "one per configuration");
}

/// One real run; the lists have one value per timed step.
struct MeasuredRun {
  std::string config;
  int run = 0;
  std::string predictions_hash;
  std::vector<double> step_s, forward_s, backward_s, communication_s, update_s;
};
template <class V>
void fields(V& v, MeasuredRun& c) {
  v("config", c.config, "name of the configuration", required());
  v("run", c.run, "0, 1, ...: identical runs");
  v("predictions_hash", c.predictions_hash, "seal of the predictions that were there before this run");
  v("step_s", c.step_s, "time of each step", more_than(0).required());
  v("forward_s", c.forward_s, "forward pass of each step, mean over ranks");
  v("backward_s", c.backward_s, "backward pass of each step, mean over ranks");
  v("communication_s", c.communication_s, "all-reduces of each step with waiting, mean over ranks");
  v("update_s", c.update_s, "update of each step, mean over ranks");
}

/// 16 hexadecimal digits (FNV-1a, 64 bit) over a text: tells whether a file was changed, not who did it.
std::string seal_of(const std::string& text);

/// A JSON object without its key "seal", which was right.
struct Sealed {
  JsonDocument document;
  std::string seal;
};
/// Throws ScenarioError when there is no seal or it does not match the rest; `suite` ("self-train") is for the message.
Sealed open_sealed(const std::string& text, const std::string& place, const std::string& suite);

/// JSON with a last line "seal" over everything before it.
std::string write_predictions(const Predictions& predictions);
/// Throws ScenarioError when the seal does not match the content.
struct SealedPredictions {
  Predictions predictions;
  std::string seal;
};
SealedPredictions read_predictions(const std::string& text, const std::string& place);

/// One line.
std::string write_run(const MeasuredRun& run);
/// Throws ScenarioError when the lists differ in length or are empty.
MeasuredRun read_run(const std::string& text, const std::string& place);

}  // namespace orrery::validate
