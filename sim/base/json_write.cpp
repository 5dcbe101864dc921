// Writing described structs, as a JSON tree and as a flat list of leaves.
#include "sim/base/json_io.hpp"
#include "sim/base/unit_text.hpp"

namespace orrery {
namespace {

using detail::write_value;

class Writer : public FieldVisitor {
 public:
  Json object = Json::object();

 private:
  /// An absent optional is not written: reading the result gives the same value back.
  void visit(const Field& field, const ValueRef& value) override {
    const auto* optional = std::get_if<OptionalRef>(&value.to);
    if (optional != nullptr && !optional->has_value(optional->object)) return;
    object[std::string(field.name)] = write_value(value);
  }
};

struct WriteValue {
  Json operator()(const bool* from) const { return *from; }
  Json operator()(const double* from) const { return *from; }
  Json operator()(const std::string* from) const { return *from; }
  Json operator()(const IntegerRef& from) const { return from.get(from.object); }
  Json operator()(const QuantityRef& from) const {
    return exact_quantity(from.get(from.object), from.dimension);
  }
  Json operator()(const EnumRef& from) const { return from.names.at(from.get(from.object)); }
  Json operator()(const ListRef& from) const {
    Json list = Json::array();
    for (std::size_t i = 0; i < from.size(from.object); ++i)
      list.push_back(write_value(from.at(from.object, i)));
    return list;
  }
  Json operator()(const OptionalRef& from) const {
    return from.has_value(from.object) ? write_value(from.value(from.object)) : Json();
  }
  Json operator()(const StructRef& from) const {
    Writer writer;
    from.visit(from.object, writer);
    return writer.object;
  }
  Json operator()(const ChoiceRef& from) const {
    Writer writer;
    writer.object["kind"] = from.kinds.at(from.get(from.object)).name;
    from.visit(from.object, writer);
    return writer.object;
  }
};

void flatten(const Json& json, const std::string& path,
             std::vector<std::pair<std::string, std::string>>& leaves) {
  const auto join = [&path](const std::string& key) { return path.empty() ? key : path + "." + key; };
  if (json.is_array() && !json.empty() && json.front().is_object()) {
    for (std::size_t i = 0; i < json.size(); ++i) flatten(json[i], join(std::to_string(i)), leaves);
    return;
  }
  if (!json.is_object()) {
    leaves.emplace_back(path, json.dump());
    return;
  }
  for (const auto& [key, value] : json.items()) flatten(value, join(key), leaves);
}

}  // namespace

namespace detail {

Json write_value(const ValueRef& from) {
  return std::visit(WriteValue{}, from.to);
}

Json write_struct(const StructRef& from) {
  return WriteValue{}(from);
}

std::vector<std::pair<std::string, std::string>> flatten_struct(const StructRef& from) {
  std::vector<std::pair<std::string, std::string>> leaves;
  flatten(write_struct(from), "", leaves);
  return leaves;
}

}  // namespace detail

}  // namespace orrery
