// Several operators run as one piece, on shared tensors as in a real step: what the sum of predictions of
// single operators is held against. Plain data; a Backend prepares and times it, `compositions.hpp` lists the
// ones that are measured.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "costmodel/op.hpp"

namespace orrery::calibrate {

struct CompositionTensor {
  std::int64_t elements = 0;
  cost::DType dtype = cost::DType::fp32;
};

/// One kernel call; `operands[i]` indexes the tensor that is operand i of `cost::operands(op)`. Steps of one
/// lane run in order on one stream, lanes side by side from a common start to the end of the last.
struct CompositionStep {
  cost::Op op;
  std::vector<std::size_t> operands;
  int lane = 0;
};

struct Composition {
  std::string name;  ///< "block_forward 2x2048 d2048 h16 bf16"
  std::vector<CompositionTensor> tensors;
  std::vector<CompositionStep> steps;
  bool as_graph = false;  ///< recorded once, replayed as one graph

  int lanes() const;
};

}  // namespace orrery::calibrate
