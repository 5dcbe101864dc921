// A NCCL communicator under watch: it never blocks, and each call is waited for until a deadline. When the
// deadline passes or NCCL reports an error, the communicator is aborted and the user learns which collective
// of which size it was and which ranks did not arrive. No CUDA call is made here, so all of it is tested with
// a stand-in for NCCL.
#pragma once

#include "calibrate/backends/cuda/nccl.hpp"

#if ORRERY_HAS_NCCL

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "calibrate/communicator.hpp"
#include "sim/base/units.hpp"

namespace orrery::cuda {

struct NcclLimits {
  Seconds call{60.0};      ///< from a call to its end on this rank
  Seconds roll_call{5.0};  ///< how long ranks are then waited for, to name the missing ones

  /// With the call's limit from ORRERY_NCCL_TIMEOUT_S, where that is set. Throws ScenarioError for what is no
  /// positive number of seconds.
  static NcclLimits from_environment();
};

class NcclWatch {
 public:
  /// Collective over all ranks of `host`, which outlives the watch: rank 0's identification goes to all, and
  /// each rank joins. `stream_done` asks the stream of the collectives: true when it is idle; throws on a
  /// CUDA error.
  NcclWatch(const Nccl& nccl, calibrate::Communicator& host, std::function<bool()> stream_done,
            NcclLimits limits);
  /// Ends the communicator in order; aborts it where an exception passes or the end does not come.
  ~NcclWatch();
  NcclWatch(const NcclWatch&) = delete;
  NcclWatch& operator=(const NcclWatch&) = delete;

  /// Enqueues by `call(communicator)` and waits until this rank's part is done. `name` and `bytes` are for
  /// the message. Throws BackendError; from then on the watch has no communicator and refuses calls.
  void run(const char* name, std::size_t bytes, const std::function<ncclResult_t(ncclComm_t)>& call);

  /// All ranks meet, or BackendError names those that did not come within the call's limit.
  void meet();

 private:
  /// What is going on, told in words only when it fails: the happy path is being timed.
  struct Doing {
    const char* name;
    std::size_t bytes;
  };
  std::string text(const Doing& doing) const;
  ncclUniqueId common_id();
  /// Waits while `pending()` and the deadline allow.
  void wait(const Doing& doing, const std::function<bool()>& pending);
  /// True while NCCL itself is still at work on the last call. Throws on an error of any rank.
  bool busy(const Doing& doing);
  [[noreturn]] void fail(const Doing& doing, const std::string& why);
  /// True when all ranks' work is flushed and the communicator can be destroyed.
  bool finalize();
  void abort();

  const Nccl& nccl_;
  calibrate::Communicator& host_;
  std::function<bool()> stream_done_;
  NcclLimits limits_;
  ncclComm_t comm_ = nullptr;
  int exceptions_at_start_;
};

/// "all ranks did arrive", "rank 3 did not arrive", "ranks 3, 5 did not arrive".
std::string missing_text(const std::vector<int>& missing);

}  // namespace orrery::cuda

#endif
