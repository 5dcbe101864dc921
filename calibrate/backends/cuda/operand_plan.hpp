// Where the operands of an operator live and what they hold while it is timed: data as a real run has it.
// Numbers are never zeros (zeros draw less power, so the clock would be higher), indices lie within their
// tables, statistics fit together well enough that nothing becomes infinite. Pure decisions, no CUDA.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "calibrate/composition.hpp"
#include "costmodel/op.hpp"

namespace orrery::cuda {

enum class Placement : std::uint8_t { device, pinned, pageable };

/// Of operand `index`: on the device, unless a copy goes to or from the host.
Placement placement(const cost::Op& op, std::size_t index);

enum class Content : std::uint8_t {
  signed_numbers,    ///< magnitude in [0.1, 1] * scale, either sign
  positive_numbers,  ///< the same, positive
  constant,          ///< `scale` everywhere
  indices,           ///< whole numbers in [0, bound)
  permutation,       ///< 0 ... count - 1, shuffled
};

struct FillRule {
  Content content = Content::signed_numbers;
  double scale = 1.0;
  std::int64_t bound = 0;
  bool operator==(const FillRule&) const = default;
};

FillRule fill_rule(const cost::Op& op, const cost::Operand& operand);

/// `count` values of a constant or a permutation, the contents that are made on the host.
std::vector<float> host_contents(const FillRule& rule, std::int64_t count);

/// One tensor of a composition.
struct TensorPlan {
  Placement placement = Placement::device;
  FillRule fill;
};

/// By the first step that uses a tensor. Weights of products are scaled by 1/sqrt(k), so that activations
/// keep their size from layer to layer. Throws ScenarioError when a step names a tensor that does not exist
/// or is too small or of another type, when its operands are too few or too many, or when one tensor would
/// have to be in two places.
std::vector<TensorPlan> plan_tensors(const calibrate::Composition& composition);

}  // namespace orrery::cuda
