// What happened, as data: spans, counter samples and arrows on named tracks. The simulator and the reference
// trainer write the same type, so that a predicted and a measured run open side by side. A trace has two
// levels of names, as the viewers do: the process (a node or rank) and the thread in it (a stream). Times are
// explicit; no clock is read.
//
// A trace that is off drops everything behind one test; names should then not even be built: intern them once
// with name() and pass the NameId (invalid while off).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/units.hpp"

namespace orrery::observe {

using NameId = Id<struct NameTag>;
using CounterId = Id<struct CounterTag>;

class Trace {
 public:
  /// A track's place among the viewer's rows.
  struct Track {
    std::string process;
    std::string thread;
  };
  struct Span {
    TrackId track;
    NameId name;
    SimTime begin;
    SimTime end;
  };
  struct Counter {
    std::string process;
    std::string name;
  };
  struct Sample {
    CounterId counter;
    SimTime time;
    double value;
  };
  /// From the end of one span to the begin of another: a message, a dependency.
  struct Arrow {
    NameId name;
    TrackId from;
    SimTime sent;
    TrackId to;
    SimTime received;
  };

  explicit Trace(bool enabled = false) : enabled_(enabled) {}
  bool enabled() const { return enabled_; }

  /// The track of that name, made at its first use; an invalid id while off. Tracks show in order of
  /// creation.
  TrackId track(std::string_view process, std::string_view thread);
  CounterId counter(std::string_view process, std::string_view name);
  NameId name(std::string_view text);

  /// REQUIRES: begin <= end, and on one track either no overlap or nesting.
  void span(TrackId track, NameId name, SimTime begin, SimTime end) {
    if (enabled_) spans_.push_back(Span{track, name, begin, end});
  }
  void span(TrackId track, std::string_view text, SimTime begin, SimTime end) {
    if (enabled_) spans_.push_back(Span{track, name(text), begin, end});
  }
  /// The counter has this value from `time` on.
  void sample(CounterId counter, SimTime time, double value) {
    if (enabled_) samples_.push_back(Sample{counter, time, value});
  }
  /// REQUIRES: sent <= received; for the viewers, both within or at the edge of a span of their track.
  void arrow(NameId name, TrackId from, SimTime sent, TrackId to, SimTime received) {
    if (enabled_) arrows_.push_back(Arrow{name, from, sent, to, received});
  }

  const std::vector<Track>& tracks() const { return tracks_; }
  const std::vector<Counter>& counters() const { return counters_; }
  const std::vector<Span>& spans() const { return spans_; }
  const std::vector<Sample>& samples() const { return samples_; }
  const std::vector<Arrow>& arrows() const { return arrows_; }
  const std::string& text(NameId name) const { return names_[name.index()]; }

 private:
  bool enabled_;
  std::vector<Track> tracks_;
  std::vector<Counter> counters_;
  std::vector<std::string> names_;
  std::vector<Span> spans_;
  std::vector<Sample> samples_;
  std::vector<Arrow> arrows_;
  std::map<std::pair<std::string, std::string>, TrackId> track_ids_;
  std::map<std::pair<std::string, std::string>, CounterId> counter_ids_;
  std::map<std::string, NameId, std::less<>> name_ids_;
};

}  // namespace orrery::observe
