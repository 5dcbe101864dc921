// The server of the reference system: it asks the variant's policy (through the same sync::Coordinator that the simulator
// uses) what to do with each gradient, updates the model, and sends models to learners. It keeps copies of the model at
// evenly spaced moments, to be scored when the run is over, so that scoring disturbs nothing.
//
// Late gradients: a mini-batch can be cancelled while its gradient is on its way. Letters to a learner are numbered; a
// gradient bears the number of the letter that began its mini-batch, and one whose number is not the last that was sent is
// ignored exactly as if the mini-batch had been stopped in time: the policy never sees it.
//
// Local variants: each letter of a learner brings its model after the local step, so the server always has all models and
// does the mixing of rounds. Real systems would send models in rounds only; in shared memory the difference is microseconds.
#pragma once

#include <cstdint>
#include <vector>

#include "calibrate/point_to_point.hpp"
#include "sim/base/stats.hpp"
#include "validate/reference/mailbox.hpp"
#include "validate/reference/sgd_record.hpp"
#include "workloads/sync/coordinator.hpp"

namespace orrery::reference {

class SgdServer {
 public:
  /// Rank 0; learner i is rank i + 1. All outlive it. REQUIRES: the variant does not refuse the learners.
  SgdServer(const SgdConfig& config, learn::Objective& objective, calibrate::PointToPoint& messages);
  SgdServer(const SgdServer&) = delete;
  SgdServer& operator=(const SgdServer&) = delete;

  /// Sends the initial model to all learners: the common start, time 0.
  void start();
  /// Reads what has come and answers it; false: the run is over and every learner has said farewell.
  bool advance(Seconds now);
  /// Scores the models that were kept. REQUIRES: the run is over. Overheads are left to the caller.
  SgdRun record();
  /// The scored model: the server's, or the mean of the learners'.
  learn::Vector model() const;

 private:
  struct Kept {
    Seconds time{0.0};
    std::int64_t updates = 0;
    learn::Vector model;
  };

  void keep_models(Seconds now);
  void take(const Letter& letter, Seconds now);
  void use(const sync::Orders& orders, const Letter& letter);
  void mix(const sync::Round& round);
  void answer(const sync::Orders& orders);
  void send(LetterKind kind, int learner, const learn::Vector* body);
  void end(Seconds now);

  SgdConfig config_;
  learn::Objective& objective_;
  Mailbox mail_;
  sync::Coordinator coordinator_;
  learn::Updater updater_;
  std::vector<learn::Vector> models_;  ///< the learners', as they last sent them (local variants); last the server's
  std::vector<learn::Vector> mixed_;   ///< scratch of a round
  std::vector<learn::Vector> held_;    ///< gradients for a later update, in order of arrival
  std::vector<std::int64_t> sequences_;
  std::vector<Kept> kept_;
  std::int64_t used_ = 0;  ///< gradients
  int farewells_ = 0;
  bool is_ending_ = false;
  SgdRun run_;
};

}  // namespace orrery::reference
