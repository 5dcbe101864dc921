// The values of a simulated run: models, gradients, updates. No clock and no network: the engine says when, this says
// what. Gradients are really computed, at the model that the learner really holds.
//
// Draws are addressed: the n-th mini-batch that a learner begins has the same samples in every run of one seed,
// whatever the variant, and whether or not earlier ones were cancelled.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/base/rng.hpp"
#include "workloads/learn/compressor.hpp"
#include "workloads/learn/problem.hpp"
#include "workloads/learn/updater.hpp"
#include "workloads/sgd/result.hpp"
#include "workloads/sgd/snapshots.hpp"
#include "workloads/sgd/spec.hpp"

namespace orrery::sgd {

class Learning {
 public:
  /// Keeps a reference to `spec`. Every learner holds the initial model.
  explicit Learning(const SgdSpec& spec);

  std::int64_t parameters() const { return objective_->parameters(); }

  /// The learner goes on to its next mini-batch: another stream of samples.
  void begin(int learner) { ++begun_[static_cast<std::size_t>(learner)]; }
  /// Central variants: the learner gets the server's present model, which has that version.
  void fetch(int learner, std::int64_t version) { snapshots_.take(learner, version, server_); }

  /// Computes the gradient of the learner's present mini-batch and returns its loss. It is the one meant below.
  double compute(int learner);
  /// It is sent: it goes through the learner's compressor, whose memory it changes.
  void send(int learner);
  /// The server adds what was sent to its next update.
  void add(std::int64_t staleness);
  /// Central variants: one update of the server's model with all gradients added since the last one. With pull
  /// compression the change of the model is compressed before it is made, so that learners, who get that, and the
  /// server keep the same model; under plain SGD the change is -eta mean(C(g)), so this is C(mean(C(g))).
  void update();
  /// Local variants: the learner updates its own model with it.
  void update_own(int learner);
  /// Local variants: mixes models.
  void mix(const sync::Round& round);

  double epochs() const;
  /// The model that counts: the server's, or the mean of the learners'.
  CurvePoint score();

 private:
  const learn::Vector& held_by(int learner) const;
  learn::Vector& model(int index);

  const SgdSpec& spec_;
  bool central_, server_model_;
  std::unique_ptr<learn::Objective> objective_;
  learn::Vector server_, gradient_, before_, mean_;
  Snapshots snapshots_;                  // central variants: by learner
  std::vector<learn::Vector> own_;       // local variants: by learner
  std::vector<learn::Vector> mixed_;     // one for each target of a round
  std::vector<learn::Updater> updaters_; // the server's; local variants: by learner
  std::vector<learn::CompressionState> push_, pull_;  // by learner, the server's; empty where nothing is compressed
  std::vector<RngStream> draws_;         // by learner: its words 2n and 2n + 1 are the key of the n-th mini-batch's stream
  std::vector<std::uint64_t> begun_;
  std::int64_t used_ = 0;                // gradients
};

}  // namespace orrery::sgd
