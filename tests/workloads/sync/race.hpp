// Parallel SGD without gradients for the tests of the variants: a coordinator, compute times, and free communication. The
// earliest arrival comes first; equal times in the order of the learners. Variants and compute times are written as in a
// scenario.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "sim/base/json_io.hpp"
#include "workloads/straggler/compute_times.hpp"
#include "workloads/sync/coordinator.hpp"

namespace orrery::sync {

struct Setting {
  Registered<Variant> variant{"sync"};
  straggler::StragglerConfig compute;
};
template <class V>
void fields(V& v, Setting& c) {
  v("variant", c.variant, "who waits for whom");
  v("compute", c.compute, "compute times");
}

inline Setting setting(const std::string& variant, const std::string& compute = R"({"distribution": "exponential"})") {
  Setting result;
  read_json(parse_json(R"({"variant": )" + variant + R"(, "compute": )" + compute + "}", "test"), result);
  return result;
}
inline Registered<Variant> variant(const std::string& text) { return setting(text).variant; }
inline straggler::StragglerConfig compute(const std::string& text) { return setting(R"("sync")", text).compute; }

class Race {
 public:
  Race(const Variant& variant, const straggler::StragglerConfig& compute, int learners, Seed seed = {})
      : coordinator_(variant, learners), times_(compute, learners, seed) {
    for (int i = 0; i < learners; ++i) ends_.push_back(times_.draw(i, Seconds(0.0)));
  }

  /// Lets the next gradient arrive.
  const Orders& step(double loss = 1.0) {
    arrived_ = 0;
    for (std::size_t i = 1; i < ends_.size(); ++i)
      if (ends_[i] < ends_[static_cast<std::size_t>(arrived_)]) arrived_ = static_cast<int>(i);
    now_ = ends_[static_cast<std::size_t>(arrived_)];
    const Orders& orders = coordinator_.arrive(arrived_, now_, loss);
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      if (orders.next[i] == Next::wait) ends_[i] = Seconds(std::numeric_limits<double>::infinity());
      if (orders.next[i] == Next::fetch || orders.next[i] == Next::repeat) begin(static_cast<int>(i));
    }
    for (const int member : orders.round_members) begin(member);
    return orders;
  }

  Seconds now() const { return now_; }
  int arrived() const { return arrived_; }
  const Coordinator& coordinator() const { return coordinator_; }

 private:
  void begin(int learner) { ends_[static_cast<std::size_t>(learner)] = now_ + times_.draw(learner, now_); }

  Coordinator coordinator_;
  straggler::ComputeTimes times_;
  std::vector<Seconds> ends_;  ///< of what each computes; infinite while it waits
  Seconds now_{0.0};
  int arrived_ = 0;
};

/// Series of a run, for confidence intervals. Local variants: times between rounds, no staleness.
struct Series {
  std::vector<double> iterations;
  std::vector<double> staleness;  ///< of each used gradient
  Books books;
};

inline Series run(const Setting& s, int learners, std::int64_t updates, Seed seed = {}, std::int64_t warm_up = 200) {
  Race race(*s.variant, s.compute, learners, seed);
  Series series;
  Seconds last{0.0};
  for (std::int64_t n = -warm_up; n < updates;) {
    const Orders& orders = race.step();
    const bool is_update = orders.use == Use::apply || !orders.round_members.empty();
    if (!is_update) continue;
    if (n >= 0) series.iterations.push_back((race.now() - last).value());
    for (const Applied& a : orders.applied)
      if (n >= 0) series.staleness.push_back(static_cast<double>(a.staleness));
    last = race.now();
    ++n;
  }
  series.books = race.coordinator().books();
  return series;
}

}  // namespace orrery::sync
