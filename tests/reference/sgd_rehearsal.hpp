// The reference parameter server without MPI and without a clock: server and learners share one thread, messages take no
// time, and time jumps from one event to the next.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/json_io.hpp"
#include "tests/reference/fake_messages.hpp"
#include "validate/reference/sgd_learner.hpp"
#include "validate/reference/sgd_server.hpp"

namespace orrery::reference_tests {

/// Three learners on a quadratic, exponential compute times of mean 1 s, for 40 s, if the JSON does not say otherwise.
inline reference::SgdConfig sgd_config(const std::string& json) {
  reference::SgdConfig config;
  config.problem.select("quadratic");
  config.learners = 3;
  config.batch = 2;
  config.time = Seconds(40.0);
  config.points = 4;
  read_json(parse_json(json, "test"), config);
  return config;
}

class SgdRehearsal {
 public:
  explicit SgdRehearsal(const reference::SgdConfig& config)
      : config_(config), messages_(config.learners + 1), objective_(config.problem->bind(nullptr)) {
    server_ = std::make_unique<reference::SgdServer>(config_, *objective_, messages_.rank(0));
    for (int i = 0; i < config_.learners; ++i) {
      learners_.push_back(
          std::make_unique<reference::SgdLearner>(config_, i, *objective_, messages_.rank(i + 1)));
    }
  }

  void run() {
    server_->start();
    for (Seconds now(0.0); advance_all(now);) now = next_event();
  }
  reference::SgdServer& server() { return *server_; }

 private:
  /// At this moment, until no message is under way; false: the run is over.
  bool advance_all(Seconds now) {
    for (;;) {
      const int before = messages_.messages;
      for (auto& learner : learners_) learner->advance(now);
      const bool goes_on = server_->advance(now);
      if (!goes_on) return false;
      if (messages_.messages == before) return true;
    }
  }
  Seconds next_event() const {
    Seconds next = config_.time;
    for (const auto& learner : learners_) next = std::min(next, learner->wakes().value_or(config_.time));
    return next;
  }

  reference::SgdConfig config_;
  reference::FakeMessages messages_;
  std::unique_ptr<learn::Objective> objective_;
  std::unique_ptr<reference::SgdServer> server_;
  std::vector<std::unique_ptr<reference::SgdLearner>> learners_;
};

}  // namespace orrery::reference_tests
