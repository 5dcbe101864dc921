// Tracing through a stand-in for CUPTI that delivers the records a test has laid out.
#include "calibrate/backends/cuda/cupti_trace.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <stdexcept>

using namespace orrery;

namespace {

/// What the stand-in does and has seen; CUPTI's functions carry no pointer.
struct FakeState {
  CUpti_BuffersCallbackRequestFunc request = nullptr;
  CUpti_BuffersCallbackCompleteFunc complete = nullptr;
  int enabled = 0;
  bool refuse_kernels = false;
  bool refuse_flush = false;
  bool deliver_nothing = false;
  std::uint64_t kernel_end = 400;
  std::uint32_t flush_flag = 0;
  int detached = 0;
  bool called_when_detached = false;
  CUptiResult detach = CUPTI_SUCCESS;
} fake;

/// Fixed-size slots, one record each.
constexpr std::size_t kSlot = 512;

template <class Record>
void put(std::uint8_t* buffer, int slot, CUpti_ActivityKind kind, std::uint64_t start, std::uint64_t end,
         const char* name = nullptr) {
  static_assert(sizeof(Record) <= kSlot);
  Record record{};
  record.kind = kind;
  record.start = start;
  record.end = end;
  if constexpr (requires { record.name; }) record.name = name;
  std::memcpy(buffer + slot * kSlot, &record, sizeof record);
}

cuda::Cupti fake_cupti() {
  fake = {};
  cuda::Cupti cupti;
  cupti.cuptiActivityRegisterCallbacks = [](CUpti_BuffersCallbackRequestFunc request,
                                            CUpti_BuffersCallbackCompleteFunc complete) {
    fake.request = request;
    fake.complete = complete;
    return CUPTI_SUCCESS;
  };
  cupti.cuptiActivityEnable = [](CUpti_ActivityKind kind) {
    if (fake.refuse_kernels && kind == CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL)
      return CUPTI_ERROR_INSUFFICIENT_PRIVILEGES;
    ++fake.enabled;
    return CUPTI_SUCCESS;
  };
  cupti.cuptiActivityDisable = [](CUpti_ActivityKind) {
    if (fake.detached > 0) fake.called_when_detached = true;
    if (fake.enabled > 0) --fake.enabled;
    return CUPTI_SUCCESS;
  };
  cupti.cuptiActivityFlushAll = [](std::uint32_t flag) {
    fake.flush_flag = flag;
    if (fake.refuse_flush) return CUPTI_ERROR_UNKNOWN;
    if (fake.deliver_nothing) return CUPTI_SUCCESS;
    std::uint8_t* buffer = nullptr;
    std::size_t size = 0, records = 7;
    fake.request(&buffer, &size, &records);
    REQUIRE(size >= 3 * kSlot);
    put<cuda::CuptiSetRecord>(buffer, 0, CUPTI_ACTIVITY_KIND_MEMSET, 900, 950);
    put<cuda::CuptiKernelRecord>(buffer, 1, CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, 100, fake.kernel_end,
                                 "_Z4gemmi");
    put<cuda::CuptiCopyRecord>(buffer, 2, CUPTI_ACTIVITY_KIND_MEMCPY, 500, 800);
    fake.complete(nullptr, 0, buffer, size, 3 * kSlot);
    return CUPTI_SUCCESS;
  };
  cupti.cuptiActivityGetNextRecord = [](std::uint8_t* buffer, std::size_t valid, CUpti_Activity** record) {
    auto* next = *record == nullptr ? buffer : reinterpret_cast<std::uint8_t*>(*record) + kSlot;
    if (next >= buffer + valid) return CUPTI_ERROR_MAX_LIMIT_REACHED;
    *record = reinterpret_cast<CUpti_Activity*>(next);
    return CUPTI_SUCCESS;
  };
  cupti.cuptiFinalize = [] {
    CHECK(fake.enabled == 0);
    ++fake.detached;
    return fake.detach;
  };
  cupti.cuptiGetResultString = [](CUptiResult, const char** text) {
    *text = "words of the stand-in";
    return CUPTI_SUCCESS;
  };
  return cupti;
}

}  // namespace

