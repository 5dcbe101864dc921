#include "costmodel/sealed_json.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/text_hash.hpp"

namespace orrery::cost {
namespace {

bool is_leaf_list(const Json& json) {
  return json.is_array() &&
         std::none_of(json.begin(), json.end(), [](const Json& j) { return j.is_structured(); });
}

/// Indented objects, but lists of numbers on one line: a profile stays readable and small.
void print(const Json& json, int depth, std::string& out) {
  const std::string indent(static_cast<std::size_t>(depth) + 1, ' ');
  if (json.is_object() && !json.empty()) {
    out += "{\n";
    for (auto it = json.begin(); it != json.end(); ++it) {
      if (it != json.begin()) out += ",\n";
      out += indent + Json(it.key()).dump() + ": ";
      print(it.value(), depth + 1, out);
    }
    out += "\n" + indent.substr(1) + "}";
  } else if (json.is_array() && !is_leaf_list(json)) {
    out += "[\n";
    for (std::size_t i = 0; i < json.size(); ++i) {
      out += (i > 0 ? ",\n" : "") + indent;
      print(json[i], depth + 1, out);
    }
    out += "\n" + indent.substr(1) + "]";
  } else {
    out += json.dump();
  }
}

}  // namespace

JsonDocument open_sealed_json(const std::string& text, const std::string& place, const SealedFormat& format) {
  JsonDocument document = parse_json(text, place);
  Json& root = document.root;
  const std::string noun = format.noun;
  const auto text_at = [&root](const char* key) {
    return root.is_object() && root.contains(key) && root[key].is_string() ? root[key].get<std::string>()
                                                                           : "";
  };
  if (text_at("format") != format.format) {
    throw ScenarioError(place, "this is not a " + noun + ": expected \"format\": \"" + format.format +
                                   "\" (a file written by `orrery calibrate fit`)");
  }
  const Json version = root.contains("version") ? root["version"] : Json();
  if (version != Json(format.version)) {
    throw ScenarioError(place, noun + " version " + version.dump() + "; this program reads version " +
                                   std::to_string(format.version) + ": " + format.remedy);
  }
  const std::string expected = text_at("checksum");
  root.erase("checksum");
  if (const std::string found = text_hash(root.dump()); found != expected) {
    throw ScenarioError(place, "the " + noun + " is damaged or was edited: checksum \"" + expected +
                                   "\", content \"" + found + "\"; " + format.remedy);
  }
  root.erase("format");
  root.erase("version");
  document.text.clear();  // the checksum holds, so no message will need a line number; finding one takes time
  return document;
}

std::string write_sealed_json(const Json& content, const SealedFormat& format) {
  Json root{{"format", format.format}, {"version", format.version}};
  for (auto it = content.begin(); it != content.end(); ++it) root[it.key()] = it.value();
  root["checksum"] = text_hash(root.dump());
  std::string text;
  print(root, 0, text);
  return text + "\n";
}

}  // namespace orrery::cost
