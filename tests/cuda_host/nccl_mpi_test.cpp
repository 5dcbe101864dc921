// Ranks over NCCL as a real job starts them: introduced by MPI, one process each; only NCCL itself is a
// stand-in. Cases tagged [.three-ranks] are hidden: a test starts this very binary on three ranks to run
// them.
#include <catch2/catch.hpp>

#include "calibrate/backends/cpu/launch.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "calibrate/backends/cuda/nccl_ranks.hpp"
#include "sim/base/error.hpp"

#if ORRERY_HAS_NCCL

using namespace orrery;

namespace {

calibrate::Communicator& world() {
  static cpu::MpiSession session;
  return session.world();
}

int aborted = 0;
unsigned char id_seen = 0;

/// Everything succeeds; whether a collective ends is the stream's matter.
cuda::Nccl agreeable_nccl() {
  cuda::Nccl nccl;
  nccl.ncclGetUniqueId = [](ncclUniqueId* id) {
    id->internal[127] = 42;
    return ncclSuccess;
  };
  nccl.ncclGetErrorString = [](ncclResult_t) { return "no error"; };
  nccl.ncclCommInitRankConfig = [](ncclComm_t* comm, int, ncclUniqueId id, int, ncclConfig_t*) {
    id_seen = static_cast<unsigned char>(id.internal[127]);
    *comm = reinterpret_cast<ncclComm_t>(&aborted);
    return ncclSuccess;
  };
  nccl.ncclCommGetAsyncError = [](ncclComm_t, ncclResult_t* status) { return *status = ncclSuccess; };
  nccl.ncclCommFinalize = [](ncclComm_t) { return ncclSuccess; };
  nccl.ncclCommDestroy = [](ncclComm_t) { return ncclSuccess; };
  nccl.ncclCommAbort = [](ncclComm_t) {
    ++aborted;
    return ncclSuccess;
  };
  nccl.ncclAllReduce = [](const void*, void*, std::size_t, ncclDataType_t, ncclRedOp_t, ncclComm_t,
                          cudaStream_t) { return ncclSuccess; };
  return nccl;
}

}  // namespace

TEST_CASE("the three-rank cases of this binary pass under mpirun") {
  cpu::LaunchSite site = cpu::this_process();
  site.arguments = {"[three-ranks]", "--use-colour", "no"};
  CHECK(cpu::launch_ranks(3, site) == 0);
}

TEST_CASE("rank 0's identification reaches all ranks, and a rank that stays away is named",
          "[.][three-ranks]") {
  const cuda::Nccl nccl = agreeable_nccl();
  const cuda::NcclLimits limits{.call = Seconds(30.0), .roll_call = Seconds(30.0)};
  {
    cuda::NcclRanks ranks(
        nccl, world(), nullptr, [] { return true; }, limits);
    CHECK(id_seen == 42);
    std::vector<float> data(4);
    ranks.all_reduce_sum(data);
    ranks.barrier();
    const auto pair = ranks.first_ranks(2);
    CHECK((pair != nullptr) == (world().rank() < 2));
  }
  CHECK(aborted == 0);

  // Rank 2 hangs somewhere else while the others' all-reduce waits for it. The limits let a busy machine be
  // slow.
  cuda::NcclRanks ranks(nccl, world(), nullptr, [] { return false; }, {Seconds(0.5), Seconds(1.0)});
  if (world().rank() != 2) {
    std::vector<float> data(256);
    CHECK_THROWS_WITH(ranks.all_reduce_sum(data),
                      Catch::Contains("ncclAllReduce of 1024 bytes over 3 ranks failed on rank " +
                                      std::to_string(world().rank())) &&
                          Catch::Contains("rank 2 did not arrive"));
    CHECK(aborted == 1);
  }
  world().barrier();
}

#endif
