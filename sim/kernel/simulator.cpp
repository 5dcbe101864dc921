#include "sim/kernel/simulator.hpp"

#include <fmt/format.h>

#include "sim/kernel/wait_queue.hpp"

namespace orrery::kernel {

std::coroutine_handle<> Root::finished(PromiseBase&) noexcept {
  unlink();
  simulator->finished_.push_back(*this);
  return std::noop_coroutine();
}

bool EventHandle::cancel() {
  return simulator_ != nullptr && simulator_->cancel_timer(timer_, generation_);
}

bool EventHandle::pending() const {
  return simulator_ != nullptr && simulator_->timer_pending(timer_, generation_);
}

/// Frames die youngest process first; their awaiters leave the queue alone, since it goes too.
Simulator::~Simulator() {
  ending_ = true;
  for (IntrusiveList<Root>* list : {&finished_, &roots_}) {
    while (!list->empty()) {
      const std::unique_ptr<Root> root(&list->back());
      root->unlink();
    }
  }
}

void Simulator::list_wait_queue(WaitQueue& queue) {
  wait_queues_.push_back(queue);
}

void Simulator::add_root(Process<> process, std::string name, bool background) {
  SIM_ASSERT(process.valid(), "a spawned process must hold a coroutine");
  if (spare_roots_.empty()) spare_roots_.push_back(std::make_unique<Root>());
  Root* root = spare_roots_.back().release();  // owned by the list it stands in, see reap() and ~Simulator()
  spare_roots_.pop_back();
  root->simulator = this;
  root->name = std::move(name);
  root->background = background;
  root->process = std::move(process);
  root->process.promise().set_root(root);
  root->process.promise().set_listener(root);
  roots_.push_back(*root);
  ++live_;
  schedule(now(), root->process.handle().address());
}

void Simulator::run() {
  run_events(SimTime::max().ns);
  if (live_ == 0) return;
  bool stuck = false;
  roots_.for_each([&](const Root& root) { stuck = stuck || !root.background; });
  if (stuck) report_deadlock();
}

void Simulator::run_until(SimTime moment) {
  SIM_ASSERT(moment >= now(), "time does not run backwards");
  run_events(moment.ns);
  queue_.advance_to(moment.ns);
}

void Simulator::run_events(std::int64_t limit_ns) {
  Event event;
  while (queue_.pop(limit_ns, event)) {
    ++events_;
    if ((event.payload & kIsTimer) != 0) {
      run_timer(event.payload);
    } else {
      std::coroutine_handle<>::from_address(reinterpret_cast<void*>(event.payload)).resume();
    }
    if (!finished_.empty()) reap();
  }
}

void Simulator::reap() {
  while (!finished_.empty()) {
    Root& root = finished_.front();
    if (root.process.promise().error()) rethrow_with_context(root);
    root.unlink();
    root.process.destroy();
    --live_;
    spare_roots_.emplace_back(&root);
  }
}

void Simulator::rethrow_with_context(const Root& root) const {
  const std::string place = fmt::format("process '{}' at t = {:.9f} s", root.name, now().seconds().value());
  try {
    std::rethrow_exception(root.process.promise().error());
  } catch (const ScenarioError& error) {
    throw ScenarioError(place, error.what());
  } catch (const BackendError& error) {
    throw BackendError(place + ": " + error.what());
  } catch (const InternalError& error) {
    throw InternalError(place + ": " + error.what());
  } catch (const std::exception& error) {
    throw ProcessError(place + ": " + error.what());
  }
}

std::vector<std::string> Simulator::waiting() const {
  std::vector<std::string> lines;
  wait_queues_.for_each([&](const WaitQueue& queue) { queue.describe(lines); });
  return lines;
}

void Simulator::report_deadlock() const {
  std::string text =
      fmt::format("deadlock at t = {:.9f} s: nothing is scheduled and {} of the processes wait",
                  now().seconds().value(), live_);
  for (const std::string& line : waiting()) text += "\n  " + line;
  throw DeadlockError(text);
}

std::uint32_t Simulator::new_timer() {
  if (free_timers_.empty()) {
    const auto first = static_cast<std::uint32_t>(timers_.size() * kTimersPerBlock);
    timers_.push_back(std::make_unique<Timer[]>(kTimersPerBlock));
    free_timers_.reserve(timers_.size() * kTimersPerBlock);
    for (std::uint32_t i = kTimersPerBlock; i-- > 0;) {
      timers_.back()[i].index = first + i;
      free_timers_.push_back(first + i);
    }
  }
  const std::uint32_t index = free_timers_.back();
  free_timers_.pop_back();
  return index;
}

void Simulator::retire(Timer& timer) {
  ++timer.generation;
  timer.callback.reset();
  free_timers_.push_back(timer.index);
}

bool Simulator::timer_pending(std::uint32_t index, std::uint32_t generation) {
  const Timer& timer = timer_at(index);
  return timer.generation == generation && timer.callback;
}

bool Simulator::cancel_timer(std::uint32_t index, std::uint32_t generation) {
  if (!timer_pending(index, generation)) return false;
  Timer& timer = timer_at(index);
  queue_.cancel(Event{timer.moment.ns, payload(timer)});
  retire(timer);
  return true;
}

/// The timer is retired after its callback, so that the callback keeps its captures; a cancel() from within
/// finds an older generation.
void Simulator::run_timer(std::uintptr_t payload) {
  Timer& timer = *reinterpret_cast<Timer*>(payload & ~kIsTimer);
  ++timer.generation;
  timer.callback();
  retire(timer);
}

Process<> sleep(Simulator& simulator, Seconds duration) {
  co_await simulator.delay(duration);
}

}  // namespace orrery::kernel
