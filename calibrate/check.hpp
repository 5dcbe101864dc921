// Correctness before timing: a kernel's results on random numbers against a reference's, so that no time of a
// kernel that computes something else enters a fit. Outputs are poisoned with NaN, inputs are numbers that
// their type holds exactly, and the bounds follow from the rounding of the types alone:
//
// An output is rounded once, by at most u (2^-24 fp32, 2^-11 fp16, 2^-8 bf16, 2^-4 fp8) of its size; its
// norm-wise error from that is about u/2. Kernels add in fp32, whatever their tensors are, in an order that
// nobody promises: n terms err by about sqrt(n) 2^-24, and functions like exp by a few units more. So:
//
//   everything      32 * 2^-24 (1 + sqrt(n) / 4), n the longest sum, plus
//   2 u             for an output of a short type; 3 u of a product (partial sums may be stored), 4 u of
//                   attention (probabilities are rounded between its two products)
//   2 * 2^-10       of a product in tf32: two factors, each cut to 10 bits
//   2^-12 (1 + sqrt(n) / 4)  of a product in fp8: its sums keep about 13 bits on some devices
//   2^-10           of a GELU epilogue: libraries use a hardware tanh of 2^-11
//   0               where numbers are only moved, or rounded once by a cast
//
// A dropped scale of 2 %, sums in bf16, or tf32 where fp32 was asked for all lie outside.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "calibrate/backend.hpp"
#include "sim/base/rng.hpp"

namespace orrery::calibrate {

/// Computes an operator of fp32 tensors (or a cast, copy or launch as it is) on the given values.
using Reference = std::function<void(const cost::Op& op, OperandValues& values)>;

struct CheckResult {
  bool ok = false;
  bool refused = false;  ///< the backend threw: nothing was computed, `text` says why
  std::string operand;   ///< the worst of those written: the role
  double error = 0.0;    ///< of that operand, as `distance` measures it; infinite where elements are missing
  double bound = 0.0;
  std::string text;  ///< one line for a report: operator, operand, error and bound, or what is wrong
};

/// Runs `op` once on `under_test` and once by the reference, on the same random inputs.
CheckResult check_operator(Backend& under_test, const cost::Op& op, Seed seed, const Reference& reference);

/// The largest distance that rounding explains; see above.
double error_bound(const cost::Op& op, const cost::Operand& operand);

/// How far `got` is from `want`: the larger of the norm-wise error ||got - want|| / s and the worst element's
/// |got - want| / (8 s / sqrt(n) + |want|), with s = ||want||. Infinite when a number is missing.
/// REQUIRES: equal sizes, at least one element.
double distance(std::span<const float> got, std::span<const float> want, double s);

/// Two to five small shapes of the same class and type: multiples of tiles and none, with and without masks,
/// groups and epilogues. An operator is trusted when all of them pass.
std::vector<cost::Op> check_shapes(const cost::Op& representative);

}  // namespace orrery::calibrate
