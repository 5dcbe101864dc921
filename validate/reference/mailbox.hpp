// Letters between the parameter server and its learners: a head of three numbers, and a model or gradient behind it. All
// letters have one length, because a receive says beforehand how long its message is. Letters of one pair arrive in the
// order in which they were sent; nothing here blocks.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "calibrate/point_to_point.hpp"

namespace orrery::reference {

enum class LetterKind : std::uint8_t {
  begin,     ///< to a learner: begin a mini-batch at this model, whatever you do now
  repeat,    ///< to a learner: begin another one at the model that you hold
  end,       ///< to a learner: the last letter
  gradient,  ///< to the server: of the mini-batch with this sequence number (local variants: the new own model)
  farewell   ///< to the server: the learner's last letter
};

struct Letter {
  LetterKind kind = LetterKind::end;
  int peer = 0;                 ///< who sent it
  std::int64_t sequence = 0;    ///< of the mini-batch: numbers the letters to one learner
  float loss = 0.0F;            ///< of the mini-batch
  std::span<const float> body;  ///< valid until the next call of poll
};

class Mailbox {
 public:
  /// `messages` outlives it. From each of the peers one letter at a time is awaited.
  Mailbox(calibrate::PointToPoint& messages, std::span<const int> peers, std::size_t numbers);

  /// Starts a letter; `letter.peer` is the addressee. An empty body stands for one that does not matter. REQUIRES: body
  /// empty or of that many numbers, sequence < 2^24.
  void send(const Letter& letter);
  /// Moves letters on. The next one that has come; null: none.
  const Letter* poll();
  /// Letters that were sent and have not left yet.
  std::size_t under_way() const { return under_way_; }

 private:
  using Request = calibrate::PointToPoint::Request;
  struct Buffer {
    std::vector<float> numbers;
    int from = -1;  ///< sender of what is received into it; -1: for sending
  };

  void receive(std::size_t buffer);
  void own(Request request, std::size_t buffer);
  void collect();

  calibrate::PointToPoint& messages_;
  std::size_t length_;
  std::vector<Buffer> buffers_;
  std::vector<std::size_t> free_;    ///< buffers for sending
  std::vector<std::size_t> owner_;   ///< buffer of a request
  std::vector<Request> finished_;
  std::deque<std::size_t> arrived_;  ///< buffers with letters that nobody has read
  std::ptrdiff_t read_ = -1;         ///< the buffer of `letter_`
  Letter letter_;
  std::size_t under_way_ = 0;
};

}  // namespace orrery::reference
