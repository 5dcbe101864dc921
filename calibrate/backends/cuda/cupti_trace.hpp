// Which kernels a piece of work ran, and when: CUPTI's activity records, looked up at run time. It separates
// the time that kernels run from the gaps between them and names what a library chose. Optional: where CUPTI
// is missing or refuses (another profiler, no permission), the trace is empty and says why. Not thread-safe.
//
// CUPTI slows launches down as long as it is attached to the process, even with nothing to record, so it is
// detached behind each trace. Its header allows that outside of its own callbacks once the device has been
// waited for and the buffers are flushed, which is so there. Attaching again takes time (case_traces.hpp).
#pragma once

#include <cuda.h>
#include <cupti.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/library_table.hpp"

#define ORRERY_CUPTI_FUNCTIONS(X)   \
  X(cuptiActivityRegisterCallbacks) \
  X(cuptiActivityEnable)            \
  X(cuptiActivityDisable)           \
  X(cuptiActivityFlushAll)          \
  X(cuptiActivityGetNextRecord)     \
  X(cuptiGetResultString)           \
  X(cuptiFinalize)

namespace orrery::cuda {

// The record layouts of the headers; newer libraries of the same major version only add to their ends.
#if CUPTI_API_VERSION >= 130000
using CuptiKernelRecord = CUpti_ActivityKernel10;
using CuptiCopyRecord = CUpti_ActivityMemcpy6;
#else
using CuptiKernelRecord = CUpti_ActivityKernel9;
using CuptiCopyRecord = CUpti_ActivityMemcpy5;
#endif
using CuptiSetRecord = CUpti_ActivityMemset4;

struct Cupti {
  ORRERY_CUPTI_FUNCTIONS(ORRERY_DECLARE_FUNCTION)
  std::string path;  ///< of the library's file

  static Cupti load();
  static const Cupti& get() { return loaded_once<Cupti>(); }
};

struct TracedWork {
  enum class Kind : std::uint8_t { kernel, copy, set };
  Kind kind = Kind::kernel;
  std::string name;  ///< of the kernel, demangled; "memcpy", "memset"
  std::uint64_t start_ns = 0, end_ns = 0;
};

struct DeviceTrace {
  std::vector<TracedWork> work;  ///< by start
  std::string problem;           ///< why the trace is empty or not complete
};

/// Runs `work` once and returns what the device did. REQUIRES: nothing runs on the device, and `work` waits
/// for it before it returns.
/// Throws only what `work` throws; where tracing cannot start, `work` is not run.
DeviceTrace trace_device(const std::function<void()>& work);

/// The same with this table, for tests.
DeviceTrace trace_device(const Cupti& cupti, const std::function<void()>& work);

template <>
struct StatusOf<CUptiResult> {
  static constexpr const char* kLibrary = "CUPTI";
  static bool ok(CUptiResult status) { return status == CUPTI_SUCCESS; }
  static bool out_of_memory(CUptiResult) { return false; }  // of CUPTI's buffers, not of the case
  static std::string text(CUptiResult status);
};

}  // namespace orrery::cuda
