#include "validate/reference/sgd_learner.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace orrery::reference {
namespace {

constexpr int kServer = 0;

}  // namespace

SgdLearner::SgdLearner(const SgdConfig& config, int learner, learn::Objective& objective,
                       calibrate::PointToPoint& messages)
    : config_(config),
      learner_(learner),
      objective_(objective),
      mail_(messages, std::span(&kServer, 1), static_cast<std::size_t>(objective.parameters())),
      compute_(config.compute, config.learners, Seed{config.seed}),
      updater_(config.update, objective.parameters()),
      model_(objective.parameters()),
      gradient_(objective.parameters()) {}

bool SgdLearner::advance(Seconds now) {
  while (!over_) {
    const Letter* letter = mail_.poll();
    if (letter == nullptr) break;
    obey(*letter, now);
  }
  if (deadline_ && now >= *deadline_) send_gradient(now);
  if (over_ && mail_.under_way() > 0) mail_.poll();
  return !over_ || mail_.under_way() > 0;
}

void SgdLearner::obey(const Letter& letter, Seconds now) {
  if (sent_) times_.reply.add((now - *sent_).value());
  sent_.reset();
  deadline_.reset();
  sequence_ = letter.sequence;
  switch (letter.kind) {
    case LetterKind::begin: std::copy(letter.body.begin(), letter.body.end(), model_.begin()); begin(now); return;
    case LetterKind::repeat: begin(now); return;
    case LetterKind::end:
      over_ = true;
      mail_.send({LetterKind::farewell, kServer, 0, 0.0F, {}});
      return;
    case LetterKind::gradient:
    case LetterKind::farewell: break;
  }
  SIM_ASSERT(false, "a learner gets orders only");
}

/// The gradient's own time is a part of the drawn time, because the deadline counts from the beginning.
void SgdLearner::begin(Seconds now) {
  deadline_ = now + compute_.draw(learner_, now);
  RngStream draws = mini_batch_draws(config_, learner_, begun_++);
  loss_ = static_cast<float>(objective_.gradient(model_, config_.batch, draws, gradient_));
}

void SgdLearner::send_gradient(Seconds now) {
  times_.late.add((now - *deadline_).value());
  deadline_.reset();
  sent_ = now;
  const learn::Vector* body = &gradient_;
  if (!config_.variant->is_central()) {
    updater_.add(gradient_, 0);
    updater_.update(model_, epochs_of(++steps_ * config_.learners, config_, objective_));
    body = &model_;
  }
  mail_.send({LetterKind::gradient, kServer, sequence_, loss_,
              std::span(body->data(), static_cast<std::size_t>(body->size()))});
}

}  // namespace orrery::reference
