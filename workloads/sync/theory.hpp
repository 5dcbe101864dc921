// Mean times of parallel SGD that several variants share: who is slowest, who is first, how fast gradients come in.
// All hold for independent compute times and free communication. Each gives nothing where its formula does not hold
// (slow phases, a distribution without the closed form that is needed, a mean that does not exist).
#pragma once

#include <optional>

#include "sim/base/units.hpp"
#include "workloads/straggler/compute_times.hpp"

namespace orrery::sync {

/// Times of equal learners whose residual is distributed as the whole: exponential.
bool is_memoryless(const straggler::StragglerConfig& times, int learners);

/// Whether the compute times have a mean. Where they have not, mini-batches that are not over fill a share of any run,
/// however long, and identities that neglect the gradients under way at the end (mean staleness) do not hold.
bool have_mean(const straggler::StragglerConfig& times);

/// Mean time of one mini-batch, averaged over learners.
std::optional<Seconds> mean_time(const straggler::StragglerConfig& times, int learners);

/// Mean time between gradients of learners that never wait and are never cancelled: 1 / sum_i 1/E[X_i], for any
/// distribution (elementary renewal theorem; Dutta et al. 2018, asynchronous SGD).
std::optional<Seconds> gradient_interval(const straggler::StragglerConfig& times, int learners);

/// E[X_{k:P}], the k-th of P learners that begin together. Learners of unequal speed: k = P only,
/// int_0^inf 1 - prod_i P(X_i <= t) dt, and only where the variance is finite: a heavier tail holds much of the integral
/// where 1 - P rounds to 0. REQUIRES: 1 <= k <= learners.
std::optional<Seconds> kth_finish(const straggler::StragglerConfig& times, int k, int learners);

/// Mean time until the slowest of P learners has done `steps` mini-batches: int_0^inf 1 - prod_i P(S_i <= t) dt with
/// S_i the sum of that many times (Wang and Joshi 2019). Finite variance as above.
std::optional<Seconds> slowest_of_steps(const straggler::StragglerConfig& times, int steps, int learners);

/// Mean time until P learners that go on and on have done k mini-batches together: int_0^inf P(N_1(t) + .. + N_P(t) <
/// k) dt with N_i(t) the number of times that fit into t (Dutta et al. 2018, K-batch-sync). That sum over all N costs
/// about k^2 log P per t: nothing for k > kMostSummed where there is no simpler form (k = 1, one learner, exponential or
/// constant times).
constexpr int kMostSummed = 256;
std::optional<Seconds> kth_batch(const straggler::StragglerConfig& times, int k, int learners);

/// What local SGD loses and gains by averaging rarely, for a budget of time.
struct AveragingCosts {
  double excess_loss = 1.0;     ///< F(w_0) - F_inf, to be brought down
  Seconds averaging{1.0};       ///< D, time of one averaging
  double step_size = 0.1;       ///< eta
  double smoothness = 1.0;      ///< L, Lipschitz constant of the gradient
  double variance = 1.0;        ///< sigma^2 of a mini-batch gradient
  Seconds budget{1000.0};       ///< T
};
/// The averaging period that minimises the bound on the gradient after the budget of time,
///   2 (F_0 - F_inf) / (eta T) (Y + D / tau) + eta L sigma^2 / m + eta^2 L^2 sigma^2 (tau - 1),
/// that is tau* = sqrt(2 (F_0 - F_inf) D / (eta^3 L^2 sigma^2 T)) (Wang and Joshi 2019). May lie below 1: average always.
double best_averaging_period(const AveragingCosts& costs);

}  // namespace orrery::sync
