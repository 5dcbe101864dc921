#include "cli/netlab_ranks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "calibrate/backends/cpu/mpi_point_to_point.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "validate/netlab_case.hpp"
#include "validate/reference/plan_executor.hpp"

namespace orrery::cli {
namespace {

using Clock = std::chrono::steady_clock;
using validate::NetlabCase;
using validate::NetlabPattern;

/// One case on this rank, ready to be repeated.
class PreparedCase {
 public:
  PreparedCase(const NetlabCase& what, calibrate::Communicator& world)
      : what_(what),
        rank_(world.rank()),
        group_(what.pattern == NetlabPattern::library ? world.first_ranks(what.ranks) : nullptr) {
    if (what.pattern == NetlabPattern::library) {
      buffer_.resize(static_cast<std::size_t>(what.size.value()) / sizeof(float));
      return;
    }
    const collective::Plan plan = validate::netlab_plan(what);
    SIM_ASSERT(plan.participants() <= world.size(), "the lab has a host for every participant");
    ranks_ = plan.ranks;
    if (rank_ >= plan.participants()) return;
    executor_.emplace(plan, rank_);
    buffer_.resize(executor_->elements());
  }

  /// Every rank starts with its number + 1 everywhere, a server with zeros.
  void fill() {
    std::fill(buffer_.begin(), buffer_.end(),
              rank_ < ranks_ || group_ ? static_cast<float>(rank_ + 1) : 0.0F);
  }

  void run(calibrate::PointToPoint& messages) {
    if (executor_) executor_->run(messages, buffer_);
    if (group_) group_->all_reduce_sum(buffer_);
  }

  /// After one run from fill(): an all-reduce leaves the sum everywhere.
  bool is_right() const {
    if (what_.pattern != NetlabPattern::collective || rank_ >= ranks_) return true;
    const auto sum = static_cast<float>(ranks_ * (ranks_ + 1) / 2);
    return std::all_of(buffer_.begin(), buffer_.end(), [sum](float value) { return value == sum; });
  }

 private:
  NetlabCase what_;
  int rank_, ranks_ = 0;
  std::unique_ptr<calibrate::Communicator> group_;
  std::optional<reference::PlanExecutor> executor_;
  std::vector<float> buffer_;
};

/// The hosts are one machine, so all ranks read the same clock: rank 0 names a moment at which all start. It
/// lies far enough ahead for queues to drain and token buckets to fill.
void start_together(calibrate::Communicator& world, Clock::time_point& start) {
  world.patient_barrier();
  auto moment = (Clock::now() + std::chrono::milliseconds(20)).time_since_epoch().count();
  world.broadcast(std::as_writable_bytes(std::span(&moment, 1)), 0);
  start = Clock::time_point(Clock::duration(moment));
  std::this_thread::sleep_until(start);
}

/// From the common start until the last rank was done.
Seconds timed(PreparedCase& prepared, calibrate::Communicator& world, calibrate::PointToPoint& messages) {
  prepared.fill();
  Clock::time_point start;
  start_together(world, start);
  prepared.run(messages);
  const std::chrono::duration<double> own = Clock::now() - start;
  world.patient_barrier();
  return Seconds(world.all_reduce_max(own.count()));
}

}  // namespace

void run_netlab_ranks(const std::string& input, const std::string& record) {
  validate::NetlabWork work;
  read_json(parse_json(scenario::read_file(input), input), work);
  cpu::MpiSession session;
  calibrate::Communicator& world = session.world();
  const auto messages = cpu::mpi_point_to_point();
  std::vector<validate::NetlabRun> runs;
  std::vector<std::unique_ptr<PreparedCase>> prepared;
  for (const NetlabCase& what : work.cases) {
    runs.push_back({what, work.predictions_hash, {}});
    prepared.push_back(std::make_unique<PreparedCase>(what, world));
  }
  for (int repeat = -1; repeat < work.repeats; ++repeat) {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const Seconds time = timed(*prepared[i], world, *messages);
      if (repeat < 0) {  // connections are made at the first message
        if (!prepared[i]->is_right())
          throw InternalError("internal error: wrong sums: " + case_name(runs[i].what));
        continue;
      }
      runs[i].times_s.push_back(std::round(time.value() * 1e7) / 1e7);
    }
  }
  if (world.rank() != 0) return;
  std::string text;
  for (validate::NetlabRun& run : runs) text += write_json(run).dump() + "\n";
  const std::filesystem::path path(record);
  scenario::write_artifacts(path.parent_path().string(), {{path.filename().string(), text}});
}

}  // namespace orrery::cli
