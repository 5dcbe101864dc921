// Where the operands of an operator live and how they are filled while it is timed: data as a real run has
// it. Numbers are never zeros (zeros draw less power, so the clock would be higher), statistics fit together
// well enough that nothing becomes infinite. Indices come from calibrate/operand_values.hpp. Pure decisions,
// no CUDA.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "calibrate/composition.hpp"
#include "costmodel/op.hpp"

namespace orrery::cuda {

enum class Placement : std::uint8_t { device, pinned, pageable };

/// Of operand `index`: on the device, unless a copy goes to or from the host.
Placement placement(const cost::Op& op, std::size_t index);

/// Numbers with magnitude in [0.1, 1] * scale.
struct FillRule {
  bool positive = false;  ///< otherwise of either sign
  double scale = 1.0;
  bool operator==(const FillRule&) const = default;
};

/// Of an operand that is no int32. B of a product over k is scaled by 1/sqrt(k), so that results are of the
/// size of A: activations keep their size from layer to layer, and a C that thousands of calls add to stays
/// finite. (In fp16, C stops to grow where a result is below half its last place: at 4096 times the result,
/// below 10000. bf16 and fp32 have room for more calls than there is time.) Not in fp8, whose smallest
/// numbers are larger than that; its C is bf16.
FillRule fill_rule(const cost::Op& op, const cost::Operand& operand);

/// One tensor of a composition: it is filled as operand `operand` of step `step`, the first that uses it.
struct TensorPlan {
  Placement placement = Placement::device;
  FillRule fill;
  std::size_t step = 0, operand = 0;
  bool used = false;
};

/// Throws ScenarioError when a step names a tensor that does not exist
/// or is too small or of another type, when its operands are too few or too many, or when one tensor would
/// have to be in two places.
std::vector<TensorPlan> plan_tensors(const calibrate::Composition& composition);

}  // namespace orrery::cuda
