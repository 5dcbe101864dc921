#include "calibrate/report.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::calibrate {
namespace {

Json to_json(const ErrorRow& row) {
  Json json{{"class", row.name}, {"points", row.points}, {"median", row.median},
            {"p90", row.p90},    {"bias", row.bias},     {"formula_median", row.formula_median}};
  const auto add = [&json](const char* key, const std::optional<double>& value) {
    if (value) json[key] = *value;
  };
  add("alone_median", row.alone);
  add("busy_median", row.busy);
  add("in_l2_median", row.in_cache);
  add("beyond_l2_median", row.out_of_cache);
  return json;
}

Json to_json(const std::vector<ErrorRow>& rows) {
  Json list = Json::array();
  for (const ErrorRow& row : rows) list.push_back(to_json(row));
  return list;
}

Json to_json(const std::vector<SkippedClass>& classes) {
  Json list = Json::array();
  for (const SkippedClass& c : classes) {
    list.push_back(
        {{"class", c.name}, {"cases", c.cases}, {"reason", c.reason}, {"other_reasons", c.other_reasons}});
  }
  return list;
}

}  // namespace

std::string report_json(const CalibrationReport& report) {
  const Json json{{"profile", report.title},
                  {"errors", report.origin},
                  {"operators", to_json(report.operators)},
                  {"all_operators", to_json(report.all_operators)},
                  {"collectives", to_json(report.collectives)},
                  {"skipped", to_json(report.skipped)},
                  {"facts", report.facts},
                  {"headline", report.headline}};
  return json.dump(2) + "\n";
}

}  // namespace orrery::calibrate
