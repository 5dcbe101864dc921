#include "calibrate/backends/cpu/kernels/compute.hpp"

#include <cstring>

#include "calibrate/backends/cpu/kernels/arena.hpp"
#include "calibrate/backends/cpu/kernels/kernels.hpp"
#include "calibrate/number_format.hpp"
#include "sim/base/error.hpp"

namespace orrery::cpu {

void compute(const cost::Op& op, calibrate::OperandValues& values) {
  const std::vector<cost::Operand> operands = cost::operands(op);
  SIM_ASSERT(values.size() == operands.size(), "values for another number of operands");
  std::vector<std::vector<std::byte>> memory;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    SIM_ASSERT(values[i].size() == static_cast<std::size_t>(operands[i].elements),
               "values for an operand of another size");
    memory.push_back(calibrate::encode(values[i], operands[i].dtype));
    bytes += Arena::footprint(memory.back().size());
  }
  Arena arena(bytes);
  std::vector<void*> buffers;
  for (const std::vector<std::byte>& operand : memory) {
    buffers.push_back(arena.take(operand.size()));
    std::memcpy(buffers.back(), operand.data(), operand.size());
  }
  execute(op, buffers);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].access == cost::Access::read) continue;
    values[i] = calibrate::decode({static_cast<std::byte*>(buffers[i]), memory[i].size()}, operands[i].dtype);
  }
}

}  // namespace orrery::cpu
