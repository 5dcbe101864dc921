#include "calibrate/backends/cuda/nccl_watch.hpp"

#if ORRERY_HAS_NCCL

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <span>
#include <thread>

#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

using Clock = std::chrono::steady_clock;

Clock::time_point after(Seconds time) {
  return Clock::now() +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(time.value()));
}

std::string refusal(const Nccl& nccl, ncclResult_t status) {
  return fmt::format("code {}: {}", static_cast<int>(status), nccl.ncclGetErrorString(status));
}

}  // namespace

NcclLimits NcclLimits::from_environment() {
  NcclLimits limits;
  const char* text = std::getenv("ORRERY_NCCL_TIMEOUT_S");
  if (text == nullptr) return limits;
  char* end = nullptr;
  const double seconds = std::strtod(text, &end);
  // A day is far beyond any collective, and far below what a clock overflows at.
  if (end == text || *end != '\0' || !(seconds > 0.0 && seconds <= 86400.0)) {
    throw ScenarioError("ORRERY_NCCL_TIMEOUT_S",
                        fmt::format("\"{}\" is no number of seconds above 0 and up to 86400", text));
  }
  limits.call = Seconds(seconds);
  return limits;
}

std::string missing_text(const std::vector<int>& missing) {
  if (missing.empty()) return "all ranks did arrive";
  return fmt::format("{} {} did not arrive", missing.size() == 1 ? "rank" : "ranks",
                     fmt::join(missing, ", "));
}

NcclWatch::NcclWatch(const Nccl& nccl, calibrate::Communicator& host, std::function<bool()> stream_done,
                     NcclLimits limits)
    : nccl_(nccl),
      host_(host),
      stream_done_(std::move(stream_done)),
      limits_(limits),
      exceptions_at_start_(std::uncaught_exceptions()) {
  const Doing doing{"ncclCommInitRankConfig", 0};
  const ncclUniqueId id = common_id();
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  const ncclResult_t status = nccl_.ncclCommInitRankConfig(&comm_, host_.size(), id, host_.rank(), &config);
  if (status != ncclSuccess && status != ncclInProgress) fail(doing, refusal(nccl_, status));
  wait(doing, [&] { return busy(doing); });
}

NcclWatch::~NcclWatch() {
  if (comm_ == nullptr) return;
  const bool orderly = std::uncaught_exceptions() <= exceptions_at_start_ && finalize();
  if (orderly) {
    nccl_.ncclCommDestroy(comm_);
  } else {
    abort();
  }
}

bool NcclWatch::finalize() {
  ncclResult_t status = nccl_.ncclCommFinalize(comm_);
  const auto end = after(limits_.roll_call);
  while (status == ncclInProgress && Clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    if (nccl_.ncclCommGetAsyncError(comm_, &status) != ncclSuccess) return false;
  }
  return status == ncclSuccess;
}

ncclUniqueId NcclWatch::common_id() {
  meet();  // whoever is missing is named here, not waited for in the broadcast
  struct Offer {
    ncclUniqueId id;
    ncclResult_t status;
  } offer{};
  if (host_.rank() == 0) offer.status = nccl_.ncclGetUniqueId(&offer.id);
  host_.broadcast(std::as_writable_bytes(std::span(&offer, 1)), 0);
  if (offer.status != ncclSuccess) {
    throw BackendError(fmt::format("NCCL: ncclGetUniqueId on rank 0 failed with code {}: {}",
                                   static_cast<int>(offer.status), nccl_.ncclGetErrorString(offer.status)));
  }
  return offer.id;
}

void NcclWatch::run(const char* name, std::size_t bytes,
                    const std::function<ncclResult_t(ncclComm_t)>& call) {
  const Doing doing{name, bytes};
  if (comm_ == nullptr) throw BackendError("NCCL: " + text(doing) + ": the communicator was aborted before");
  const ncclResult_t status = call(comm_);
  if (status != ncclSuccess && status != ncclInProgress) fail(doing, refusal(nccl_, status));
  // First NCCL has to enqueue, then the stream has to run dry; an error of another rank may come at any
  // moment.
  wait(doing, [&] { return busy(doing); });
  wait(doing, [&] {
    if (stream_done_()) return false;
    busy(doing);
    return true;
  });
}

void NcclWatch::meet() {
  if (const std::vector<int> missing = host_.missing_after(limits_.call); !missing.empty()) {
    abort();
    throw BackendError(fmt::format("NCCL: a meeting of {} ranks: {} within {} s", host_.size(),
                                   missing_text(missing), limits_.call.value()));
  }
  // All have come, so this does not wait for long; they leave closer together than after the meeting.
  host_.barrier();
}

std::string NcclWatch::text(const Doing& doing) const {
  return fmt::format("{} of {} bytes over {} ranks", doing.name, doing.bytes, host_.size());
}

void NcclWatch::wait(const Doing& doing, const std::function<bool()>& pending) {
  const auto end = after(limits_.call);
  const auto patient = after(Seconds(0.01));  // polls without sleep first: short collectives are being timed
  while (pending()) {
    const auto now = Clock::now();
    if (now >= end) fail(doing, fmt::format("not done after {} s", limits_.call.value()));
    if (now >= patient) std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

bool NcclWatch::busy(const Doing& doing) {
  ncclResult_t status = ncclSuccess;
  const ncclResult_t asked = nccl_.ncclCommGetAsyncError(comm_, &status);
  if (asked != ncclSuccess) status = asked;
  if (status == ncclSuccess) return false;
  if (status == ncclInProgress) return true;
  const char* more = nccl_.ncclGetLastError(comm_);
  fail(doing, fmt::format("{}{}{}", refusal(nccl_, status), more == nullptr || *more == '\0' ? "" : ": ",
                          more == nullptr ? "" : more));
}

void NcclWatch::fail(const Doing& doing, const std::string& why) {
  // Abort first: a kernel that waits for a missing rank would keep the device, and this process, from ending.
  abort();
  const std::vector<int> missing = host_.missing_after(limits_.roll_call);
  throw BackendError(fmt::format("NCCL: {} failed on rank {}: {}; {}; the communicator was aborted",
                                 text(doing), host_.rank(), why, missing_text(missing)));
}

void NcclWatch::abort() {
  if (comm_ != nullptr) nccl_.ncclCommAbort(comm_);
  comm_ = nullptr;
}

}  // namespace orrery::cuda

#endif
