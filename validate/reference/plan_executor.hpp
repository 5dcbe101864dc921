// Executes a collective plan on real buffers: the very object that the symbolic checker proves and that the simulator
// times. It keeps to what sim/collective/plan.hpp says of a channel: in each step all sends and receives are started
// together, waited for, then applied in the order of the list; channels run at the same time, some begun after others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "calibrate/point_to_point.hpp"
#include "sim/collective/plan.hpp"

namespace orrery::reference {

/// One participant's part of a plan. A participant is the rank of the same number.
class PlanExecutor {
 public:
  /// Keeps nothing of the plan.
  PlanExecutor(const collective::Plan& plan, int participant);

  /// Length of this participant's buffer.
  std::size_t elements() const { return elements_; }

  /// Does all of it; returns when this participant's part is done. REQUIRES: buffer.size() == elements(), and every
  /// participant runs the same plan.
  void run(calibrate::PointToPoint& messages, std::span<float> buffer);

  /// The same in pieces, for ranks that share a thread: start, then advance until it says that all is done. Both
  /// arguments stay until then.
  void start(calibrate::PointToPoint& messages, std::span<float> buffer);
  bool advance();

 private:
  struct Part {
    std::size_t offset = 0, count = 0;  ///< elements of the buffer
  };
  struct Message {
    int peer = 0;
    std::size_t staged = 0, count = 0;  ///< its place in the staging area
    std::vector<Part> parts;            ///< what is sent: pieces of the buffer
  };
  struct Apply {
    std::size_t staged = 0;
    Part target;
    collective::Combine combine = collective::Combine::copy;
  };
  struct Step {
    int number = 0;  ///< in the plan
    std::vector<Message> sends, receives;
    std::vector<Message> copies;  ///< local: staged at the step's start, as if sent
    std::vector<Apply> applies;
    std::size_t staging = 0;      ///< elements of the staging area
  };
  /// A channel that begins when another one's `next` has come to this.
  struct Follower {
    std::size_t channel = 0, next = 0;
  };
  struct Channel {
    std::vector<Step> steps;
    std::vector<Follower> followers;
    bool follows = false, begun = false;
    std::size_t next = 0;       ///< the step that is under way, or to be started
    std::size_t under_way = 0;  ///< its requests that are not finished
    std::vector<float> staging;
  };

  static Step read_step(std::span<const collective::Transfer> transfers, const collective::Plan& plan, int participant);
  void follow(const collective::Channel& source, std::size_t channel);
  void go_on(std::size_t channel);
  void begin_followers(const Channel& channel);
  std::span<const float> gather(const Message& message, std::span<float> staging) const;
  void pack(const Message& message, std::span<float> staging) const;
  void apply(Channel& channel);
  void own(calibrate::PointToPoint::Request request, std::size_t channel);

  std::size_t elements_ = 0;
  std::vector<Channel> channels_;
  std::size_t channels_left_ = 0;
  calibrate::PointToPoint* messages_ = nullptr;
  std::span<float> buffer_;
  std::vector<std::size_t> owner_;  ///< channel of a request
  std::vector<calibrate::PointToPoint::Request> finished_;
  std::vector<std::size_t> ready_;  ///< channels whose step has just finished
};

}  // namespace orrery::reference
