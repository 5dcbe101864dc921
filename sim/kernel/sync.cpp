#include "sim/kernel/sync.hpp"

namespace orrery::kernel {

Permit& Permit::operator=(Permit&& other) noexcept {
  if (this != &other) {
    release();
    ListNode::operator=(std::move(other));
    semaphore_ = other.semaphore_;
    units_ = other.units_;
  }
  return *this;
}

void Permit::release() {
  if (!held()) return;
  unlink();
  semaphore_->available_ += units_;
  semaphore_->serve();
}

Semaphore::Semaphore(Simulator& simulator, std::string name, std::int64_t units)
    : queue_(simulator, "semaphore", std::move(name)), capacity_(units), available_(units) {
  SIM_ASSERT(units >= 1, "a semaphore has at least one unit");
}

Semaphore::Acquire Semaphore::acquire(std::int64_t units, int priority) {
  SIM_ASSERT(units >= 1 && units <= capacity_,
             "a request for more units than the semaphore has waits for ever");
  return Acquire(*this, units, priority);
}

void Semaphore::grant(Acquire& request) {
  available_ -= request.units_;
  request.permit_.semaphore_ = this;
  request.permit_.units_ = request.units_;
  permits_.push_back(request.permit_);
}

bool Semaphore::grant_at_once(Acquire& request) {
  if (!queue_.empty() || request.units_ > available_) return false;
  grant(request);
  return true;
}

void Semaphore::enqueue(Acquire& request) {
  queue_.push_behind(request, [&](const Waiter& other) {
    return static_cast<const Acquire&>(other).priority_ <= request.priority_;
  });
  serve();
}

/// A request that gives up may have held up smaller ones.
void Semaphore::leave(Acquire& request) {
  request.unlink();
  serve();
}

void Semaphore::serve() {
  while (!queue_.empty()) {
    auto& request = static_cast<Acquire&>(queue_.front());
    if (request.units_ > available_) return;
    grant(request);
    request.wake();
  }
}

Barrier::Barrier(Simulator& simulator, std::string name, int parties)
    : queue_(simulator, "barrier", std::move(name)), parties_(parties) {
  SIM_ASSERT(parties >= 1, "a barrier has at least one party");
}

bool Barrier::completes_round() {
  if (arrived_ + 1 < parties_) return false;
  arrived_ = 0;
  queue_.wake_all();
  return true;
}

}  // namespace orrery::kernel
