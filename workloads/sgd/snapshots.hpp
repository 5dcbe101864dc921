// The models that learners hold: copies of the server's, each as it was when it was handed out. Learners that fetch the
// same version share one copy, and copies are used again, so that at most one per learner exists.
#pragma once

#include <cstdint>
#include <vector>

#include "workloads/learn/problem.hpp"

namespace orrery::sgd {

class Snapshots {
 public:
  /// All learners hold `initial`, version 0. No learners: nothing is held.
  Snapshots(int learners, const learn::Vector& initial) : held_(static_cast<std::size_t>(learners), 0) {
    copies_.resize(held_.size());
    for (Copy& copy : copies_) copy.model = initial;
    if (!copies_.empty()) copies_[0].users = learners;
  }

  const learn::Vector& of(int learner) const { return copies_[held_[static_cast<std::size_t>(learner)]].model; }

  /// The learner now holds `model`, which has that version; handed-out versions do not go back.
  void take(int learner, std::int64_t version, const learn::Vector& model) {
    std::size_t& held = held_[static_cast<std::size_t>(learner)];
    --copies_[held].users;
    if (copies_[newest_].version != version) {
      newest_ = 0;
      while (copies_[newest_].users > 0) ++newest_;
      copies_[newest_].version = version;
      copies_[newest_].model = model;
    }
    held = newest_;
    ++copies_[held].users;
  }

 private:
  struct Copy {
    learn::Vector model;
    std::int64_t version = 0;
    int users = 0;
  };
  std::vector<Copy> copies_;
  std::vector<std::size_t> held_;  // by learner
  std::size_t newest_ = 0;
};

}  // namespace orrery::sgd
