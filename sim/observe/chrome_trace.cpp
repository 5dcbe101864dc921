#include "sim/observe/chrome_trace.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

namespace orrery::observe {

namespace {

/// Nanoseconds as decimal microseconds, in integers: no rounding.
std::string microseconds(std::int64_t ns) {
  const char* sign = ns < 0 ? "-" : "";
  const std::uint64_t size = ns < 0 ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  return fmt::format("{}{}.{:03}", sign, size / 1000, size % 1000);
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      result += c;
    }
  }
  return result + '"';
}

class Writer {
 public:
  explicit Writer(const Trace& trace) : trace_(trace) {}

  std::string write() {
    text_ = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[";
    write_tracks();
    write_spans();
    write_counters();
    write_arrows();
    text_ += "\n]}\n";
    return std::move(text_);
  }

 private:
  void event(const std::string& fields) {
    text_ += first_ ? "\n{" : ",\n{";
    text_ += fields;
    text_ += '}';
    first_ = false;
  }

  int process_id(const std::string& name) {
    const auto [place, inserted] = processes_.try_emplace(name, static_cast<int>(processes_.size()) + 1);
    if (inserted) {
      event(fmt::format(R"("ph":"M","name":"process_name","pid":{},"args":{{"name":{}}})", place->second,
                        quoted(name)));
      event(fmt::format(R"("ph":"M","name":"process_sort_index","pid":{0},"args":{{"sort_index":{0}}})",
                        place->second));
    }
    return place->second;
  }

  void write_tracks() {
    for (const Trace::Track& track : trace_.tracks()) {
      const int process = process_id(track.process);
      const int thread = ++threads_[process];
      event(fmt::format(R"("ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":{}}})", process,
                        thread, quoted(track.thread)));
      event(fmt::format(
          R"("ph":"M","name":"thread_sort_index","pid":{0},"tid":{1},"args":{{"sort_index":{1}}})", process,
          thread));
      places_.push_back(fmt::format(R"("pid":{},"tid":{})", process, thread));
    }
  }

  void write_spans() {
    for (const Trace::Span& span : trace_.spans()) {
      event(fmt::format(R"("ph":"X",{},"ts":{},"dur":{},"name":{})", places_[span.track.index()],
                        microseconds(span.begin.ns), microseconds(span.end.ns - span.begin.ns),
                        quoted(trace_.text(span.name))));
    }
  }

  void write_counters() {
    std::vector<std::string> heads;
    for (const Trace::Counter& counter : trace_.counters()) {
      heads.push_back(
          fmt::format(R"("pid":{},"name":{})", process_id(counter.process), quoted(counter.name)));
    }
    for (const Trace::Sample& sample : trace_.samples()) {
      const double value = std::isfinite(sample.value) ? sample.value : 0.0;  // JSON has no other numbers
      event(fmt::format(R"("ph":"C",{},"ts":{},"args":{{"value":{}}})", heads[sample.counter.index()],
                        microseconds(sample.time.ns), value));
    }
  }

  void write_arrows() {
    std::size_t id = 0;
    for (const Trace::Arrow& arrow : trace_.arrows()) {
      const std::string common =
          fmt::format(R"("id":{},"cat":"flow","name":{})", ++id, quoted(trace_.text(arrow.name)));
      event(fmt::format(R"("ph":"s",{},"ts":{},{})", places_[arrow.from.index()], microseconds(arrow.sent.ns),
                        common));
      event(fmt::format(R"("ph":"f","bp":"e",{},"ts":{},{})", places_[arrow.to.index()],
                        microseconds(arrow.received.ns), common));
    }
  }

  const Trace& trace_;
  std::string text_;
  bool first_ = true;
  std::map<std::string, int> processes_;
  std::map<int, int> threads_;       // per process, how many so far
  std::vector<std::string> places_;  // per track
};

}  // namespace

std::string chrome_trace(const Trace& trace) {
  return Writer(trace).write();
}

}  // namespace orrery::observe
