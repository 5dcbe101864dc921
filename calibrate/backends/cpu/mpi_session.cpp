#include "calibrate/backends/cpu/mpi_session.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

#include "calibrate/backends/cpu/mpi_check.hpp"
#include "calibrate/local_communicator.hpp"
#include "sim/base/error.hpp"

#ifdef __SANITIZE_ADDRESS__
namespace {
bool mpi_was_used = false;
}
// Open MPI unloads its plug-ins without freeing all of their memory, so a process that used it is not
// searched for leaks; all others are.
extern "C" int __lsan_is_turned_off() {
  return mpi_was_used ? 1 : 0;
}
#endif

namespace orrery::cpu {
namespace {

using Clock = std::chrono::steady_clock;

/// Polls until all requests are done or `end` has passed, at first without sleep: those who come together
/// shall leave together. True: all are done.
bool done_by(std::vector<MPI_Request>& requests, Clock::time_point end) {
  const auto patient = Clock::now() + std::chrono::milliseconds(1);
  for (;;) {
    int done = 0;
    MPI_CHECK(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE));
    if (done != 0) return true;
    const auto now = Clock::now();
    if (now >= end) return false;
    if (now >= patient) std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

/// Takes back a receive that was waited for long enough. True: its message came all the same.
bool take_back(MPI_Request& request) {
  if (request == MPI_REQUEST_NULL) return true;
  MPI_Status status;
  int cancelled = 0;
  MPI_CHECK(MPI_Cancel(&request));
  MPI_CHECK(MPI_Wait(&request, &status));
  MPI_CHECK(MPI_Test_cancelled(&status, &cancelled));
  return cancelled == 0;
}

class MpiCommunicator : public calibrate::Communicator {
 public:
  /// Takes over `comm`; its errors become return codes.
  explicit MpiCommunicator(MPI_Comm comm) : comm_(comm) {
    MPI_CHECK(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN));
    MPI_CHECK(MPI_Comm_rank(comm_, &rank_));
    MPI_CHECK(MPI_Comm_size(comm_, &size_));
  }
  ~MpiCommunicator() override {
    if (std::uncaught_exceptions() == 0) MPI_Comm_free(&comm_);
  }
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void barrier() override { MPI_CHECK(MPI_Barrier(comm_)); }

  /// Everyone tells rank 0 that he is there; rank 0 tells those that came who did. The tags carry the
  /// meeting's number, so that a message that is late for one meeting is none for the next.
  std::vector<int> missing_after(Seconds deadline) override {
    const int arrival_tag = 1 + 2 * (meetings_++ % 10000), verdict_tag = arrival_tag + 1;
    const auto limit =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(deadline.value()));
    const auto end = Clock::now() + limit;
    came_.assign(static_cast<std::size_t>(size_), 0);
    came_[static_cast<std::size_t>(rank_)] = 1;
    if (rank_ == 0) {
      hear_arrivals(arrival_tag, end);
      tell_verdict(verdict_tag, end);
    } else {
      std::vector<MPI_Request> requests(2, MPI_REQUEST_NULL);
      MPI_CHECK(MPI_Isend(&kHere, 1, MPI_BYTE, 0, arrival_tag, comm_, &requests[0]));
      MPI_CHECK(MPI_Irecv(came_.data(), size_, MPI_BYTE, 0, verdict_tag, comm_, &requests[1]));
      // Rank 0 may have come as late as the deadline allows, and then waits as long itself.
      done_by(requests, end + limit + limit / 10);
      if (requests[0] != MPI_REQUEST_NULL) MPI_CHECK(MPI_Request_free(&requests[0]));
      if (!take_back(requests[1])) return {0};
    }
    std::vector<int> missing;
    for (int rank = 0; rank < size_; ++rank) {
      if (came_[static_cast<std::size_t>(rank)] == 0) missing.push_back(rank);
    }
    return missing;
  }

