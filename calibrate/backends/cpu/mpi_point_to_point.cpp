#include "calibrate/backends/cpu/mpi_point_to_point.hpp"

#include <chrono>
#include <exception>
#include <thread>

#include "calibrate/backends/cpu/mpi_check.hpp"
#include "sim/base/error.hpp"

namespace orrery::cpu {
namespace {

class MpiPointToPoint final : public calibrate::PointToPoint {
 public:
  explicit MpiPointToPoint(MPI_Comm comm) : comm_(comm) {
    MPI_CHECK(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN));
    MPI_CHECK(MPI_Comm_rank(comm_, &rank_));
    MPI_CHECK(MPI_Comm_size(comm_, &size_));
  }
  ~MpiPointToPoint() override {
    if (std::uncaught_exceptions() == 0) MPI_Comm_free(&comm_);
  }
  MpiPointToPoint(const MpiPointToPoint&) = delete;
  MpiPointToPoint& operator=(const MpiPointToPoint&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  Request send(std::span<const float> data, int to, int tag) override {
    const Request request = free_request();
    MPI_CHECK(MPI_Isend(data.data(), mpi_count(data.size()), MPI_FLOAT, to, tag, comm_, &requests_[request]));
    return request;
  }

  Request receive(std::span<float> data, int from, int tag) override {
    const Request request = free_request();
    MPI_CHECK(MPI_Irecv(data.data(), mpi_count(data.size()), MPI_FLOAT, from, tag, comm_, &requests_[request]));
    return request;
  }

  void poll(std::vector<Request>& finished) override {
    int count = 0;
    done_.resize(requests_.size());
    // A call that finds nothing finished moves messages on, and the next one reports what has come by that.
    for (int look = 0; look < 2 && count == 0; ++look) {
      MPI_CHECK(MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &count, done_.data(),
                             MPI_STATUSES_IGNORE));
    }
    if (count == MPI_UNDEFINED) return;  // nothing is under way
    for (int i = 0; i < count; ++i) {
      finished.push_back(static_cast<Request>(done_[static_cast<std::size_t>(i)]));
      free_.push_back(finished.back());
    }
  }

  void pause() override { std::this_thread::sleep_for(std::chrono::microseconds(50)); }

 private:
  Request free_request() {
    if (free_.empty()) {
      free_.push_back(requests_.size());
      requests_.push_back(MPI_REQUEST_NULL);
    }
    const Request request = free_.back();
    free_.pop_back();
    return request;
  }

  MPI_Comm comm_;
  int rank_ = 0, size_ = 1;
  std::vector<MPI_Request> requests_;  ///< by Request; null where free
  std::vector<Request> free_;
  std::vector<int> done_;
};

}  // namespace

std::unique_ptr<calibrate::PointToPoint> mpi_point_to_point() {
  MPI_Comm own = MPI_COMM_NULL;
  MPI_CHECK(MPI_Comm_dup(MPI_COMM_WORLD, &own));
  return std::make_unique<MpiPointToPoint>(own);
}

}  // namespace orrery::cpu
