#include "workloads/straggler/measured_times.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::straggler {

namespace {

std::vector<std::string> cells_of(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> cells;
  std::size_t begin = 0;
  for (std::size_t comma = line.find(','); comma != std::string::npos; comma = line.find(',', begin)) {
    cells.push_back(line.substr(begin, comma - begin));
    begin = comma + 1;
  }
  cells.push_back(line.substr(begin));
  return cells;
}

std::optional<std::size_t> column_of(const std::vector<std::string>& header, const std::string& name) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == name) return i;
  }
  return std::nullopt;
}

Seconds time_of(const std::string& cell, const std::string& place) {
  char* end = nullptr;
  const double value = std::strtod(cell.c_str(), &end);
  if (cell.empty() || *end != '\0' || !(value > 0.0) || !std::isfinite(value))
    throw ScenarioError(place, "\"" + cell + "\" is not a time; expected a number above 0");
  return Seconds(value);
}

/// Jobs and workers in order of appearance.
class Jobs {
 public:
  std::vector<Seconds>& times(const std::string& job, const std::string& worker) {
    const auto [j, new_job] = job_index_.try_emplace(job, jobs.size());
    if (new_job) jobs.push_back({job, {}});
    std::vector<std::vector<Seconds>>& workers = jobs[j->second].workers;
    const auto [w, new_worker] = worker_index_.try_emplace({job, worker}, workers.size());
    if (new_worker) workers.emplace_back();
    return workers[w->second];
  }

  std::vector<MeasuredJob> jobs;

 private:
  std::map<std::string, std::size_t> job_index_;
  std::map<std::pair<std::string, std::string>, std::size_t> worker_index_;
};

}  // namespace

std::vector<MeasuredJob> parse_measured_times(const std::string& csv, const std::string& name,
                                              const std::string& column) {
  Jobs jobs;
  std::vector<std::string> header;
  std::optional<std::size_t> job, worker, time;
  int line = 0;
  for (std::size_t begin = 0; begin < csv.size();) {
    const std::size_t end = std::min(csv.find('\n', begin), csv.size());
    const std::vector<std::string> cells = cells_of(csv.substr(begin, end - begin));
    begin = end + 1;
    const std::string place = name + ":" + std::to_string(++line);
    if (cells.size() == 1 && cells[0].empty()) continue;
    if (header.empty()) {
      header = cells;
      time = column_of(header, column);
      if (!time) throw ScenarioError(place, "there is no column \"" + column + "\"" + spelling_hint(column, header));
      job = column_of(header, "job");
      worker = column_of(header, "worker");
      continue;
    }
    if (cells.size() != header.size())
      throw ScenarioError(place, std::to_string(cells.size()) + " cells, but the header names " +
                                     std::to_string(header.size()) + " columns");
    jobs.times(job ? cells[*job] : "", worker ? cells[*worker] : "").push_back(time_of(cells[*time], place));
  }
  if (jobs.jobs.empty()) throw ScenarioError(name, "the table holds no times");
  return std::move(jobs.jobs);
}

}  // namespace orrery::straggler
