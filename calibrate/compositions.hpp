// Which compositions are measured, to hold sums of predictions against: a transformer block of training
// (forward, backward, update), a decode step of serving, and computing beside a copy. The operators and their
// tensors are chained as in a real step, so that caches and gaps between kernels are those of a real step
// too.
#pragma once

#include <vector>

#include "calibrate/composition.hpp"
#include "calibrate/sweep.hpp"

namespace orrery::calibrate {

/// A decoder block on `sequences` sequences of `length` tokens. REQUIRES: heads divides width.
struct BlockShape {
  std::int64_t sequences = 1, length = 16, width = 64, heads = 4;
  cost::DType dtype = cost::DType::fp32;
};
Composition block_forward(const BlockShape& shape);
Composition block_backward(const BlockShape& shape);
/// Adam on all parameters of the block, one flat buffer.
Composition block_update(const BlockShape& shape);

/// One new token for each of `sequences` sequences through `layers` Llama-like layers and the output product.
struct DecodeShape {
  std::int64_t sequences = 1, context = 16, width = 64, heads = 4, kv_heads = 2, hidden = 128, vocab = 256,
               layers = 2;
  cost::DType dtype = cost::DType::fp32;
};
Composition decode_step(const DecodeShape& shape);

/// Square products beside a copy over the host's bus.
Composition product_beside_copy(std::int64_t size, int products, const cost::Copy& copy, cost::DType dtype);

/// All that a calibration of this target measures.
std::vector<Composition> measured_compositions(SweepTarget target);

}  // namespace orrery::calibrate
