#include "calibrate/checks_on_ranks.hpp"

#include <set>

namespace orrery::calibrate {
namespace {

bool on_any_rank(Backend& backend, bool here) {
  return backend.max_over_ranks(here ? 1.0 : 0.0) > 0.0;
}

/// The records of one class on this rank. That a shape is started is written at once, because it may take the
/// process down; results wait until all ranks have theirs, because that of another may yet take all down.
std::vector<CheckRecord> check_class(Backend& backend, const std::string& name, const Reference& reference,
                                     Journal* journal) {
  std::vector<CheckRecord> results;
  check_classes(backend, {name}, reference, {}, [&](const CheckRecord& record) {
    if (record.state != "started") {
      results.push_back(record);
    } else if (journal != nullptr) {
      journal->add(record_line(record));
    }
  });
  return results;
}

CheckRecord failed_elsewhere(const std::string& name) {
  return {name, "", "failed", "", 0.0, 0.0, "on another rank"};
}

}  // namespace

std::map<std::string, std::string> check_on_ranks(Backend& backend, const std::vector<std::string>& classes,
                                                  const Reference& reference, Journal* journal) {
  std::vector<CheckRecord> records;
  std::set<std::string> known;
  if (journal != nullptr) {
    records = parse_checks(journal->text(), journal->path());
    for (const CheckRecord& record : records) known.insert(record.class_name);
  }
  for (const std::string& name : classes) {
    if (on_any_rank(backend, known.count(name) > 0)) continue;
    std::vector<CheckRecord> results = check_class(backend, name, reference, journal);
    const bool is_wrong = !excluded_classes(results).empty();
    if (on_any_rank(backend, is_wrong) && !is_wrong) results.push_back(failed_elsewhere(name));
    for (const CheckRecord& record : results) {
      if (journal != nullptr) journal->add(record_line(record));
      records.push_back(record);
    }
  }
  std::map<std::string, std::string> excluded = excluded_classes(records);
  // What rank 0 knew from an earlier try, the others hear of now.
  for (const std::string& name : classes) {
    if (on_any_rank(backend, excluded.count(name) > 0)) excluded.emplace(name, "left out by another rank");
  }
  return excluded;
}

}  // namespace orrery::calibrate
