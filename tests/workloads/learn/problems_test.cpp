// What every registered problem owes its learners: gradients that are the derivative of what is minimised, the same
// bits for the same draws, and no memory taken in the loop.
#include "workloads/learn/problem.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/stats.hpp"
#include "tests/counted_allocations.hpp"
#include "workloads/learn/mixture.hpp"
#include "workloads/learn/updater.hpp"

using namespace orrery;
using namespace orrery::learn;

namespace {

/// Few enough samples that the training loss is cheap, with classes and numbers to learn.
const Dataset& small_data() {
  static const Dataset data = [] {
    MixtureConfig config;
    config.classes = 3;
    config.features = 5;
    config.train = 60;
    config.test = 30;
    Dataset made = mixture_dataset(config);
    made.train.targets = made.train.features.row(0).transpose();
    made.test.targets = made.test.features.row(0).transpose();
    return made;
  }();
  return data;
}

struct Bound {
  Registered<Problem> problem;
  std::unique_ptr<Objective> objective;
  Vector at;  // somewhere near the start
};
Bound bound(const std::string& name, std::uint64_t place = 0) {
  Registered<Problem> problem(name);
  std::unique_ptr<Objective> objective = problem->bind(problem->needs_data() ? &small_data() : nullptr);
  RngStream draws = stream(Seed{3}, "place", place);
  Vector at;
  objective->initial(draws, at);
  for (float& w : at) w += static_cast<float>(draws.normal(0.0, 0.3));
  return {problem, std::move(objective), at};
}

Vector unit_direction(Eigen::Index size, std::uint64_t index) {
  RngStream draws = stream(Seed{4}, "direction", index);
  Vector direction(size);
  for (float& d : direction) d = static_cast<float>(draws.normal());
  return direction / direction.norm();
}

std::vector<std::string> problems() {
  std::vector<std::string> names;
  for (const NameAndHelp& entry : Problem::registry().names()) names.push_back(entry.name);
  return names;
}

}  // namespace

TEST_CASE("a mini-batch's gradient is the derivative of the mini-batch's loss") {
  const std::string name = GENERATE(from_range(problems()));
  DYNAMIC_SECTION(name) {
    for (std::uint64_t place = 0; place < 5; ++place) {
      Bound it = bound(name, place);
      const RngStream draws = stream(Seed{5}, "batch", place);
      const auto loss = [&](const Vector& at) {
        RngStream again = draws;
        Vector unused;
        return it.objective->gradient(at, 7, again, unused);
      };
      RngStream again = draws;
      Vector gradient;
      it.objective->gradient(it.at, 7, again, gradient);
      REQUIRE(gradient.size() == it.objective->parameters());
      const Vector direction = unit_direction(gradient.size(), place);
      const float h = 2e-3F;
      const double difference = (loss(it.at + h * direction) - loss(it.at - h * direction)) / (2.0 * h);
      const auto slope = static_cast<double>(gradient.dot(direction));
      CHECK(std::fabs(difference - slope) <= 1e-3 * (std::fabs(slope) + static_cast<double>(gradient.norm())));
    }
  }
}

TEST_CASE("the mean of mini-batch gradients is the derivative of the training loss") {
  const std::string name = GENERATE(from_range(problems()));
  DYNAMIC_SECTION(name) {
    Bound it = bound(name);
    const Vector direction = unit_direction(it.at.size(), 9);
    const float h = 2e-3F;
    const double slope = (it.objective->train_loss(it.at + h * direction, 0) -
                          it.objective->train_loss(it.at - h * direction, 0)) / (2.0 * h);
    RngStream draws = stream(Seed{6}, "batches");
    Vector gradient;
    std::vector<double> slopes, losses;
    for (int n = 0; n < 3000; ++n) {
      losses.push_back(it.objective->gradient(it.at, 4, draws, gradient));
      slopes.push_back(static_cast<double>(gradient.dot(direction)));
    }
    const double rounding = 1e-3 * std::fabs(slope);
    CHECK(std::fabs(mean_interval(slopes).centre - slope) <= mean_interval(slopes, 0.9999).half_width + rounding);
    CHECK(mean_interval(losses, 0.9999).contains(it.objective->train_loss(it.at, 0)));
  }
}

