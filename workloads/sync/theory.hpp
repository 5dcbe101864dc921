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

/// Mean time of one mini-batch, averaged over learners.
std::optional<Seconds> mean_time(const straggler::StragglerConfig& times, int learners);

/// Mean time between gradients of learners that never wait and are never cancelled: 1 / sum_i 1/E[X_i], for any
/// distribution (elementary renewal theorem; Dutta et al. 2018, asynchronous SGD).
std::optional<Seconds> gradient_interval(const straggler::StragglerConfig& times, int learners);

/// E[X_{k:P}], the k-th of P learners that begin together. Learners of unequal speed: k = P only,
/// int_0^inf 1 - prod_i P(X_i <= t) dt. REQUIRES: 1 <= k <= learners.
std::optional<Seconds> kth_finish(const straggler::StragglerConfig& times, int k, int learners);

/// Mean time until the slowest of P learners has done `steps` mini-batches: int_0^inf 1 - prod_i P(S_i <= t) dt with
/// S_i the sum of that many times (Wang and Joshi 2019).
std::optional<Seconds> slowest_of_steps(const straggler::StragglerConfig& times, int steps, int learners);

/// Mean time until P learners that go on and on have done k mini-batches together: int_0^inf P(N_1(t) + .. + N_P(t) <
/// k) dt with N_i(t) the number of times that fit into t (Dutta et al. 2018, K-batch-sync).
std::optional<Seconds> kth_batch(const straggler::StragglerConfig& times, int k, int learners);

}  // namespace orrery::sync
