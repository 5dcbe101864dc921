// A profile: everything that calibration learnt about one machine and its software, as one JSON file. It
// holds the fitted parameters with units, the residual corrections, the distribution of single calls, the
// anchors by which the machine's present speed can be checked, and where all of it comes from. Text in, text
// out: no files here.
//
// `checksum` guards against edited or truncated files; `format` and `version` against foreign ones.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "costmodel/collective_model.hpp"
#include "costmodel/cost_model.hpp"
#include "costmodel/memory_levels.hpp"
#include "costmodel/operator_models.hpp"
#include "costmodel/residual.hpp"
#include "sim/base/fields.hpp"

namespace orrery::cost {

/// One fact of the fingerprint: what identifies machine and software.
struct Fact {
  std::string name, value;
};
template <class V>
void fields(V& v, Fact& c) {
  v("name", c.name, "what it is about");
  v("value", c.value, "as the backend reports it");
}

/// Errors of a class on its measured points, each predicted without itself: |log(measured / predicted)|.
struct FitErrors {
  double median = 0.0;  ///< with the residual correction, leave-one-out
  double p90 = 0.0;
  double bias = 0.0;              ///< median of the signed log error
  double white_box_median = 0.0;  ///< of the white-box formula alone
};
template <class V>
void fields(V& v, FitErrors& c) {
  v("median", c.median, "median absolute log error, each point predicted from the others", at_least(0));
  v("p90", c.p90, "90th percentile of the same", at_least(0));
  v("bias", c.bias, "median signed log error, measured over predicted");
  v("white_box_median", c.white_box_median, "median absolute log error of the formula alone", at_least(0));
}

struct OperatorClass {
  std::string name;
  OperatorModel model = RowwiseModel{};
  Residual residual;
  FitErrors errors;
  int points = 0;  ///< measured points used
};
template <class V>
void fields(V& v, OperatorClass& c) {
  v("name", c.name, "operator class", required());
  v("points", c.points, "measured points used", at_least(0));
  v("model", c.model, "white-box formula and its parameters");
  v("errors", c.errors, "how well the points are predicted");
  v("residual", c.residual, "interpolated remaining error");
}

struct CollectiveClass {
  std::string name;
  int ranks = 2;  ///< measured with so many
  CollectiveModel model;
  Residual residual;
  FitErrors errors;
  int points = 0;
};
template <class V>
void fields(V& v, CollectiveClass& c) {
  v("name", c.name, "kind of collective", required());
  v("ranks", c.ranks, "ranks of the measurement", at_least(1));
  v("points", c.points, "measured points used", at_least(0));
  v("model", c.model, "white-box formula and its parameters");
  v("errors", c.errors, "how well the points are predicted");
  v("residual", c.residual, "interpolated remaining error");
}

/// Ratios time / median of single calls, by class and by duration: `group` is a class name or "any". Holds
/// for medians in [from, to).
struct NoiseEntry {
  std::string group;
  Seconds from{0.0}, to{0.0};
  std::vector<double> ratio;  ///< at the profile's `noise_probability`
};
template <class V>
void fields(V& v, NoiseEntry& c) {
  v("group", c.group, "operator class, collective, or any", required());
  v("from", c.from, "for calls with a median from this", at_least(0));
  v("to", c.to, "up to this time", more_than(0));
  v("ratio", c.ratio, "time over median at each noise_probability", more_than(0));
}

/// A kernel measured again and again through the calibration. `aspect` says what it stands for: "compute",
/// "memory", "small" (overhead) or "communication".
struct Anchor {
  std::string aspect;
  std::string class_name, shape;  ///< as in measurements.csv; a collective has "bytes=.. ranks=.."
  int ranks_busy = 1;
  Bytes reuse_distance{0.0};
  Seconds median{0.0};
  double spread = 0.0;  ///< standard deviation of log(visit median) over the calibration
  int visits = 0;
};
template <class V>
void fields(V& v, Anchor& c) {
  v("aspect", c.aspect, "what it stands for: compute, memory, small or communication", required());
  v("class_name", c.class_name, "operator class or collective", required());
  v("shape", c.shape, "as in measurements.csv");
  v("ranks_busy", c.ranks_busy, "ranks that ran it at the same time", at_least(1));
  v("reuse_distance", c.reuse_distance, "bytes touched between two uses of a buffer", at_least(0));
  v("median", c.median, "median time over the whole calibration", more_than(0));
  v("spread", c.spread, "standard deviation of the log median of its visits", at_least(0));
  v("visits", c.visits, "how often it was measured", at_least(0));
}

struct Profile {
  std::string device;     ///< "AMD EPYC, 2 cores"
  std::string backend;    ///< "cpu", "fake"
  std::string algorithm;  ///< kernel set and library versions
  std::string date;       ///< day of the measurement, "2026-01-31"
  std::string note;       ///< for people
  std::string fingerprint_id;
  std::vector<Fact> fingerprint;
  int rows = 0;        ///< rows of measurements.csv used
  double drift = 0.0;  ///< CostModel::drift
  MemoryLevels memory;
  std::vector<OperatorClass> operators;
  std::vector<CollectiveClass> collectives;
  std::vector<Anchor> anchors;
  std::vector<double> noise_probability;
  std::vector<NoiseEntry> noise;
};
template <class V>
void fields(V& v, Profile& c) {
  v("device", c.device, "processor and cores");
  v("backend", c.backend, "what measured it");
  v("algorithm", c.algorithm, "kernel set and library versions");
  v("date", c.date, "day of the measurement");
  v("note", c.note, "for people");
  v("fingerprint_id", c.fingerprint_id, "hash of the fingerprint");
  v("fingerprint", c.fingerprint, "what identifies machine and software");
  v("rows", c.rows, "rows of measurements used", at_least(0));
  v("drift", c.drift, "relative standard deviation of the machine's slow common drift", at_least(0));
  v("memory", c.memory, "cache levels and main memory, shared by all operator classes");
  v("operators", c.operators, "one model per operator class");
  v("collectives", c.collectives, "one model per kind of collective");
  v("anchors", c.anchors, "kernels repeated through the calibration");
  v("noise_probability", c.noise_probability, "grid of the noise ratios", between(0, 1));
  v("noise", c.noise, "distribution of single calls");
}

/// Throws ScenarioError naming `place` when the text is not a profile, comes from another version, was
/// changed since it was written, or holds impossible values.
Profile parse_profile(const std::string& text, const std::string& place);
/// `parse_profile(write_profile(p))` gives back `p` exactly, and the same text again.
std::string write_profile(const Profile& profile);

/// The cost model of a profile.
std::unique_ptr<CostModel> make_cost_model(Profile profile);
/// parse_profile + make_cost_model.
std::unique_ptr<CostModel> load_profile(const std::string& text, const std::string& place);

/// Hash of all facts, as 16 hexadecimal digits.
std::string fingerprint_id(const std::map<std::string, std::string>& fingerprint);
/// True when the profile was measured on a machine and software stack with exactly this fingerprint.
bool is_this_machine(const Profile& profile, const std::map<std::string, std::string>& fingerprint);
/// One line per fact that differs: "cpu: profile has \"A\", this machine has \"B\"".
std::vector<std::string> fingerprint_differences(const Profile& profile,
                                                 const std::map<std::string, std::string>& fingerprint);

/// Present time / calibrated time of the anchors, by aspect; 1 where unknown.
struct SpeedRatios {
  double compute = 1.0, memory = 1.0, small = 1.0, communication = 1.0;
};
/// The profile of the same machine at another speed: arithmetic, shared memory levels, fixed overheads and
/// collectives take `ratios` times as long. Private caches run with the core's clock, so they follow
/// `compute`.
Profile scaled(Profile profile, const SpeedRatios& ratios);

}  // namespace orrery::cost
