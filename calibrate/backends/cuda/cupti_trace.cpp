#include "calibrate/backends/cuda/cupti_trace.hpp"

#include <cxxabi.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include "calibrate/dynamic_library.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

/// Older libraries stay attached: of some it is reported that detaching them crashes a process that has
/// launched graphs.
constexpr bool kDetaches = CUPTI_API_VERSION >= 130000;
constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
constexpr std::array<CUpti_ActivityKind, 3> kKinds{CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL,
                                                   CUPTI_ACTIVITY_KIND_MEMCPY, CUPTI_ACTIVITY_KIND_MEMSET};

/// What CUPTI's callbacks, which carry no pointer of ours, write to. They may come from a thread of CUPTI's
/// own.
struct Collector {
  std::mutex mutex;
  const Cupti* cupti = nullptr;  ///< set while a trace runs
  DeviceTrace trace;
};
Collector& collector() {
  static Collector the_collector;
  return the_collector;
}

std::string demangled(const char* name) {
  if (name == nullptr) return "unknown";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                    std::free);
  return status == 0 && text ? text.get() : name;
}

template <class Record>
void add(DeviceTrace& trace, const CUpti_Activity* record, TracedWork::Kind kind, const std::string& name) {
  const auto* full = reinterpret_cast<const Record*>(record);
  if (full->end == 0) {  // a forced flush delivers what has not ended, too
    trace.problem = "CUPTI: the record of " + name + " has no end";
  } else {
    trace.work.push_back({kind, name, full->start, full->end});
  }
}

void collect(const CUpti_Activity* record, DeviceTrace& trace) {
  switch (record->kind) {
    case CUPTI_ACTIVITY_KIND_KERNEL:
    case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
      add<CuptiKernelRecord>(trace, record, TracedWork::Kind::kernel,
                             demangled(reinterpret_cast<const CuptiKernelRecord*>(record)->name));
      break;
    case CUPTI_ACTIVITY_KIND_MEMCPY:
      add<CuptiCopyRecord>(trace, record, TracedWork::Kind::copy, "memcpy");
      break;
    case CUPTI_ACTIVITY_KIND_MEMSET:
      add<CuptiSetRecord>(trace, record, TracedWork::Kind::set, "memset");
      break;
    default:
      break;
  }
}

void CUPTIAPI buffer_requested(std::uint8_t** buffer, std::size_t* size, std::size_t* records_max) {
  *buffer = static_cast<std::uint8_t*>(std::malloc(kBufferBytes));  // malloc aligns to 16, CUPTI asks for 8
  *size = *buffer == nullptr ? 0 : kBufferBytes;
  *records_max = 0;  // as many as there is room for
}

void CUPTIAPI buffer_completed(CUcontext, std::uint32_t, std::uint8_t* buffer, std::size_t,
                               std::size_t valid) {
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owned(buffer, std::free);
  Collector& here = collector();
  const std::lock_guard lock(here.mutex);
  if (here.cupti == nullptr || buffer == nullptr) return;  // a late buffer of a trace that has ended
  CUpti_Activity* record = nullptr;
  CUptiResult status = CUPTI_SUCCESS;
  while ((status = here.cupti->cuptiActivityGetNextRecord(buffer, valid, &record)) == CUPTI_SUCCESS) {
    collect(record, here.trace);
  }
  if (status != CUPTI_ERROR_MAX_LIMIT_REACHED) here.trace.problem = "CUPTI: a buffer held a broken record";
}

/// Records are collected while this lives, whatever way the work ends.
class Recording {
 public:
  explicit Recording(const Cupti& cupti) : cupti_(cupti) {
    {
      const std::lock_guard lock(collector().mutex);
      collector().trace = {};
      collector().cupti = &cupti;
    }
    try {
      CUPTI_CHECK(cupti.cuptiActivityRegisterCallbacks(buffer_requested, buffer_completed));
      for (const CUpti_ActivityKind kind : kKinds) CUPTI_CHECK(cupti.cuptiActivityEnable(kind));
    } catch (const BackendError&) {
      stop(true);  // nothing has run since the device was waited for
      throw;
    }
  }
  ~Recording() { stop(false); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  DeviceTrace finish() {
    CUPTI_CHECK(cupti_.cuptiActivityFlushAll(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED));
    stop(true);
    const std::lock_guard lock(collector().mutex);
    DeviceTrace trace = std::move(collector().trace);
    if (trace.work.empty() && trace.problem.empty()) trace.problem = "CUPTI: no record was delivered";
    return trace;
  }

 private:
  /// Once; a later call of CUPTI would attach it again. `detach` only where the device has been waited for
  /// and the buffers are flushed.
  void stop(bool detach) {
    if (!std::exchange(records_, false)) return;
    for (const CUpti_ActivityKind kind : kKinds) cupti_.cuptiActivityDisable(kind);
    const CUptiResult left = detach && kDetaches ? cupti_.cuptiFinalize() : CUPTI_SUCCESS;
    const std::lock_guard lock(collector().mutex);
    if (left != CUPTI_SUCCESS) {
      collector().trace.problem =
          "CUPTI: it cannot be detached and may slow launches down: " + StatusOf<CUptiResult>::text(left);
    }
    collector().cupti = nullptr;
  }
  const Cupti& cupti_;
  bool records_ = true;
};

}  // namespace

Cupti Cupti::load() {
  const auto library = calibrate::DynamicLibrary::open(
      {.name = "CUPTI", .sonames = {fmt::format("libcupti.so.{}", CUDART_VERSION / 1000)}});
  Cupti table;
  ORRERY_CUPTI_FUNCTIONS(ORRERY_BIND_FUNCTION)
  table.path = library.path();
  return table;
}

std::string StatusOf<CUptiResult>::text(CUptiResult status) {
  const char* text = nullptr;
  if (collector().cupti != nullptr) collector().cupti->cuptiGetResultString(status, &text);
  return text == nullptr ? "no text" : text;
}

DeviceTrace trace_device(const Cupti& cupti, const std::function<void()>& work) {
  std::unique_ptr<Recording> recording;
  try {
    recording = std::make_unique<Recording>(cupti);
  } catch (const BackendError& error) {
    return {{}, error.what()};
  }
  work();
  try {
    DeviceTrace trace = recording->finish();
    std::stable_sort(trace.work.begin(), trace.work.end(),
                     [](const TracedWork& a, const TracedWork& b) { return a.start_ns < b.start_ns; });
    return trace;
  } catch (const BackendError& error) {
    return {{}, error.what()};
  }
}

DeviceTrace trace_device(const std::function<void()>& work) {
  const Cupti* cupti = nullptr;
  try {
    cupti = &Cupti::get();
  } catch (const BackendError& error) {
    return {{}, error.what()};
  }
  return trace_device(*cupti, work);
}

}  // namespace orrery::cuda
