// What a time model has to know of an operator: how many rows and elements it works through, how many bytes
// it moves, and how large its working set is. Everything is in closed form, so that an estimate costs no
// allocation; the sums agree with `operands(op)` and `traffic(op)` of op.hpp (a test compares them for every
// class).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "costmodel/cost_model.hpp"
#include "costmodel/op.hpp"

namespace orrery::cost {

/// Numbers in one vector register of the widest kind (512 bits of fp32). Rows that are no multiple of it have
/// tails.
constexpr std::int64_t kVectorLanes = 16;

struct Footprint {
  double rows = 1.0;      ///< independent rows, each with its own loop set-up
  double elements = 0.0;  ///< elements on which the arithmetic is done (causal softmax: the visible ones)
  double traffic = 0.0;   ///< bytes moved if nothing is cached
  double operand_bytes = 0.0;  ///< touched bytes of all operands, each counted once
  /// Elements left over behind the last whole vector of each row, summed over the rows: they are worked on
  /// one by one or with masks. Only for operators whose rows are separate loops.
  double tail_elements = 0.0;
};

Footprint footprint(const Op& op);

/// Bytes that pass through the caches between two uses of an operand: the reuse distance, but never less than
/// the operator's own operands (back-to-back repetition touches all of them once per call).
double working_set(const Footprint& footprint, const Conditions& conditions);

/// How old the operands are when `call` after call goes through as many sets of buffers as `distance` needs:
/// distance over operand bytes, times the time of a call. This is the reuse time of a measurement.
Seconds rotation_time(const Footprint& footprint, Bytes distance, Seconds call);

/// A point in log space: where an operator stands among the measured ones. Natural logarithms of the shape's
/// dimensions, then of the working set in bytes, then of the busy ranks, then how far the rows (of a product:
/// m and n) are from whole vectors (logarithm of padded over real size), then flags as 0 or 1.
struct Features {
  static constexpr std::size_t kMost = 8;
  std::array<double, kMost> x{};
  std::size_t count = 0;
  void add(double value) { x[count++] = value; }
};
Features features(const Op& op, const Footprint& footprint, const Conditions& conditions);

/// Names of the features of this operator's class, in order: "m", "n", "k", "batch", "working_set",
/// "ranks_busy".
std::vector<std::string> feature_names(const Op& op);

/// Small integer per operator class and dtype, for table look-up without strings; below `kClassIndexEnd`.
constexpr std::size_t kClassIndexEnd = 270;
std::size_t class_index(const Op& op);

}  // namespace orrery::cost
