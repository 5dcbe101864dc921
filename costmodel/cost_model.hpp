// How long an operator or a collective takes: the interface between machine knowledge and everyone who needs
// times. A cost model is pure arithmetic on Op values; it knows no clock and no event engine. Every estimate
// says where it comes from and how wrong it may be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "costmodel/collective.hpp"
#include "costmodel/op.hpp"
#include "sim/base/units.hpp"

namespace orrery::cost {

/// Where a number comes from. `fitted`: a white-box model inside its validity range; `extrapolated`: the same
/// model outside it (its error is larger); `roofline`: datasheet limits only; `published`: somebody else's
/// figure.
enum class Source : std::uint8_t { measured, fitted, extrapolated, roofline, published };
std::string name(Source source);

/// The state of the machine in which an operator runs.
struct Conditions {
  /// Ranks of the same node that compute at the same time and share its memory bandwidth, this one included.
  int ranks_busy = 1;
  /// Bytes touched since the data was last touched: decides which cache level it is read from. Operands that differ
  /// are asked for one by one and the times averaged by their bytes. 0 = back-to-back repetition, everything as hot
  /// as it can be.
  Bytes reuse_distance{0.0};
  /// Time since this operator's operands were last touched: in shared cache levels other tenants of the machine push
  /// them out meanwhile, whatever this rank touches itself. 0 = just now.
  Seconds reuse_time{0.0};
};

/// Ratio time / median of one call, as a quantile function on a fixed grid: the distribution, not only the
/// median, because stragglers are part of the product. Empty = no noise (ratio 1).
struct Noise {
  std::vector<double> probability;  ///< ascending, in (0, 1)
  std::vector<double> ratio;        ///< ascending, ratio[i] at probability[i]
  /// Inverse CDF at u in (0,1): linear between grid points, flat outside the grid.
  double at(double u) const;
  double mean() const;
};

/// `time` is the median of one call. `rel_error` is one standard deviation of log(true median / estimate),
/// from held-out residuals, grown outside the validity range.
struct Estimate {
  Seconds time{0.0};
  double rel_error = 0.0;
  Source source = Source::fitted;
};

class CostModel {
 public:
  virtual ~CostModel() = default;
  virtual Estimate estimate(const Op& op, const Conditions& conditions) const = 0;
  virtual Estimate estimate(const CollectiveCase& collective) const = 0;
  /// Spread of single calls around their median; the reference stays valid as long as the model lives.
  virtual const Noise& noise(const Op& op, Seconds time) const = 0;
  virtual const Noise& noise(const CollectiveCase& collective) const = 0;
  /// One standard deviation (relative) of the slow common drift of the whole machine between calibration and
  /// a run (frequency, neighbours), from anchor kernels repeated through the calibration. It moves all ops
  /// together.
  virtual double drift() const = 0;
  /// One line for reports: device, software stack, date, fingerprint hash.
  virtual std::string description() const = 0;
};

}  // namespace orrery::cost
