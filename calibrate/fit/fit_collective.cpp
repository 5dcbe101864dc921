#include "calibrate/fit/fit_collective.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/error.hpp"

namespace orrery::calibrate {
namespace {

constexpr std::size_t kRegimesMost = 4;
constexpr std::size_t kPointsLeast = 3;  // per regime: two parameters and a check

/// One measured size, prepared: time = steps alpha + volume beta + known.
struct Equation {
  double bytes, steps, volume, known, seconds;
};

struct Line {
  double alpha = 0.0, beta = 0.0;
  double cost = std::numeric_limits<double>::infinity();  ///< sum of log errors squared
};

double cost_of(const std::vector<Equation>& equations, std::size_t from, std::size_t to, const Line& line) {
  double sum = 0.0;
  for (std::size_t i = from; i < to; ++i) {
    const Equation& e = equations[i];
    const double error = std::log((line.alpha * e.steps + line.beta * e.volume + e.known) / e.seconds);
    sum += std::min(error * error,
                    0.25);  // a factor of 1.6 off is as bad as it gets: a slow moment, not the model
  }
  return std::isfinite(sum) ? sum : std::numeric_limits<double>::infinity();
}

/// Least squares of relative errors, so that small messages count as much as large ones; neither term
/// negative.
Line fit_line(const std::vector<Equation>& equations, std::size_t from, std::size_t to) {
  double aa = 0.0, ab = 0.0, bb = 0.0, at = 0.0, bt = 0.0;
  for (std::size_t i = from; i < to; ++i) {
    const Equation& e = equations[i];
    const double a = e.steps / e.seconds, b = e.volume / e.seconds;
    const double t = std::max(0.0, 1.0 - e.known / e.seconds);
    aa += a * a, ab += a * b, bb += b * b, at += a * t, bt += b * t;
  }
  std::vector<std::pair<double, double>> candidates;
  const double determinant = aa * bb - ab * ab;
  if (determinant > 1e-12 * aa * bb) {
    candidates.emplace_back((at * bb - bt * ab) / determinant, (bt * aa - at * ab) / determinant);
  }
  if (aa > 0.0) candidates.emplace_back(at / aa, 0.0);
  if (bb > 0.0) candidates.emplace_back(0.0, bt / bb);
  Line best;
  for (const auto& [alpha, beta] : candidates) {
    Line line{std::max(0.0, alpha), std::max(0.0, beta), 0.0};
    line.cost = cost_of(equations, from, to, line);
    if (line.cost < best.cost) best = line;
  }
  return best;
}

/// Regimes [start of regime r, start of regime r + 1) with the least total cost, for exactly `regimes` of
/// them.
struct Division {
  double cost = std::numeric_limits<double>::infinity();
  std::vector<std::size_t> starts;
};

std::vector<Division> divide(const std::vector<Equation>& equations) {
  const std::size_t n = equations.size();
  // best[r][i]: the first i points in r + 1 regimes.
  std::vector<std::vector<Division>> best(kRegimesMost, std::vector<Division>(n + 1));
  for (std::size_t end = 1; end <= n; ++end) {
    best[0][end] = {fit_line(equations, 0, end).cost, {0}};
  }
  for (std::size_t start = kPointsLeast; start + kPointsLeast <= n; ++start) {
    for (std::size_t end = start + kPointsLeast; end <= n; ++end) {
      const double last = fit_line(equations, start, end).cost;
      for (std::size_t r = 1; r < kRegimesMost; ++r) {
        const Division& before = best[r - 1][start];
        if (before.cost + last >= best[r][end].cost) continue;
        best[r][end] = before;
        best[r][end].cost += last;
        best[r][end].starts.push_back(start);
      }
    }
  }
  std::vector<Division> result;
  for (std::size_t r = 0; r < kRegimesMost; ++r) result.push_back(best[r][n]);
  return result;
}

}  // namespace

cost::CollectiveModel fit_collective(const std::vector<const Point*>& points, SecondsPerByte gamma) {
  SIM_ASSERT(!points.empty(), "a collective is fitted to at least one size");
  std::vector<Equation> equations;
  for (const Point* point : points) {
    const auto& c = std::get<cost::CollectiveCase>(point->subject);
    const double size = c.bytes.value();
    equations.push_back({size, cost::collective_steps(c.kind, c.ranks),
                         size * cost::busbw_factor(c.kind, c.ranks),
                         size * cost::reduced_share(c.kind, c.ranks) * gamma.value(), point->seconds});
  }
  std::sort(equations.begin(), equations.end(),
            [](const Equation& a, const Equation& b) { return a.bytes < b.bytes; });

  // Bayesian information criterion with three parameters per regime (alpha, beta, where it starts).
  const auto n = static_cast<double>(equations.size());
  Division chosen;
  double chosen_score = std::numeric_limits<double>::infinity();
  for (const Division& division : divide(equations)) {
    if (!std::isfinite(division.cost)) continue;
    const double variance = std::max(division.cost / n, 1e-4);  // 1 %: finer than any machine is steady
    const double score =
        n * std::log(variance) + 3.0 * static_cast<double>(division.starts.size()) * std::log(n);
    if (score < chosen_score) {
      chosen_score = score;
      chosen = division;
    }
  }

  cost::CollectiveModel model;
  model.gamma = gamma;
  for (std::size_t r = 0; r < chosen.starts.size(); ++r) {
    const std::size_t from = chosen.starts[r];
    const std::size_t to = r + 1 < chosen.starts.size() ? chosen.starts[r + 1] : equations.size();
    const Line line = fit_line(equations, from, to);
    // The change lies somewhere between two measured sizes: their geometric mean.
    const double start = from == 0 ? 0.0 : std::sqrt(equations[from - 1].bytes * equations[from].bytes);
    model.regimes.push_back({Bytes(start), Seconds(line.alpha), SecondsPerByte(line.beta)});
  }
  return model;
}

}  // namespace orrery::calibrate
