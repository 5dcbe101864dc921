#include "validate/reference/mailbox.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace orrery::reference {
namespace {

constexpr std::size_t kHead = 3;
constexpr int kTag = 0;
/// Whole numbers below it are exact as floats.
constexpr std::int64_t kExact = std::int64_t{1} << 24;

}  // namespace

Mailbox::Mailbox(calibrate::PointToPoint& messages, std::span<const int> peers, std::size_t numbers)
    : messages_(messages), length_(kHead + numbers) {
  for (const int peer : peers) {
    buffers_.push_back({std::vector<float>(length_), peer});
    receive(buffers_.size() - 1);
  }
}

void Mailbox::send(const Letter& letter) {
  SIM_ASSERT(letter.body.empty() || kHead + letter.body.size() == length_, "letters have one length");
  SIM_ASSERT(0 <= letter.sequence && letter.sequence < kExact, "a float holds the number of a mini-batch");
  if (free_.empty()) {
    free_.push_back(buffers_.size());
    buffers_.push_back({std::vector<float>(length_), -1});
  }
  const std::size_t buffer = free_.back();
  free_.pop_back();
  std::vector<float>& numbers = buffers_[buffer].numbers;
  numbers[0] = static_cast<float>(letter.kind);
  numbers[1] = static_cast<float>(letter.sequence);
  numbers[2] = letter.loss;
  std::copy(letter.body.begin(), letter.body.end(), numbers.begin() + kHead);
  ++under_way_;
  own(messages_.send(numbers, letter.peer, kTag), buffer);
}

const Letter* Mailbox::poll() {
  if (read_ >= 0 && letter_.kind != LetterKind::end && letter_.kind != LetterKind::farewell) {
    receive(static_cast<std::size_t>(read_));
  }
  read_ = -1;
  collect();
  if (arrived_.empty()) return nullptr;
  const std::size_t buffer = arrived_.front();
  arrived_.pop_front();
  read_ = static_cast<std::ptrdiff_t>(buffer);
  const std::vector<float>& numbers = buffers_[buffer].numbers;
  letter_.kind = static_cast<LetterKind>(numbers[0]);
  letter_.peer = buffers_[buffer].from;
  letter_.sequence = static_cast<std::int64_t>(numbers[1]);
  letter_.loss = numbers[2];
  letter_.body = std::span<const float>(numbers).subspan(kHead);
  return &letter_;
}

void Mailbox::receive(std::size_t buffer) {
  own(messages_.receive(buffers_[buffer].numbers, buffers_[buffer].from, kTag), buffer);
}

void Mailbox::own(Request request, std::size_t buffer) {
  if (owner_.size() <= request) owner_.resize(request + 1);
  owner_[request] = buffer;
}

/// All that finished is sorted before anything new starts, because what is new may get the numbers of what finished.
void Mailbox::collect() {
  finished_.clear();
  messages_.poll(finished_);
  for (const Request request : finished_) {
    const std::size_t buffer = owner_[request];
    if (buffers_[buffer].from >= 0) {
      arrived_.push_back(buffer);
    } else {
      free_.push_back(buffer);
      --under_way_;
    }
  }
}

}  // namespace orrery::reference
