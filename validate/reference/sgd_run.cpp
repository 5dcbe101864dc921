#include "validate/reference/sgd_run.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "sim/base/error.hpp"
#include "validate/reference/sgd_learner.hpp"
#include "validate/reference/sgd_server.hpp"

namespace orrery::reference {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a waiting rank looks away: it bounds the delay of a letter, and each look costs a few microseconds.
constexpr std::chrono::microseconds kServerNap{100}, kLearnerNap{200};

/// All ranks are on one machine, so they read the same clock: rank 0 names a moment at which all start.
Clock::time_point common_start(calibrate::Communicator& world) {
  world.patient_barrier();
  auto moment = (Clock::now() + std::chrono::milliseconds(20)).time_since_epoch().count();
  world.broadcast(std::as_writable_bytes(std::span(&moment, 1)), 0);
  const Clock::time_point start{Clock::duration(moment)};
  std::this_thread::sleep_until(start);
  return start;
}

Seconds since(Clock::time_point start) {
  return Seconds(std::chrono::duration<double>(Clock::now() - start).count());
}

/// Heavy-tailed compute times may lie beyond what the clock can count; a year is far behind every run's end.
Clock::time_point moment(Clock::time_point start, Seconds time) {
  const double within = std::min(time.value(), 3e7);
  return start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(within));
}

void serve(SgdServer& server, Clock::time_point start) {
  server.start();
  while (server.advance(since(start))) std::this_thread::sleep_for(kServerNap);
}

void learn_until_the_end(SgdLearner& learner, Clock::time_point start) {
  while (learner.advance(since(start))) {
    Clock::time_point wake = Clock::now() + kLearnerNap;
    if (const auto due = learner.wakes()) wake = std::min(wake, moment(start, *due));
    std::this_thread::sleep_until(wake);
  }
}

/// Seconds per call; the first one, which allocates, is left out.
template <class Work>
double time_of(const Work& work) {
  constexpr int kCalls = 20;
  work();
  const Clock::time_point begin = Clock::now();
  for (int i = 0; i < kCalls; ++i) work();
  return since(begin).value() / kCalls;
}

double time_of_gradient(const SgdConfig& config, learn::Objective& objective) {
  learn::Vector at(objective.parameters()), gradient(objective.parameters());
  objective.initial(initial_draws(config), at);
  RngStream draws = stream(Seed{config.seed}, "warm-up");
  return time_of([&] { objective.gradient(at, config.batch, draws, gradient); });
}

double time_of_update(const SgdConfig& config, const learn::Objective& objective) {
  learn::Updater updater(config.update, objective.parameters());
  learn::Vector at = learn::Vector::Zero(objective.parameters());
  return time_of([&] {
    updater.add(at, 0);
    updater.update(at, 0.0);
  });
}

/// Means over the learners' mini-batches, from what each learner measured.
SgdOverheads gather(const LearnerTimes& own, double gradient_s, calibrate::Communicator& world) {
  const std::array<float, 5> mine{static_cast<float>(own.late.count()), static_cast<float>(own.late.mean()),
                                  static_cast<float>(own.reply.count()), static_cast<float>(own.reply.mean()),
                                  static_cast<float>(gradient_s)};
  std::vector<float> all(mine.size() * static_cast<std::size_t>(world.size()));
  world.all_gather(mine, all);
  SgdOverheads mean;
  double gradients = 0.0, replies = 0.0;
  for (std::size_t i = mine.size(); i < all.size(); i += mine.size()) {
    gradients += all[i];
    mean.late_s += static_cast<double>(all[i]) * all[i + 1];
    replies += all[i + 2];
    mean.reply_s += static_cast<double>(all[i + 2]) * all[i + 3];
    mean.gradient_s += all[i + 4] / (world.size() - 1);
  }
  mean.late_s /= std::max(gradients, 1.0);
  mean.reply_s /= std::max(replies, 1.0);
  return mean;
}

}  // namespace

std::optional<SgdRun> run_parameter_server(const SgdConfig& config, const learn::Dataset* data,
                                           calibrate::Communicator& world, calibrate::PointToPoint& messages) {
  SIM_ASSERT(world.size() == config.learners + 1, "one rank serves and the others learn");
  const std::unique_ptr<learn::Objective> objective = config.problem->bind(data);
  if (world.rank() == 0) {
    SgdServer server(config, *objective, messages);
    const double update_s = time_of_update(config, *objective);
    serve(server, common_start(world));
    SgdRun run = server.record();
    run.overheads = gather({}, 0.0, world);
    run.overheads.update_s = update_s;
    return run;
  }
  SgdLearner learner(config, world.rank() - 1, *objective, messages);
  const double gradient_s = time_of_gradient(config, *objective);
  learn_until_the_end(learner, common_start(world));
  gather(learner.times(), gradient_s, world);
  return std::nullopt;
}

std::optional<std::string> refusal(const SgdConfig& config, const learn::Dataset* data) {
  if (auto reason = config.variant->refusal(config.learners)) return reason;
  if (!config.problem->needs_data()) return std::nullopt;
  if (data == nullptr) return "the problem needs data";
  return config.problem->refusal(*data);
}

}  // namespace orrery::reference
