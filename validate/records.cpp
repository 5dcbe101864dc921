#include "validate/records.hpp"

#include <fmt/format.h>

#include "sim/base/error.hpp"
#include "sim/base/text_hash.hpp"

namespace orrery::validate {

std::string seal_of(const std::string& text) {
  return text_hash(text);
}

Sealed open_sealed(const std::string& text, const std::string& place, const std::string& suite) {
  Sealed sealed{parse_json(text, place), ""};
  Json& root = sealed.document.root;
  if (!root.is_object() || !root.contains("seal") || !root["seal"].is_string()) {
    throw ScenarioError(place, "no \"seal\": these are not predictions written by `orrery validate " + suite + "`");
  }
  sealed.seal = root["seal"].get<std::string>();
  root.erase("seal");
  if (const std::string found = seal_of(root.dump()); found != sealed.seal) {
    throw ScenarioError(place, "the predictions were changed after they were sealed: seal " + sealed.seal +
                                   ", content " + found);
  }
  return sealed;
}

std::string write_predictions(const Predictions& predictions) {
  Json root = write_json(predictions);
  root["seal"] = seal_of(root.dump());
  return root.dump(2) + "\n";
}

SealedPredictions read_predictions(const std::string& text, const std::string& place) {
  const Sealed sealed = open_sealed(text, place, "self-train");
  SealedPredictions result;
  result.seal = sealed.seal;
  read_json(sealed.document, result.predictions);
  return result;
}

std::string write_run(const MeasuredRun& run) {
  return write_json(run).dump() + "\n";
}

MeasuredRun read_run(const std::string& text, const std::string& place) {
  MeasuredRun run;
  read_json(parse_json(text, place), run);
  for (const std::vector<double>* part :
       {&run.forward_s, &run.backward_s, &run.communication_s, &run.update_s}) {
    if (run.step_s.empty() || part->size() != run.step_s.size()) {
      throw ScenarioError(place, fmt::format("{} steps but a component has {}: expected one value per step",
                                             run.step_s.size(), part->size()));
    }
  }
  return run;
}

}  // namespace orrery::validate
