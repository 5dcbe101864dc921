#include "workloads/learn/linear_model.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"

namespace orrery::learn {

LinearModel::LinearModel(Targets train, Targets test, double l2, std::unique_ptr<const Dataset> owned)
    : owned_(std::move(owned)), train_(std::move(train)), test_(std::move(test)), l2_(l2) {}

void LinearModel::initial(RngStream, Vector& out) const {
  out.setZero(parameters());
}

double LinearModel::gradient(const Vector& at, std::int64_t batch, RngStream& draws, Vector& out) {
  SIM_ASSERT(batch >= 1, "a mini-batch has samples");
  SIM_ASSERT(at.size() == parameters(), "parameters of another problem");
  const Eigen::Index features = train_.features->rows();
  const double share = 1.0 / static_cast<double>(batch);
  out.setZero(parameters());
  double sum = 0.0;
  for (std::int64_t j = 0; j < batch; ++j) {
    const auto sample = static_cast<Eigen::Index>(draws.below(static_cast<std::uint64_t>(samples())));
    const auto x = train_.features->col(sample);
    const double z = static_cast<double>(at.head(features).dot(x)) + static_cast<double>(at[features]);
    const SampleLoss one = loss(z, static_cast<double>(train_.values[sample]));
    sum += one.loss;
    const auto slope = static_cast<float>(one.slope * share);
    out.head(features) += slope * x;
    out[features] += slope;
  }
  if (l2_ > 0.0) out.head(features) += static_cast<float>(l2_) * at.head(features);
  return sum * share + penalty(at);
}

double LinearModel::train_loss(const Vector& at, std::int64_t limit) {
  return score(at, train_, limit).loss + penalty(at);
}

std::optional<Score> LinearModel::test(const Vector& at, std::int64_t limit) {
  if (test_.values.size() == 0) return std::nullopt;
  return score(at, test_, limit);
}

double LinearModel::penalty(const Vector& at) const {
  return l2_ > 0.0 ? 0.5 * l2_ * static_cast<double>(at.head(at.size() - 1).squaredNorm()) : 0.0;
}

Score LinearModel::score(const Vector& at, const Targets& data, std::int64_t limit) const {
  const Eigen::Index features = data.features->rows();
  const Eigen::Index count = limit > 0 ? std::min<Eigen::Index>(limit, data.values.size()) : data.values.size();
  double sum = 0.0;
  std::int64_t right = 0;
  bool has_classes = false;
  for (Eigen::Index j = 0; j < count; ++j) {
    const double z =
        static_cast<double>(at.head(features).dot(data.features->col(j))) + static_cast<double>(at[features]);
    const auto target = static_cast<double>(data.values[j]);
    sum += loss(z, target).loss;
    const std::optional<bool> is_good = is_right(z, target);
    has_classes = has_classes || is_good.has_value();
    if (is_good.value_or(false)) ++right;
  }
  Score result{sum / static_cast<double>(count), std::nullopt};
  if (has_classes) result.accuracy = static_cast<double>(right) / static_cast<double>(count);
  return result;
}

}  // namespace orrery::learn
