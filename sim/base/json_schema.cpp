// The JSON schema (draft 2020-12) and the Markdown tables of described structs. Both walk a prototype value,
// whose contents are the defaults; lists and optionals are filled on the way to see what their elements look
// like.
#include <fmt/format.h>

#include <cmath>

#include "sim/base/json_io.hpp"
#include "sim/base/unit_text.hpp"

namespace orrery {
namespace {

Json schema_of(const ValueRef& value, const Limits& limits);

bool is_absent(const ValueRef& value) {
  const auto* optional = std::get_if<OptionalRef>(&value.to);
  return optional != nullptr && !optional->has_value(optional->object);
}
bool is_object(const ValueRef& value) {
  return std::holds_alternative<StructRef>(value.to) || std::holds_alternative<ChoiceRef>(value.to);
}
/// The element of a list or optional, created if it is not there.
ValueRef element_of(const ListRef& list) {
  if (list.size(list.object) == 0) list.resize(list.object, 1);
  return list.at(list.object, 0);
}
ValueRef element_of(const OptionalRef& optional) {
  if (!optional.has_value(optional.object)) optional.engage(optional.object, true);
  return optional.value(optional.object);
}

class SchemaWriter : public FieldVisitor {
 public:
  Json properties = Json::object();
  Json required = Json::array();

  Json object_schema() const {
    Json schema = {{"type", "object"}, {"properties", properties}};
    if (!required.empty()) schema["required"] = required;
    schema["additionalProperties"] = false;
    return schema;
  }

 private:
  void visit(const Field& field, const ValueRef& value) override {
    Json schema = {{"description", field.help}};
    const bool has_default = !field.limits.is_required && !is_absent(value) && !is_object(value);
    const Json preset = has_default ? detail::write_value(value) : Json();
    schema.update(schema_of(value, field.limits));
    if (has_default) schema["default"] = preset;
    if (field.limits.is_required) required.push_back(field.name);
    properties[std::string(field.name)] = schema;
  }
};

/// JSON numbers for limits: whole ones without a fraction.
Json limit_number(double x) {
  const bool whole = std::floor(x) == x && std::abs(x) < 9e15;
  return whole ? Json(static_cast<std::int64_t>(x)) : Json(x);
}

Json number_schema(const char* type, const Limits& limits) {
  Json schema = {{"type", type}};
  if (std::isfinite(limits.low)) {
    schema[limits.low_excluded ? "exclusiveMinimum" : "minimum"] = limit_number(limits.low);
  }
  if (std::isfinite(limits.high)) schema["maximum"] = limit_number(limits.high);
  return schema;
}

struct SchemaOf {
  const Limits& limits;

  Json operator()(bool*) const { return {{"type", "boolean"}}; }
  Json operator()(double*) const { return number_schema("number", limits); }
  Json operator()(std::string*) const { return {{"type", "string"}}; }
  Json operator()(const IntegerRef& to) const {
    Limits narrowed = limits;
    if (!std::isfinite(limits.low)) narrowed.low = static_cast<double>(to.low);
    return number_schema("integer", narrowed);
  }
  Json operator()(const QuantityRef& to) const {
    return {{"type", "string"},
            {"pattern", quantity_pattern(to.dimension)},
            {"examples", Json::array({quantity_example(to.dimension)})}};
  }
  Json operator()(const EnumRef& to) const { return {{"enum", to.names}}; }
  Json operator()(const ListRef& to) const {
    return {{"type", "array"}, {"items", schema_of(element_of(to), limits)}};
  }
  Json operator()(const OptionalRef& to) const {
    return {{"anyOf", Json::array({schema_of(element_of(to), limits), {{"type", "null"}}})}};
  }
  Json operator()(const StructRef& to) const {
    SchemaWriter writer;
    to.visit(to.object, writer);
    return writer.object_schema();
  }
  Json operator()(const ChoiceRef& to) const {
    Json alternatives = Json::array(), names = Json::array();
    for (std::size_t i = 0; i < to.kinds.size(); ++i) {
      to.set(to.object, i);
      names.push_back(to.kinds[i].name);
      SchemaWriter writer;
      writer.properties["kind"] = {{"description", to.kinds[i].help}, {"const", to.kinds[i].name}};
      writer.required.push_back("kind");
      to.visit(to.object, writer);
      alternatives.push_back(writer.object_schema());
    }
    alternatives.push_back({{"description", "a kind with its defaults"}, {"enum", names}});
    return {{"oneOf", alternatives}};
  }
};

Json schema_of(const ValueRef& value, const Limits& limits) {
  return std::visit(SchemaOf{limits}, value.to);
}

/// One table per struct; nested structs are collected and follow in order of appearance.
class TableWriter : public FieldVisitor {
 public:
  explicit TableWriter(std::string path) : path_(std::move(path)) {}