  void patient_barrier() override {
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_CHECK(MPI_Ibarrier(comm_, &request));
    for (int done = 0; done == 0;) {
      MPI_CHECK(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
      if (done == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

  void all_reduce_sum(std::span<float> data) override {
    MPI_CHECK(MPI_Allreduce(MPI_IN_PLACE, data.data(), mpi_count(data.size()), MPI_FLOAT, MPI_SUM, comm_));
  }

  double all_reduce_max(double value) override {
    MPI_CHECK(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, comm_));
    return value;
  }

  void reduce_scatter_sum(std::span<const float> input, std::span<float> output) override {
    SIM_ASSERT(input.size() == output.size() * static_cast<std::size_t>(size_), "reduce-scatter sizes");
    MPI_CHECK(MPI_Reduce_scatter_block(input.data(), output.data(), mpi_count(output.size()), MPI_FLOAT,
                                       MPI_SUM, comm_));
  }

  void all_gather(std::span<const float> input, std::span<float> output) override {
    SIM_ASSERT(output.size() == input.size() * static_cast<std::size_t>(size_), "all-gather sizes");
    const int count = mpi_count(input.size());
    MPI_CHECK(MPI_Allgather(input.data(), count, MPI_FLOAT, output.data(), count, MPI_FLOAT, comm_));
  }

  void broadcast(std::span<std::byte> data, int root) override {
    MPI_CHECK(MPI_Bcast(data.data(), mpi_count(data.size()), MPI_BYTE, root, comm_));
  }

  void send(std::span<const std::byte> data, int to) override {
    MPI_CHECK(MPI_Send(data.data(), mpi_count(data.size()), MPI_BYTE, to, 0, comm_));
  }

  void receive(std::span<std::byte> data, int from) override {
    MPI_CHECK(MPI_Recv(data.data(), mpi_count(data.size()), MPI_BYTE, from, 0, comm_, MPI_STATUS_IGNORE));
  }

  std::unique_ptr<calibrate::Communicator> first_ranks(int count) override {
    SIM_ASSERT(count >= 1 && count <= size_, "a group has at least one and at most all ranks");
    MPI_Comm group = MPI_COMM_NULL;
    MPI_CHECK(MPI_Comm_split(comm_, rank_ < count ? 0 : MPI_UNDEFINED, rank_, &group));
    if (group == MPI_COMM_NULL) return nullptr;
    return std::make_unique<MpiCommunicator>(group);
  }

 private:
  void hear_arrivals(int tag, Clock::time_point end) {
    std::vector<MPI_Request> requests(static_cast<std::size_t>(size_), MPI_REQUEST_NULL);
    for (int rank = 1; rank < size_; ++rank) {
      const auto i = static_cast<std::size_t>(rank);
      MPI_CHECK(MPI_Irecv(&came_[i], 1, MPI_BYTE, rank, tag, comm_, &requests[i]));
    }
    if (done_by(requests, end)) return;
    for (MPI_Request& request : requests) take_back(request);
  }

  void tell_verdict(int tag, Clock::time_point end) {
    std::vector<MPI_Request> requests(static_cast<std::size_t>(size_), MPI_REQUEST_NULL);
    for (int rank = 1; rank < size_; ++rank) {
      const auto i = static_cast<std::size_t>(rank);
      if (came_[i] == 0) continue;
      MPI_CHECK(MPI_Isend(came_.data(), size_, MPI_BYTE, rank, tag, comm_, &requests[i]));
    }
    if (done_by(requests, std::max(end, Clock::now() + std::chrono::seconds(1)))) return;
    for (MPI_Request& request : requests) {
      if (request != MPI_REQUEST_NULL) MPI_CHECK(MPI_Request_free(&request));
    }
  }

  static constexpr char kHere = 1;
  MPI_Comm comm_;
  int rank_ = 0;
  int size_ = 1;
  int meetings_ = 0;
  std::vector<char> came_;  ///< one per rank; lives as long as sends that may still read it
};

}  // namespace

bool MpiSession::is_launched() {
  // Set by mpirun, and by launchers that speak PMIx, as srun does.
  return std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr || std::getenv("PMIX_RANK") != nullptr;
}

MpiSession::MpiSession() : exceptions_at_start_(std::uncaught_exceptions()) {
  SIM_ASSERT(is_launched(), "an MPI session without mpirun");
#ifdef __SANITIZE_ADDRESS__
  mpi_was_used = true;
#endif
  MPI_CHECK(MPI_Init(nullptr, nullptr));
  MPI_Comm own = MPI_COMM_NULL;
  MPI_CHECK(MPI_Comm_dup(MPI_COMM_WORLD, &own));
  world_ = std::make_unique<MpiCommunicator>(own);
}

MpiSession::~MpiSession() {
  if (std::uncaught_exceptions() > exceptions_at_start_) return;
  world_.reset();
  MPI_Finalize();
}

std::string mpi_library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  MPI_CHECK(MPI_Get_library_version(text, &length));
  const std::string full(text, static_cast<std::size_t>(length));
  const std::size_t comma = full.find(',');
  const std::string head = full.substr(0, comma);
  return head.starts_with("Open MPI v") ? "Open MPI " + head.substr(10) : head;
}

RankSession::RankSession() {
  if (MpiSession::is_launched()) {
    mpi_ = std::make_unique<MpiSession>();
  } else {
    alone_ = std::make_unique<calibrate::LocalCommunicator>();
  }
}

}  // namespace orrery::cpu
