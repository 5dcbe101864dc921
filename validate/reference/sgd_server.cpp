#include "validate/reference/sgd_server.hpp"

#include <algorithm>
#include <numeric>

#include "sim/base/error.hpp"

namespace orrery::reference {
namespace {

std::vector<int> ranks_of(int learners) {
  std::vector<int> ranks(static_cast<std::size_t>(learners));
  std::iota(ranks.begin(), ranks.end(), 1);
  return ranks;
}

std::span<const float> numbers(const learn::Vector& vector) {
  return {vector.data(), static_cast<std::size_t>(vector.size())};
}

learn::Vector vector_of(std::span<const float> numbers) {
  return learn::Vector::Map(numbers.data(), static_cast<Eigen::Index>(numbers.size()));
}

}  // namespace

SgdServer::SgdServer(const SgdConfig& config, learn::Objective& objective, calibrate::PointToPoint& messages)
    : config_(config),
      objective_(objective),
      mail_(messages, ranks_of(config.learners), static_cast<std::size_t>(objective.parameters())),
      coordinator_(*config_.variant, config.learners),
      updater_(config.update, objective.parameters()),
      sequences_(static_cast<std::size_t>(config.learners), 0) {
  learn::Vector initial(objective.parameters());
  objective_.initial(initial_draws(config_), initial);
  models_.assign(static_cast<std::size_t>(config.learners) + 1, initial);
  mixed_ = models_;
}

void SgdServer::start() {
  keep_models(Seconds(0.0));
  for (int i = 0; i < config_.learners; ++i) send(LetterKind::begin, i, &models_.back());
}

bool SgdServer::advance(Seconds now) {
  keep_models(now);
  if (!is_ending_ && now >= config_.time) end(now);
  while (const Letter* letter = mail_.poll()) {
    if (letter->kind == LetterKind::farewell) {
      ++farewells_;
    } else if (!is_ending_) {
      take(*letter, now);
    }
  }
  return farewells_ < config_.learners || mail_.under_way() > 0;
}

/// The model changes only where letters are answered, so a copy may be made late as long as it is made before that.
void SgdServer::keep_models(Seconds now) {
  for (;;) {
    const Seconds due = config_.time * (static_cast<double>(kept_.size()) / config_.points);
    if (due > now || static_cast<int>(kept_.size()) > config_.points || is_ending_) return;
    kept_.push_back({due, coordinator_.books().updates, model()});
  }
}

learn::Vector SgdServer::model() const {
  if (config_.variant->has_server_model()) return models_.back();
  learn::Vector sum = models_.front();
  for (std::size_t i = 1; i + 1 < models_.size(); ++i) sum += models_[i];
  return sum / static_cast<float>(config_.learners);
}

void SgdServer::take(const Letter& letter, Seconds now) {
  const int learner = letter.peer - 1;
  if (letter.sequence != sequences_[static_cast<std::size_t>(learner)]) {
    ++run_.late;
    return;
  }
  run_.arrivals.learners.push_back(learner);
  run_.arrivals.times_s.push_back(now.value());
  run_.arrivals.losses.push_back(letter.loss);
  const sync::Orders& orders = coordinator_.arrive(learner, now, letter.loss);
  use(orders, letter);
  if (orders.use == sync::Use::apply || !orders.round_members.empty()) run_.update_times_s.push_back(now.value());
  answer(orders);
  if (config_.updates && coordinator_.books().updates >= *config_.updates) end(now);
}

void SgdServer::use(const sync::Orders& orders, const Letter& letter) {
  switch (orders.use) {
    case sync::Use::drop: return;
    case sync::Use::hold: held_.push_back(vector_of(letter.body)); return;
    case sync::Use::local: models_[static_cast<std::size_t>(letter.peer - 1)] = vector_of(letter.body); return;
    case sync::Use::apply: break;
  }
  held_.push_back(vector_of(letter.body));
  SIM_ASSERT(held_.size() == orders.applied.size(), "all gradients that were held are used");
  for (std::size_t i = 0; i < held_.size(); ++i) updater_.add(held_[i], orders.applied[i].staleness);
  used_ += static_cast<std::int64_t>(held_.size());
  held_.clear();
  updater_.update(models_.back(), epochs_of(used_, config_, objective_));
}

void SgdServer::answer(const sync::Orders& orders) {
  SIM_ASSERT(config_.variant->is_central() || orders.use == sync::Use::local, "a local step cannot be taken back");
  for (int i = 0; i < config_.learners; ++i) {
    switch (orders.next[static_cast<std::size_t>(i)]) {
      case sync::Next::go_on:
      case sync::Next::wait: break;
      case sync::Next::repeat: send(LetterKind::repeat, i, nullptr); break;
      case sync::Next::fetch: send(LetterKind::begin, i, &models_.back()); break;
    }
  }
  if (orders.round_members.empty()) return;
  mix(orders.round);
  for (const int i : orders.round_members) send(LetterKind::begin, i, &models_[static_cast<std::size_t>(i)]);
}

void SgdServer::mix(const sync::Round& round) {
  for (const sync::Mix& m : round.mix) mixed_[static_cast<std::size_t>(m.target)].setZero();
  for (const sync::Mix& m : round.mix) {
    mixed_[static_cast<std::size_t>(m.target)] +=
        static_cast<float>(m.weight) * models_[static_cast<std::size_t>(m.source)];
  }
  for (const sync::Mix& m : round.mix) {
    models_[static_cast<std::size_t>(m.target)] = mixed_[static_cast<std::size_t>(m.target)];
  }
}

void SgdServer::send(LetterKind kind, int learner, const learn::Vector* body) {
  const std::int64_t sequence = ++sequences_[static_cast<std::size_t>(learner)];
  mail_.send({kind, learner + 1, sequence, 0.0F, body == nullptr ? std::span<const float>() : numbers(*body)});
}

void SgdServer::end(Seconds now) {
  is_ending_ = true;
  run_.duration_s = now.value();
  for (int i = 0; i < config_.learners; ++i) send(LetterKind::end, i, nullptr);
}

SgdRun SgdServer::record() {
  SIM_ASSERT(is_ending_, "a run is recorded when it is over");
  const sync::Books& books = coordinator_.books();
  run_.config = config_;
  run_.updates = books.updates;
  run_.rounds = books.rounds;
  run_.gradients = books.gradients;
  run_.dropped = books.dropped;
  run_.cancelled = books.cancelled;
  run_.staleness = books.staleness;
  run_.decisions_hash = decisions_hash_text(coordinator_.decisions_hash());
  for (const Kept& kept : kept_) {
    ScoredPoint point{kept.time.value(), kept.updates, objective_.train_loss(kept.model, config_.samples), {}};
    if (const auto test = objective_.test(kept.model, config_.samples)) point.accuracy = test->accuracy;
    run_.curve.push_back(point);
  }
  return run_;
}

}  // namespace orrery::reference