TEST_CASE("the loss falls under SGD") {
  const std::string name = GENERATE(from_range(problems()));
  DYNAMIC_SECTION(name) {
    Bound it = bound(name);
    RngStream draws = stream(Seed{7}, "batches");
    Vector weights, gradient;
    it.objective->initial(draws, weights);
    const double before = it.objective->train_loss(weights, 0);
    UpdateConfig config;
    config.optimizer = model::SgdConfig{0.05};
    Updater updater(config, weights.size());
    for (int n = 0; n < 300; ++n) {
      it.objective->gradient(weights, 8, draws, gradient);
      updater.add(gradient, 0);
      updater.update(weights, 0.0);
    }
    CHECK(it.objective->train_loss(weights, 0) < 0.6 * before);
  }
}

TEST_CASE("a gradient depends on place, batch and draws alone, and draws alike everywhere") {
  const std::string name = GENERATE(from_range(problems()));
  DYNAMIC_SECTION(name) {
    Bound one = bound(name), other = bound(name, 1);
    const RngStream draws = stream(Seed{8}, "batch");
    RngStream here = draws, there = draws;
    Vector first, second;
    const double loss = one.objective->gradient(one.at, 6, here, first);
    // Another learner that did other things before.
    other.objective->train_loss(other.at, 10);
    RngStream earlier = stream(Seed{8}, "earlier");
    other.objective->gradient(other.at, 40, earlier, second);
    other.objective->test(other.at, 0);
    const double again = other.objective->gradient(one.at, 6, there, second);
    CHECK(again == loss);
    CHECK(second == first);
    CHECK(here.position() == there.position());
    RngStream elsewhere = draws;
    other.objective->gradient(other.at, 6, elsewhere, second);
    CHECK(elsewhere.position() == here.position());
  }
}

TEST_CASE("after the first of its size a gradient takes no memory") {
  const std::string name = GENERATE(from_range(problems()));
  DYNAMIC_SECTION(name) {
    Bound it = bound(name);
    RngStream draws = stream(Seed{9}, "batches");
    Vector gradient;
    UpdateConfig config;
    config.optimizer = model::AdamConfig{};
    Updater updater(config, it.at.size());
    const auto step = [&](std::int64_t batch) {
      it.objective->gradient(it.at, batch, draws, gradient);
      updater.add(gradient, 0);
      updater.update(it.at, 0.0);
    };
    step(16);
    const std::size_t before = allocations;
#ifdef EIGEN_RUNTIME_NO_MALLOC
    Eigen::internal::set_is_malloc_allowed(false);  // Eigen's own memory does not come from operator new
#endif
    step(16);
    step(5);
#ifdef EIGEN_RUNTIME_NO_MALLOC
    Eigen::internal::set_is_malloc_allowed(true);
#endif
    CHECK(allocations == before);
  }
}

TEST_CASE("scoring the first samples is scoring a data set of them") {
  Dataset some = small_data();
  const Eigen::Index count = 17;
  some.train.features = small_data().train.features.leftCols(count).eval();
  some.train.labels.resize(count);
  some.train.targets.conservativeResize(count);
  for (const std::string& name : problems()) {
    Bound all = bound(name);
    if (!all.problem->needs_data()) continue;
    const auto first = all.problem->bind(&some);
    CHECK(all.objective->train_loss(all.at, count) == Approx(first->train_loss(all.at, 0)));
    CHECK(all.objective->train_loss(all.at, 1000) == all.objective->train_loss(all.at, 0));
  }
}

TEST_CASE("problems say why they cannot learn from some data") {
  const Dataset nothing;
  for (const std::string& name : problems()) {
    Registered<Problem> problem(name);
    if (!problem->needs_data()) continue;
    INFO(name);
    CHECK(problem->refusal(nothing).has_value());
    CHECK_FALSE(problem->refusal(small_data()).has_value());
  }
}
