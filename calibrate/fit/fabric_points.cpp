#include "calibrate/fit/fabric_points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sim/base/stats.hpp"

namespace orrery::calibrate {
namespace {

/// Dense sweeps are taken in quarter octaves; tables in whole octaves are not touched by that.
constexpr double kBinsPerOctave = 4.0;
constexpr std::size_t kSizesMost = 80;  // more than that is a dense sweep

cost::FabricSpec spec_of(const CollectiveRow& row) {
  cost::FabricSpec spec = cost::find_fabric(row.system);
  spec.network = cost::find_network(spec, row.network, row.gbit);
  if (row.stack == "nvls off") spec.in_network_reduction = false;
  return spec;
}

std::vector<FabricPoint> pool(const std::vector<const CollectiveRow*>& rows) {
  std::set<double> sizes;
  for (const CollectiveRow* row : rows) sizes.insert(row->subject.bytes.value());
  const bool dense = sizes.size() > kSizesMost;
  std::map<cost::FabricCase, std::vector<const CollectiveRow*>> bins;
  for (const CollectiveRow* row : rows) {
    cost::FabricCase subject = row->subject;
    if (dense) {
      const double bin = std::round(kBinsPerOctave * std::log2(subject.bytes.value())) / kBinsPerOctave;
      subject.bytes = Bytes(std::exp2(bin));
    }
    bins[subject].push_back(row);
  }
  std::vector<FabricPoint> points;
  for (const auto& [subject, members] : bins) {
    // Times of one bin are brought to its middle size in proportion: within a quarter octave that is close enough for
    // either regime.
    std::vector<double> times, bytes;
    for (const CollectiveRow* row : members) {
      times.push_back(row->seconds);
      bytes.push_back(row->subject.bytes.value());
    }
    FabricPoint point{subject, median(times), members};
    point.subject.bytes = Bytes(median(bytes));
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace

GroupedRows group_rows(const std::vector<CollectiveRow>& rows, bool by_run) {
  GroupedRows result;
  std::map<std::string, std::vector<const CollectiveRow*>> groups;
  std::set<std::string> unknown;
  for (const CollectiveRow& row : rows) {
    if (!cost::is_known_fabric(row.system)) {
      unknown.insert(row.system);
      ++result.unknown_rows;
      continue;
    }
    const cost::FabricSpec spec = spec_of(row);
    std::string label = spec.system;
    if (!row.stack.empty()) label += ", " + row.stack;
    if (row.subject.nodes > 1) {
      // One transport comes with adapters of several speeds; seven digits hold what tables state.
      const double gbit = spec.network.bandwidth.value() * 8.0 / 1e9;
      label += fmt::format(", {} at {:.7g} Gbit/s", spec.network.name, gbit);
    }
    if (by_run) {
      label += (row.run.empty() ? "" : ", run " + row.run) + ", " + std::to_string(row.subject.ranks) + " ranks";
    }
    groups[label].push_back(&row);
  }
  for (auto& [label, members] : groups) {
    result.groups.push_back({spec_of(*members.front()), members.front()->stack, label, pool(members),
                             static_cast<int>(members.size())});
  }
  result.unknown.assign(unknown.begin(), unknown.end());
  return result;
}

}  // namespace orrery::calibrate
