// What the reference trainer is asked to do, as plain values. `orrery train` fills it from a scenario;
// validation fills it directly.
#pragma once

#include <cstdint>
#include <string>

#include "sim/base/fields.hpp"
#include "sim/base/units.hpp"
#include "workloads/model/config.hpp"

namespace orrery::reference {

/// Which data set, by the name it has in scenarios: "fashion_mnist" (path: a folder), "text" (path: a file)
/// or "synthetic" (no path). An empty path means the place where Debian's package puts the data.
struct DataSpec {
  std::string kind = "synthetic";
  std::string path;
};
template <class V>
void fields(V& v, DataSpec& c) {
  v("kind", c.kind, "fashion_mnist, text or synthetic");
  v("path", c.path, "folder or file; empty: where Debian's package puts it");
}

/// Everything that decides the losses of a run; two runs of equal TrainConfig give the same bits.
struct TrainConfig {
  model::ModelConfig model;
  model::OptimizerConfig optimizer;
  std::int64_t batch = 128;  ///< samples per step over all ranks
  Bytes bucket{1048576.0};   ///< see parallel::plan_buckets
  std::int64_t steps = 50;   ///< the whole run, those before a resume included
  DataSpec data;
  std::uint64_t seed = 1;
};
template <class V>
void fields(V& v, TrainConfig& c) {
  v("model", c.model, "what is trained");
  v("optimizer", c.optimizer, "the update rule");
  v("batch", c.batch, "samples per step over all ranks", at_least(1));
  v("bucket", c.bucket, "gradient bucket size", more_than(0));
  v("steps", c.steps, "training steps", at_least(1));
  v("data", c.data, "what is learned");
  v("seed", c.seed, "of initial weights and sample order");
}

/// How a run is carried out; nothing here changes the losses.
struct TrainOptions {
  std::int64_t warm_up = 5;           ///< first steps of this process that are left out of time statistics
  std::int64_t traced_steps = 0;      ///< last steps in which every operator is timed, for the trace
  bool evaluate = true;               ///< score the test split at the end
  std::string checkpoint;             ///< file to write; empty: none
  std::int64_t checkpoint_every = 0;  ///< steps; 0: only at the end
  bool resume = false;                ///< go on from `checkpoint` if it exists
};

}  // namespace orrery::reference
