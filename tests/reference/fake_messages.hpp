// Ranks that share one thread and pass messages in memory: plans are executed without MPI. A message is finished at both
// ends by the first poll after both have started it; those of one pair and tag are matched in their order. The numbers of
// finished requests are used again at once, as MPI's are.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "calibrate/point_to_point.hpp"

namespace orrery::reference {

class FakeMessages {
 public:
  explicit FakeMessages(int size) {
    for (int rank = 0; rank < size; ++rank) ranks_.push_back(std::make_unique<Rank>(*this, rank, size));
  }
  calibrate::PointToPoint& rank(int r) { return *ranks_[static_cast<std::size_t>(r)]; }
  int messages = 0;  ///< delivered

 private:
  struct Rank;
  using Request = calibrate::PointToPoint::Request;
  struct End {
    Rank* rank;
    Request request;
    std::span<const float> source;
    std::span<float> target;
  };
  struct Queue {
    std::deque<End> sends, receives;
  };

  struct Rank final : calibrate::PointToPoint {
    Rank(FakeMessages& all, int rank, int size) : all_(all), rank_(rank), size_(size) {}
    int rank() const override { return rank_; }
    int size() const override { return size_; }
    Request send(std::span<const float> data, int to, int tag) override {
      Queue& queue = all_.queues_[{rank_, to, tag}];
      const Request request = number();
      queue.sends.push_back({this, request, data, {}});
      all_.match(queue);
      return request;
    }
    Request receive(std::span<float> data, int from, int tag) override {
      Queue& queue = all_.queues_[{from, rank_, tag}];
      const Request request = number();
      queue.receives.push_back({this, request, {}, data});
      all_.match(queue);
      return request;
    }
    void poll(std::vector<Request>& finished) override {
      finished.insert(finished.end(), done_.begin(), done_.end());
      free_.insert(free_.end(), done_.rbegin(), done_.rend());
      done_.clear();
    }
    void pause() override { throw std::logic_error("ranks that share a thread cannot wait"); }

    Request number() {
      if (free_.empty()) return next_++;
      const Request request = free_.back();
      free_.pop_back();
      return request;
    }

    FakeMessages& all_;
    int rank_, size_;
    Request next_ = 0;
    std::vector<Request> done_, free_;
  };

  void match(Queue& queue) {
    while (!queue.sends.empty() && !queue.receives.empty()) {
      const End send = queue.sends.front(), receive = queue.receives.front();
      queue.sends.pop_front();
      queue.receives.pop_front();
      if (send.source.size() != receive.target.size()) throw std::logic_error("the two ends differ in length");
      std::copy(send.source.begin(), send.source.end(), receive.target.begin());
      send.rank->done_.push_back(send.request);
      receive.rank->done_.push_back(receive.request);
      ++messages;
    }
  }

  std::vector<std::unique_ptr<Rank>> ranks_;
  std::map<std::tuple<int, int, int>, Queue> queues_;  ///< by from, to, tag
};

}  // namespace orrery::reference
