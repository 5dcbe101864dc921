#include "workloads/sgd/learning.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace orrery::sgd {

namespace {

bool compresses(const learn::CompressionConfig& config) {
  return config.method.name() != "none";
}

learn::Vector initial_model(const SgdSpec& spec, const learn::Objective& objective) {
  learn::Vector model;
  objective.initial(stream(spec.seed, "initial model"), model);
  return model;
}

}  // namespace

Learning::Learning(const SgdSpec& spec)
    : spec_(spec),
      central_(spec.variant->is_central()),
      server_model_(spec.variant->has_server_model()),
      objective_(spec.problem->bind(spec.data)),
      server_(initial_model(spec, *objective_)),
      gradient_(server_.size()),
      snapshots_(central_ ? spec.learners : 0, server_),
      begun_(static_cast<std::size_t>(spec.learners), 0) {
  if (!central_) own_.assign(static_cast<std::size_t>(spec.learners), server_);
  for (int i = 0; i < spec.learners; ++i) {
    const auto index = static_cast<std::uint64_t>(i);
    draws_.push_back(stream(spec.seed, "mini-batch", index));
    if (i == 0 || !central_) updaters_.emplace_back(spec.update, parameters());
    if (compresses(spec.push)) {
      push_.emplace_back(spec.push.method, spec.push.error_feedback, stream(spec.seed, "push compression", index));
    }
  }
  if (compresses(spec.pull)) {
    pull_.emplace_back(spec.pull.method, spec.pull.error_feedback, stream(spec.seed, "pull compression"));
  }
}

const learn::Vector& Learning::held_by(int learner) const {
  return central_ ? snapshots_.of(learner) : own_[static_cast<std::size_t>(learner)];
}

double Learning::compute(int learner) {
  const auto i = static_cast<std::size_t>(learner);
  const std::uint64_t n = begun_[i] - 1;
  RngStream draws(draws_[i].at(2 * n), draws_[i].at(2 * n + 1));
  return objective_->gradient(held_by(learner), spec_.batch, draws, gradient_);
}

void Learning::send(int learner) {
  if (!push_.empty()) push_[static_cast<std::size_t>(learner)].apply(gradient_);
}

void Learning::add(std::int64_t staleness) {
  updaters_.front().add(gradient_, staleness);
  ++used_;
}

void Learning::update() {
  if (pull_.empty()) {
    updaters_.front().update(server_, epochs());
    return;
  }
  before_ = server_;
  updaters_.front().update(server_, epochs());
  server_ -= before_;
  pull_.front().apply(server_);
  server_ += before_;
}

void Learning::update_own(int learner) {
  const auto i = static_cast<std::size_t>(learner);
  ++used_;
  updaters_[i].add(gradient_, 0);
  updaters_[i].update(own_[i], epochs());
}

learn::Vector& Learning::model(int index) {
  return index == spec_.learners ? server_ : own_[static_cast<std::size_t>(index)];
}

/// Rows first into memory of their own, then all into place: each is a mean of old models. A row equal to the one
/// before it (averaging over all) is not computed again.
void Learning::mix(const sync::Round& round) {
  const std::vector<sync::Mix>& terms = round.mix;
  const auto row_end = [&terms](std::size_t begin) {
    std::size_t end = begin;
    while (end < terms.size() && terms[end].target == terms[begin].target) ++end;
    return end;
  };
  const auto equal_terms = [](const sync::Mix& a, const sync::Mix& b) {
    return a.source == b.source && a.weight == b.weight;
  };
  std::size_t rows = 0, before = 0, before_end = 0;
  for (std::size_t begin = 0; begin < terms.size();) {
    const std::size_t end = row_end(begin);
    if (rows == mixed_.size()) mixed_.emplace_back(server_.size());
    learn::Vector& out = mixed_[rows];
    if (rows > 0 && std::equal(terms.begin() + static_cast<std::ptrdiff_t>(begin),
                               terms.begin() + static_cast<std::ptrdiff_t>(end),
                               terms.begin() + static_cast<std::ptrdiff_t>(before),
                               terms.begin() + static_cast<std::ptrdiff_t>(before_end), equal_terms)) {
      out = mixed_[rows - 1];
    } else {
      out.setZero();
      for (std::size_t t = begin; t < end; ++t) out += static_cast<float>(terms[t].weight) * model(terms[t].source);
    }
    ++rows;
    before = begin;
    before_end = begin = end;
  }
  rows = 0;
  for (std::size_t begin = 0; begin < terms.size(); begin = row_end(begin)) model(terms[begin].target) = mixed_[rows++];
}

double Learning::epochs() const {
  const auto samples = static_cast<double>(objective_->samples());
  return samples == 0.0 ? 0.0 : static_cast<double>(used_) * static_cast<double>(spec_.batch) / samples;
}

CurvePoint Learning::score() {
  if (!server_model_) {
    mean_.setZero(server_.size());
    for (const learn::Vector& own : own_) mean_ += own;
    mean_ /= static_cast<float>(own_.size());
  }
  const learn::Vector& scored = server_model_ ? server_ : mean_;
  CurvePoint point;
  point.epochs = epochs();
  point.loss = objective_->train_loss(scored, spec_.evaluation.samples);
  if (const auto test = objective_->test(scored, spec_.evaluation.samples)) {
    point.test_loss = test->loss;
    point.accuracy = test->accuracy;
  }
  return point;
}

}  // namespace orrery::sgd