TEST_CASE("a trace holds kernels, copies and fills in the order of their starts") {
  const cuda::Cupti cupti = fake_cupti();
  int runs = 0;
  const cuda::DeviceTrace trace = cuda::trace_device(cupti, [&] {
    ++runs;
    CHECK(fake.enabled == 3);
  });
  CHECK(runs == 1);
  CHECK(fake.enabled == 0);
  CHECK(trace.problem.empty());
  REQUIRE(trace.work.size() == 3);
  CHECK(trace.work[0].kind == cuda::TracedWork::Kind::kernel);
  CHECK(trace.work[0].name == "gemm(int)");
  CHECK(trace.work[0].start_ns == 100);
  CHECK(trace.work[0].end_ns == 400);
  CHECK(trace.work[1].name == "memcpy");
  CHECK(trace.work[2].kind == cuda::TracedWork::Kind::set);
  CHECK(trace.work[2].end_ns == 950);
}

TEST_CASE("CUPTI is flushed by force and detached behind a trace, and not called again") {
  const cuda::Cupti cupti = fake_cupti();
  cuda::trace_device(cupti, [] { CHECK(fake.detached == 0); });
  CHECK(fake.flush_flag == CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
  CHECK(fake.detached == 1);
  CHECK_FALSE(fake.called_when_detached);
}

TEST_CASE("a CUPTI that stays attached is told beside the trace") {
  const cuda::Cupti cupti = fake_cupti();
  fake.detach = CUPTI_ERROR_UNKNOWN;
  const cuda::DeviceTrace trace = cuda::trace_device(cupti, [] {});
  CHECK(trace.work.size() == 3);
  CHECK_THAT(trace.problem,
             Catch::Contains("cannot be detached") && Catch::Contains("words of the stand-in"));
}

TEST_CASE("no record at all, or one without an end, is a problem") {
  const cuda::Cupti cupti = fake_cupti();
  fake.kernel_end = 0;
  const cuda::DeviceTrace cut = cuda::trace_device(cupti, [] {});
  CHECK(cut.work.size() == 2);
  CHECK_THAT(cut.problem, Catch::Contains("gemm(int) has no end"));
  fake = {};
  fake.deliver_nothing = true;
  CHECK_THAT(cuda::trace_device(cupti, [] {}).problem, Catch::Contains("no record was delivered"));
}

TEST_CASE("a second trace starts empty") {
  const cuda::Cupti cupti = fake_cupti();
  cuda::trace_device(cupti, [] {});
  CHECK(cuda::trace_device(cupti, [] {}).work.size() == 3);
}

TEST_CASE("a CUPTI that refuses gives an empty trace and its reason, and leaves nothing enabled") {
  const cuda::Cupti cupti = fake_cupti();
  bool ran = false;
  fake.refuse_kernels = true;
  const cuda::DeviceTrace refused = cuda::trace_device(cupti, [&] { ran = true; });
  CHECK(refused.work.empty());
  CHECK_FALSE(ran);
  CHECK_THAT(refused.problem,
             Catch::Contains("cuptiActivityEnable(kind) failed with code 35: words of the stand-in"));
  fake = {};
  fake.refuse_flush = true;
  const cuda::DeviceTrace lost = cuda::trace_device(cupti, [&] { ran = true; });
  CHECK(ran);
  CHECK(lost.work.empty());
  CHECK_THAT(lost.problem,
             Catch::Contains("cuptiActivityFlushAll(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED) failed with code 999"));
  CHECK(fake.detached == 0);
  CHECK(fake.enabled == 0);
}

TEST_CASE("what the traced work throws comes through, and recording ends") {
  const cuda::Cupti cupti = fake_cupti();
  CHECK_THROWS_WITH(cuda::trace_device(cupti, [] { throw std::runtime_error("the kernel failed"); }),
                    "the kernel failed");
  CHECK(fake.detached == 0);  // the device has not been waited for
  CHECK(fake.enabled == 0);
}

TEST_CASE("work that does nothing has an empty trace, whatever CUPTI and driver this machine has") {
  CHECK_NOTHROW(cuda::trace_device([] {}));
  CHECK(cuda::trace_device([] {}).work.empty());
}
