// JSON in and out of described structs (sim/base/fields.hpp): strict reading with errors that name file,
// line, JSON path, value, expectation and the nearest known key; writing in field order; the JSON schema; a
// Markdown table. All functions work on text and values: files are opened elsewhere.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/fields.hpp"

namespace orrery {

using Json = nlohmann::ordered_json;

/// A parsed text that remembers where its values stood.
struct JsonDocument {
  std::string name;  ///< file name for messages; may be empty
  std::string text;  ///< empty when the tree did not come from a text
  Json root;
  std::vector<std::string> overridden;  ///< dotted paths ("plan.bucket") whose values came from --set
};

/// Throws ScenarioError "file:line:column: ..." on a syntax error or a duplicate key.
JsonDocument parse_json(std::string text, std::string name);

/// "file:line:column: $.plan.bucket" for messages about a value; line and column only where the text has the
/// path.
std::string json_place(const JsonDocument& document, const std::string& path);

namespace detail {
void read_struct(const JsonDocument& document, const StructRef& into);
Json write_struct(const StructRef& from);
Json write_value(const ValueRef& from);
Json schema_of_struct(const StructRef& prototype);
std::string markdown_of_struct(const StructRef& prototype, const std::string& title);
std::vector<std::pair<std::string, std::string>> flatten_struct(const StructRef& from);
template <class T>
StructRef struct_ref(T& config) {
  return std::get<StructRef>(field_ref(config).to);
}
}  // namespace detail

/// Reads the document into `config`; keys that are absent keep the value that `config` had. Throws
/// ScenarioError.
template <class T>
void read_json(const JsonDocument& document, T& config) {
  detail::read_struct(document, detail::struct_ref(config));
}

/// Every field of `config`, in the order of its description, quantities as exact strings with units.
template <class T>
Json write_json(T config) {
  return detail::write_struct(detail::struct_ref(config));
}

/// JSON schema (draft 2020-12) of the struct, without the "$schema" header; `prototype` supplies the
/// defaults.
template <class T>
Json json_schema(T prototype = {}) {
  return detail::schema_of_struct(detail::struct_ref(prototype));
}

/// Markdown: one table of key, type, default, meaning per struct, nested structs after their parents.
template <class T>
std::string markdown_tables(const std::string& title, T prototype = {}) {
  return detail::markdown_of_struct(detail::struct_ref(prototype), title);
}

/// (path, value as JSON text) of every leaf, in order: `plan.bucket` -> `"1 MiB"`. A list of plain values is
/// one leaf.
template <class T>
std::vector<std::pair<std::string, std::string>> flatten_fields(T config) {
  return detail::flatten_struct(detail::struct_ref(config));
}

}  // namespace orrery
