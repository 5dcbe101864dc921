// Operators and compositions prepared to be timed on a device. Times are taken by events on the device, so
// that the host's wake-up is not in them. One sample of an operator is the mean of a group of calls over
// rotating sets of buffers, back to back behind a held stream (timing_plan.hpp says when and why, and which
// operators run free instead); between two calls lies what the device itself needs to go from one kernel to
// the next, as in a real run.
//
// Free-running launches: the time of one sequence from its start on the device to its last kernel's end,
// launched at the host's rate. Compositions: one run per sample, launched at the host's rate or as one graph;
// lanes start together and the time ends with the last.
#pragma once

#include <memory>
#include <string>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/case_traces.hpp"
#include "calibrate/backends/cuda/device.hpp"
#include "calibrate/backends/cuda/nvml.hpp"

namespace orrery::cuda {

/// Where telemetry comes from beside the calls themselves.
struct Instruments {
  const Nvml* nvml = nullptr;  ///< outlives the timed operators
  std::string pci_bus_id;
  CaseTraces* traces = nullptr;  ///< of the kernels of one call; outlives them too; null: none
};

/// REQUIRES: the device outlives the result. Throws DoesNotFit and BackendError.
std::unique_ptr<calibrate::TimedOp> timed_kernel(Device& device, const Instruments& instruments,
                                                 const cost::Op& op, Bytes reuse_distance);

std::unique_ptr<calibrate::TimedOp> timed_composition(Device& device, const Instruments& instruments,
                                                      const calibrate::Composition& composition);

}  // namespace orrery::cuda
