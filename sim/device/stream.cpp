#include "sim/device/stream.hpp"

namespace orrery::device {

Stream::Stream(kernel::Simulator& simulator, observe::Trace& trace, const std::string& process,
               const std::string& name)
    : simulator_(simulator),
      trace_(trace),
      track_(trace.track(process, name)),
      turn_(simulator, process + "/" + name, 1) {}

kernel::Process<> Stream::run(Seconds work, observe::NameId label) {
  const kernel::Permit permit = co_await turn_.acquire();
  const SimTime begin = simulator_.now();
  co_await simulator_.delay(work);
  busy_ += simulator_.now() - begin;
  trace_.span(track_, label, begin, simulator_.now());
}

kernel::Process<> Stream::run(Seconds work, std::string label) {
  return run(work, trace_.name(label));
}

}  // namespace orrery::device
