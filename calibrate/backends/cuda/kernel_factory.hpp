// Which family of kernels serves an operator: the one place that knows all factories of device_kernel.hpp.
// Everything that runs operators on the device (checks, timings, compositions) makes its kernels here.
#pragma once

#include <memory>

#include "calibrate/backends/cuda/device_kernel.hpp"
#include "costmodel/op.hpp"

namespace orrery::cuda {

bool supports(const cost::Op& op, const DeviceContext& context);
/// Throws BackendError when there is no kernel for the operator or its library refuses the shape.
std::unique_ptr<DeviceKernel> make_kernel(const cost::Op& op, DeviceContext& context);

}  // namespace orrery::cuda
