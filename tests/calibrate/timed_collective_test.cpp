// What a timed collective asks of its memory and of the ranks, seen by a medium and a group that only take
// notes.
#include "calibrate/timed_collective.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace orrery;
using calibrate::Communicator;

namespace {

/// Notes each call with its sizes.
using Notes = std::vector<std::string>;

class NotingGroup : public Communicator {
 public:
  NotingGroup(Notes& notes, int rank, int size) : notes_(notes), rank_(rank), size_(size) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void barrier() override { notes_.push_back("barrier"); }
  std::vector<int> missing_after(Seconds) override { return {}; }
  void all_reduce_sum(std::span<float> data) override { note("all_reduce", data.size()); }
  double all_reduce_max(double value) override { return value; }
  void reduce_scatter_sum(std::span<const float> in, std::span<float> out) override {
    note("reduce_scatter", in.size(), out.size());
  }
  void all_gather(std::span<const float> in, std::span<float> out) override {
    note("all_gather", in.size(), out.size());
  }
  void broadcast(std::span<std::byte> data, int) override { note("broadcast", data.size()); }
  void send(std::span<const std::byte> data, int) override { note("send", data.size()); }
  void receive(std::span<std::byte> data, int) override { note("receive", data.size()); }
  std::unique_ptr<Communicator> first_ranks(int) override { return nullptr; }

 private:
  void note(const std::string& call, std::size_t a, std::size_t b = 0) {
    notes_.push_back(call + " " + std::to_string(a) + (b == 0 ? "" : " " + std::to_string(b)));
  }
  Notes& notes_;
  int rank_, size_;
};

/// Each measured call takes 6 s.
class NotingMedium : public calibrate::CollectiveMedium {
 public:
  explicit NotingMedium(Notes& notes) : notes_(notes) {}
  std::span<float> take(std::size_t count) override {
    memory_.emplace_back(count, -1.0F);
    return memory_.back();
  }
  void fill(std::span<float> target, std::span<const float> pattern) override {
    notes_.push_back("fill " + std::to_string(target.size()));
    for (const float value : pattern) all_positive_ = all_positive_ && value > 0.0F;
    CHECK(all_positive_);
  }
  void start() override { notes_.push_back("start"); }
  Seconds stop() override {
    notes_.push_back("stop");
    return Seconds(6.0);
  }

 private:
  Notes& notes_;
  std::vector<std::vector<float>> memory_;
  bool all_positive_ = true;
};

Notes run_once(cost::CollectiveKind kind, double bytes, int ranks, int rank, double& seconds) {
  Notes notes;
  const auto timed = calibrate::timed_collective({kind, Bytes(bytes), ranks},
                                                 std::make_unique<NotingGroup>(notes, rank, ranks),
                                                 std::make_unique<NotingMedium>(notes));
  seconds = timed->run().value();
  return notes;
}

}  // namespace

TEST_CASE("the ranks meet before the clock starts, and the call lies between start and stop") {
  double seconds = 0.0;
  CHECK(run_once(cost::CollectiveKind::all_reduce, 40, 3, 1, seconds) ==
        Notes{"fill 10", "barrier", "start", "all_reduce 10", "stop"});
  CHECK(seconds == 6.0);
}

TEST_CASE("gather and scatter move equal shares, at least one number each") {
  double seconds = 0.0;
  // 10 numbers over 3 ranks: shares of 3, 9 in all.
  CHECK(run_once(cost::CollectiveKind::reduce_scatter, 40, 3, 0, seconds)[3] == "reduce_scatter 9 3");
  CHECK(run_once(cost::CollectiveKind::all_gather, 40, 3, 0, seconds)[3] == "all_gather 3 9");
  CHECK(run_once(cost::CollectiveKind::all_gather, 4, 3, 0, seconds)[3] == "all_gather 1 3");
  CHECK(calibrate::collective_buffer_elements({cost::CollectiveKind::all_gather, Bytes(4), 3}) == 3);
  CHECK(calibrate::collective_buffer_elements({cost::CollectiveKind::all_reduce, Bytes(40), 3}) == 10);
}

TEST_CASE("a message goes there and back and counts half; ranks from two on look on") {
  double seconds = 0.0;
  CHECK(run_once(cost::CollectiveKind::point_to_point, 40, 3, 0, seconds) ==
        Notes{"fill 10", "barrier", "start", "send 40", "receive 40", "stop"});
  CHECK(seconds == 3.0);
  CHECK(run_once(cost::CollectiveKind::point_to_point, 40, 3, 2, seconds) ==
        Notes{"fill 10", "barrier", "start", "stop"});
}

TEST_CASE("a barrier has no buffer to fill") {
  double seconds = 0.0;
  CHECK(run_once(cost::CollectiveKind::barrier, 0, 2, 0, seconds) ==
        Notes{"barrier", "start", "barrier", "stop"});
}

TEST_CASE("sums are refilled every 64 runs, long before they overflow") {
  Notes notes;
  const auto timed = calibrate::timed_collective({cost::CollectiveKind::all_reduce, Bytes(4), 2},
                                                 std::make_unique<NotingGroup>(notes, 0, 2),
                                                 std::make_unique<NotingMedium>(notes));
  for (int i = 0; i < 130; ++i) timed->run();
  CHECK(std::count(notes.begin(), notes.end(), "fill 1") == 3);
}

TEST_CASE("a rank outside the group does nothing and takes no time") {
  Notes notes;
  const auto timed = calibrate::timed_collective({cost::CollectiveKind::all_reduce, Bytes(8), 2}, nullptr,
                                                 std::make_unique<NotingMedium>(notes));
  CHECK(timed->run().value() == 0.0);
  CHECK(notes == Notes{"fill 2"});
}