  std::string rows, nested;

  static std::string table(const std::string& title, const std::string& rows) {
    return fmt::format("## {}\n\n| key | type | default | meaning |\n|---|---|---|---|\n{}\n", title, rows);
  }

 private:
  struct Type {
    std::string name, section;  ///< `section`: tables of the nested struct
  };

  void visit(const Field& field, const ValueRef& value) override {
    const std::string path = path_.empty() ? std::string(field.name) : path_ + "." + std::string(field.name);
    const bool has_default = !field.limits.is_required && !is_absent(value) && !is_object(value);
    const std::string preset = has_default                ? "`" + detail::write_value(value).dump() + "`"
                               : field.limits.is_required ? "required"
                               : is_absent(value)         ? "none"
                                                          : "below";
    const Type type = type_of(value, path);
    rows += fmt::format("| `{}` | {} | {} | {} |\n", field.name, type.name, preset, field.help);
    nested += type.section;
  }

  static Type type_of(const ValueRef& value, const std::string& path) {
    if (const auto* list = std::get_if<ListRef>(&value.to)) {
      const Type element = type_of(element_of(*list), path + "[]");
      return {"list of " + element.name, element.section};
    }
    if (const auto* optional = std::get_if<OptionalRef>(&value.to))
      return type_of(element_of(*optional), path);
    if (const auto* object = std::get_if<StructRef>(&value.to)) {
      TableWriter inner(path);
      object->visit(object->object, inner);
      return {"object", table("`" + path + "`", inner.rows) + inner.nested};
    }
    if (const auto* choice = std::get_if<ChoiceRef>(&value.to)) return type_of_choice(*choice, path);
    if (const auto* quantity = std::get_if<QuantityRef>(&value.to)) {
      return {fmt::format("string: {}, `\"{}\"`", dimension_name(quantity->dimension),
                          quantity_example(quantity->dimension)),
              ""};
    }
    if (const auto* names = std::get_if<EnumRef>(&value.to)) {
      return {fmt::format("`\"{}\"`", fmt::join(names->names, "\"`, `\"")), ""};
    }
    if (std::holds_alternative<bool*>(value.to)) return {"bool", ""};
    if (std::holds_alternative<double*>(value.to)) return {"number", ""};
    return {std::holds_alternative<IntegerRef>(value.to) ? "whole number" : "string", ""};
  }

  static Type type_of_choice(const ChoiceRef& choice, const std::string& path) {
    std::string sections;
    for (std::size_t i = 0; i < choice.kinds.size(); ++i) {
      choice.set(choice.object, i);
      TableWriter inner(path);
      inner.rows =
          fmt::format("| `kind` | `\"{}\"` | required | {} |\n", choice.kinds[i].name, choice.kinds[i].help);
      choice.visit(choice.object, inner);
      sections +=
          table(fmt::format("`{}` of kind `{}`", path, choice.kinds[i].name), inner.rows) + inner.nested;
    }
    return {"object with a `kind`, or a kind's name", sections};
  }

  std::string path_;
};

}  // namespace

namespace detail {

Json schema_of_struct(const StructRef& prototype) {
  return SchemaOf{Limits{}}(prototype);
}

std::string markdown_of_struct(const StructRef& prototype, const std::string& title) {
  TableWriter writer("");
  prototype.visit(prototype.object, writer);
  return TableWriter::table(title, writer.rows) + writer.nested;
}

}  // namespace detail

}  // namespace orrery
