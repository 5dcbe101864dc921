// Ranks over NCCL, with a stand-in for its functions: what is called with which counts, and what happens when
// a call is refused, never ends, or fails on another rank.
#include "calibrate/backends/cuda/nccl_ranks.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/base/error.hpp"
#include "tests/cuda_host/scripted_host.hpp"

#if ORRERY_HAS_NCCL

using namespace orrery;
using test::ScriptedHost;

namespace {

/// What the stand-in answers and has seen; NCCL's functions carry no pointer of ours.
struct FakeState {
  std::vector<std::string> calls;
  ncclResult_t init = ncclInProgress, collective = ncclSuccess, id = ncclSuccess;
  std::vector<ncclResult_t> async;  ///< answers to come; the last one stays
  int blocking = -1;
  char id_seen = 0;
} fake;

ncclComm_t const kComm = reinterpret_cast<ncclComm_t>(&fake);

ncclResult_t noted(const std::string& call) {
  fake.calls.push_back(call);
  return fake.collective;
}

cuda::Nccl fake_nccl() {
  fake = {};
  fake.async = {ncclInProgress, ncclSuccess};
  cuda::Nccl nccl;
  nccl.ncclGetUniqueId = [](ncclUniqueId* id) {
    id->internal[0] = 'r';
    return fake.id;
  };
  nccl.ncclGetErrorString = [](ncclResult_t) { return "words of the stand-in"; };
  nccl.ncclGetLastError = [](ncclComm_t) { return "rank 2 hung up"; };
  nccl.ncclCommInitRankConfig = [](ncclComm_t* comm, int n, ncclUniqueId id, int rank, ncclConfig_t* config) {
    fake.blocking = config->blocking;
    fake.id_seen = id.internal[0];
    fake.calls.push_back("init " + std::to_string(rank) + "/" + std::to_string(n));
    *comm = kComm;
    return fake.init;
  };
  nccl.ncclCommGetAsyncError = [](ncclComm_t, ncclResult_t* status) {
    *status = fake.async.front();
    if (fake.async.size() > 1) fake.async.erase(fake.async.begin());
    return ncclSuccess;
  };
  nccl.ncclCommFinalize = [](ncclComm_t) {
    fake.calls.push_back("finalize");
    return ncclInProgress;
  };
  nccl.ncclCommDestroy = [](ncclComm_t) {
    fake.calls.push_back("destroy");
    return ncclSuccess;
  };
  nccl.ncclCommAbort = [](ncclComm_t) {
    fake.calls.push_back("abort");
    return ncclSuccess;
  };
  nccl.ncclAllReduce = [](const void* in, void* out, std::size_t n, ncclDataType_t type, ncclRedOp_t op,
                          ncclComm_t, cudaStream_t) {
    const bool as_meant = in == out && type == ncclFloat32 && op == ncclSum;
    return noted("all_reduce " + std::to_string(n) + (as_meant ? "" : " wrong"));
  };
  nccl.ncclReduceScatter = [](const void*, void*, std::size_t n, ncclDataType_t, ncclRedOp_t, ncclComm_t,
                              cudaStream_t) { return noted("reduce_scatter " + std::to_string(n)); };
  nccl.ncclAllGather = [](const void*, void*, std::size_t n, ncclDataType_t, ncclComm_t, cudaStream_t) {
    return noted("all_gather " + std::to_string(n));
  };
  nccl.ncclBroadcast = [](const void*, void*, std::size_t n, ncclDataType_t, int root, ncclComm_t,
                          cudaStream_t) {
    return noted("broadcast " + std::to_string(n) + " from " + std::to_string(root));
  };
  nccl.ncclSend = [](const void*, std::size_t n, ncclDataType_t, int to, ncclComm_t, cudaStream_t) {
    return noted("send " + std::to_string(n) + " to " + std::to_string(to));
  };
  nccl.ncclRecv = [](void*, std::size_t n, ncclDataType_t, int from, ncclComm_t, cudaStream_t) {
    return noted("receive " + std::to_string(n) + " from " + std::to_string(from));
  };
  return nccl;
}

const cuda::NcclLimits kShort{.call = Seconds(0.02), .roll_call = Seconds(0.01)};

bool idle() {
  return true;
}
bool never_idle() {
  return false;
}

/// The text of the BackendError that `action` ends with.
template <class Action>
std::string failure(Action action) {
  try {
    action();
  } catch (const BackendError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a rank joins without blocking, with the identification of rank 0") {
  const cuda::Nccl nccl = fake_nccl();
  ScriptedHost first(0, 4), third(2, 4);
  { const cuda::NcclRanks ranks(nccl, first, nullptr, idle, kShort); }
  CHECK(fake.blocking == 0);
  CHECK(fake.id_seen == 'r');
  CHECK(fake.calls == std::vector<std::string>{"init 0/4", "finalize", "destroy"});
  third.from_root = {std::byte{'x'}};
  const cuda::NcclRanks ranks(nccl, third, nullptr, idle, kShort);
  CHECK(fake.id_seen == 'x');
  CHECK(fake.calls.back() == "init 2/4");
  CHECK(ranks.rank() == 2);
  CHECK(ranks.size() == 4);
}

TEST_CASE("each collective reaches NCCL with its count of elements") {
  const cuda::Nccl nccl = fake_nccl();
  ScriptedHost host(0, 4);
  cuda::NcclRanks ranks(nccl, host, nullptr, idle, kShort);
  fake.calls.clear();
  std::vector<float> whole(12), share(3);
  ranks.all_reduce_sum(whole);
  ranks.reduce_scatter_sum(whole, share);
  ranks.all_gather(share, whole);
  ranks.broadcast(std::as_writable_bytes(std::span(whole)), 1);
  ranks.send(std::as_bytes(std::span(share)), 3);
  ranks.receive(std::as_writable_bytes(std::span(share)), 2);
  CHECK(fake.calls == std::vector<std::string>{"all_reduce 12", "reduce_scatter 3", "all_gather 3",
                                               "broadcast 48 from 1", "send 12 to 3", "receive 12 from 2"});
  CHECK(ranks.all_reduce_max(2.0) == 3.0);
  CHECK_THROWS_AS(ranks.all_gather(share, share), InternalError);
}

TEST_CASE("a collective that never ends is aborted and names size and missing ranks") {
  const cuda::Nccl nccl = fake_nccl();
  ScriptedHost host(1, 8);
  cuda::NcclRanks ranks(nccl, host, nullptr, never_idle, kShort);
  host.missing = {{3, 5}};
  std::vector<float> data(1024);
  CHECK(failure([&] { ranks.all_reduce_sum(data); }) ==
        "NCCL: ncclAllReduce of 4096 bytes over 8 ranks failed on rank 1: not done after 0.02 s; ranks 3, 5 "
        "did not "
        "arrive; the communicator was aborted");
  CHECK(fake.calls.back() == "abort");
  CHECK(host.deadlines.back() == 0.01);
  // From then on it refuses at once, and its end touches NCCL no more.
  CHECK_THAT(failure([&] { ranks.all_reduce_sum(data); }),
             Catch::Contains("the communicator was aborted before"));
  CHECK(fake.calls.back() == "abort");
}

TEST_CASE("a call that NCCL never finishes to enqueue ends by the same deadline") {
  const cuda::Nccl nccl = fake_nccl();
  ScriptedHost host(0, 2);
  cuda::NcclRanks ranks(nccl, host, nullptr, idle, kShort);
  fake.async = {ncclInProgress};
  CHECK_THAT(failure([&] { ranks.broadcast({}, 0); }),
             Catch::Contains("not done after 0.02 s; all ranks did arrive"));
  CHECK(fake.calls.back() == "abort");
}

TEST_CASE("an error of another rank ends a collective in NCCL's words") {
  const cuda::Nccl nccl = fake_nccl();
  ScriptedHost host(0, 4);
  cuda::NcclRanks ranks(nccl, host, nullptr, never_idle, kShort);
  fake.async = {ncclSuccess, ncclRemoteError};
  host.missing = {{2}};
  std::vector<float> data(1);
  CHECK_THAT(failure([&] { ranks.all_reduce_sum(data); }),
             Catch::Contains("code 6: words of the stand-in: rank 2 hung up; rank 2 did not arrive"));
}

TEST_CASE("a call that NCCL refuses is an error with its code") {
  const cuda::Nccl nccl = fake_nccl();
  ScriptedHost host(0, 2);
  cuda::NcclRanks ranks(nccl, host, nullptr, idle, kShort);
  fake.collective = ncclInvalidUsage;
  std::vector<float> data(1);
  CHECK_THAT(failure([&] { ranks.all_reduce_sum(data); }), Catch::Contains("code 5: words of the stand-in"));
}

TEST_CASE("a rank that is missing at the start is named before anyone waits for NCCL") {
  const cuda::Nccl nccl = fake_nccl();
  ScriptedHost host(0, 3);
  host.missing = {{1}};
  CHECK(failure([&] { cuda::NcclRanks(nccl, host, nullptr, idle, kShort); }) ==
        "NCCL: a meeting of 3 ranks: rank 1 did not arrive within 0.02 s");
  CHECK(fake.calls.empty());
}

TEST_CASE("a start-up that does not end is aborted") {
  const cuda::Nccl nccl = fake_nccl();
  fake.async = {ncclInProgress};
  ScriptedHost host(0, 3);
  CHECK_THAT(failure([&] { cuda::NcclRanks(nccl, host, nullptr, idle, kShort); }),
             Catch::Contains("ncclCommInitRankConfig of 0 bytes over 3 ranks failed on rank 0: not done"));
  CHECK(fake.calls.back() == "abort");
}

TEST_CASE("a failure of rank 0 to make an identification reaches every rank") {
  const cuda::Nccl nccl = fake_nccl();
  fake.id = ncclSystemError;
  ScriptedHost host(0, 2);
  CHECK_THAT(failure([&] { cuda::NcclRanks(nccl, host, nullptr, idle, kShort); }),
             Catch::Contains("ncclGetUniqueId on rank 0 failed with code 2"));
  CHECK(fake.calls.empty());
}

TEST_CASE("a barrier names the ranks that do not come, and otherwise lets all leave together") {
  const cuda::Nccl nccl = fake_nccl();
  ScriptedHost host(0, 4);
  cuda::NcclRanks ranks(nccl, host, nullptr, idle, kShort);
  const int barriers = host.barriers;
  ranks.barrier();
  CHECK(host.barriers == barriers + 1);
  CHECK(host.deadlines.back() == 0.02);
  host.missing = {{1, 2}};
  CHECK_THAT(failure([&] { ranks.barrier(); }), Catch::Contains("ranks 1, 2 did not arrive within 0.02 s"));
}

TEST_CASE("a group of the first ranks has its own communicator; the other ranks have none") {
  const cuda::Nccl nccl = fake_nccl();
  ScriptedHost second(1, 4), fourth(3, 4);
  cuda::NcclRanks inside(nccl, second, nullptr, idle, kShort), outside(nccl, fourth, nullptr, idle, kShort);
  fake.calls.clear();
  const auto group = inside.first_ranks(2);
  REQUIRE(group);
  CHECK(group->size() == 2);
  CHECK(fake.calls == std::vector<std::string>{"init 1/2"});
  CHECK(outside.first_ranks(2) == nullptr);
}

TEST_CASE("the limit of a call comes from the environment, and a wrong one is the user's error") {
  setenv("ORRERY_NCCL_TIMEOUT_S", "2.5", 1);
  CHECK(cuda::NcclLimits::from_environment().call == Seconds(2.5));
  for (const char* wrong : {"soon", "0", "-1", "5s", "nan", "1e9", ""}) {
    setenv("ORRERY_NCCL_TIMEOUT_S", wrong, 1);
    CHECK_THROWS_AS(cuda::NcclLimits::from_environment(), ScenarioError);
  }
  unsetenv("ORRERY_NCCL_TIMEOUT_S");
  CHECK(cuda::NcclLimits::from_environment().call == Seconds(60.0));
}

#endif
