// `validate netlab` by the simulator: each case's plan on a single switch whose links have the lab's rates, with the end
// costs of the fit and eager messages, as the lab's MPI sends them. Predictions are sealed before the scored runs start, as
// those of self-train are.
#pragma once

#include <string>
#include <vector>

#include "validate/netlab_case.hpp"
#include "validate/netlab_fit.hpp"

namespace orrery::validate {

struct NetlabPrediction {
  NetlabCase what;
  double time_s = 0;
};
template <class V>
void fields(V& v, NetlabPrediction& c) {
  v("case", c.what, "what will run", required());
  v("time_s", c.time_s, "until the last rank is done", more_than(0).required());
}

struct NetlabPredictions {
  NetlabNetwork network;
  NetlabFit fit;
  std::vector<NetlabPrediction> predictions;
};
template <class V>
void fields(V& v, NetlabPredictions& c) {
  v("network", c.network, "the lab", required());
  v("fit", c.fit, "costs of the links' ends, from the calibration runs");
  v("predictions", c.predictions, "one per case, those that only measure left out", required());
}

/// Simulated. REQUIRES: not the library's.
Seconds predict_netlab(const NetlabCase& what, const NetlabNetwork& network, const NetlabFit& fit);

/// All cases but the library's.
NetlabPredictions predict_netlab_cases(const std::vector<NetlabCase>& cases, const NetlabNetwork& network,
                                       const NetlabFit& fit);

}  // namespace orrery::validate
