#include "sim/base/json_io.hpp"

#include <catch2/catch.hpp>

#include "sim/base/error.hpp"

using namespace orrery;

namespace {

enum class Noise { off, on };
constexpr auto names_of(Noise) {
  return std::array{std::string_view("off"), std::string_view("on")};
}

struct Circle {
  static constexpr std::string_view kind = "circle", kind_help = "round";
  double radius = 1.0;
};
template <class V>
void fields(V& v, Circle& c) {
  v("radius", c.radius, "distance from the centre", more_than(0));
}
struct Polygon {
  static constexpr std::string_view kind = "polygon", kind_help = "straight sides";
  std::vector<int> sides = {3, 4};
};
template <class V>
void fields(V& v, Polygon& c) {
  v("sides", c.sides, "length of each side", at_least(1));
}
struct Link {
  BytesPerSec bandwidth{1e9};
  std::optional<Seconds> latency;
};
template <class V>
void fields(V& v, Link& c) {
  v("bandwidth", c.bandwidth, "bytes per second", more_than(0));
  v("latency", c.latency, "time of an empty message", at_least(0));
}
struct Config {
  std::string name;
  std::int64_t ranks = 2;
  std::uint64_t seed = 1;
  bool overlap = true;
  Noise noise = Noise::on;
  Link link;
  std::variant<Circle, Polygon> shape;
};
template <class V>
void fields(V& v, Config& c) {
  v("name", c.name, "what it is called", required());
  v("ranks", c.ranks, "how many", between(1, 64));
  v("seed", c.seed, "of all random numbers");
  v("overlap", c.overlap, "hide communication");
  v("noise", c.noise, "draw times");
  v("link", c.link, "between ranks");
  v("shape", c.shape, "of something");
}

Config read(const std::string& text) {
  Config config;
  read_json(parse_json(text, "f.json"), config);
  return config;
}
std::string error_of(const std::string& text) {
  try {
    read(text);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a described struct is read from JSON and absent keys keep their defaults") {
  const Config config = read(R"({"name": "n", "seed": 7, "overlap": false, "noise": "off",
      "link": {"bandwidth": "450 GB/s", "latency": "3 us"}, "shape": {"kind": "polygon", "sides": [5]}})");
  CHECK(config.name == "n");
  CHECK(config.ranks == 2);
  CHECK(config.seed == 7);
  CHECK_FALSE(config.overlap);
  CHECK(config.noise == Noise::off);
  CHECK(config.link.bandwidth.value() == 450e9);
  CHECK(config.link.latency->value() == Approx(3e-6));
  CHECK(std::get<Polygon>(config.shape).sides == std::vector<int>{5});
}

TEST_CASE("the name of a kind alone stands for that kind with its defaults") {
  const Config named = read(R"({"name": "n", "shape": "polygon"})");
  CHECK(std::get<Polygon>(named.shape).sides == std::vector<int>{3, 4});
  CHECK(write_json(named).dump() == write_json(read(R"({"name": "n", "shape": {"kind": "polygon"}})")).dump());
}

TEST_CASE("what is written is read back as the same value") {
  Config config = read(R"({"name": "q\"uote", "shape": {"kind": "polygon"}})");
  const Json written = write_json(config);
  CHECK(written.dump() ==
        R"({"name":"q\"uote","ranks":2,"seed":1,"overlap":true,"noise":"on","link":{"bandwidth":"1 GB/s"},)"
        R"("shape":{"kind":"polygon","sides":[3,4]}})");
  CHECK(write_json(read(written.dump())).dump() == written.dump());
}

TEST_CASE("a wrong scenario is met with place, value, expectation and the nearest name") {
  struct Row {
    const char* text;
    const char* message;
  };
  const auto row = GENERATE(values<Row>({
      {"{\"name\": \"n\",\n  \"rnaks\": 3}",
       "f.json:2:3: $.rnaks: unknown key \"rnaks\"; did you mean \"ranks\"? (known: name, ranks, seed, "
       "overlap, noise, "
       "link, shape)"},
      {R"({"name": "n", "ranks": "4"})",
       "f.json:1:15: $.ranks: expected a whole number, got \"4\" (a string)"},
      {R"({"name": "n", "ranks": 2.5})", "f.json:1:15: $.ranks: expected a whole number, got 2.5 (a number)"},
      {R"({"name": "n", "ranks": 65})",
       "f.json:1:15: $.ranks: 65 is out of range; expected between 1 and 64"},
      {R"({"name": "n", "seed": -1})",
       "f.json:1:15: $.seed: -1 is out of range; expected between 0 and 9223372036854775807"},
      {R"({"ranks": 2})", "f.json:1:1: $: required key \"name\" is missing"},
      {R"({"nmae": "n"})",
       "f.json:1:2: $.nmae: unknown key \"nmae\"; did you mean \"name\"? (known: name, ranks, seed, overlap, "
       "noise, "
       "link, shape)"},
      {R"({"name": 3})", "f.json:1:2: $.name: expected a string, got 3 (a number)"},
      {R"({"name": "n", "overlap": "yes"})",
       "f.json:1:15: $.overlap: expected true or false, got \"yes\" (a string)"},
      {R"({"name": "n", "noise": "of"})",
       "f.json:1:15: $.noise: unknown name \"of\"; did you mean \"off\"? (known: off, on)"},
      {R"({"name": "n", "link": {"bandwidth": 450000000000}})",
       "f.json:1:24: $.link.bandwidth: 450000000000 has no unit; expected a data rate as a string such as "
       "\"450 "
       "GB/s\" (here perhaps \"450 GB/s\")"},
      {R"({"name": "n", "link": {"bandwidth": "450 GB"}})",
       "f.json:1:24: $.link.bandwidth: \"450 GB\" is an amount of data; expected a data rate such as \"450 "
       "GB/s\""},
      {R"({"name": "n", "link": {"bandwidth": "0 GB/s"}})",
       "f.json:1:24: $.link.bandwidth: \"0 GB/s\" is out of range; expected more than 0"},
      {R"({"name": "n", "shape": "cirlce"})",
       "f.json:1:15: $.shape: unknown kind \"cirlce\"; did you mean \"circle\"? (known: circle, polygon)"},
      {R"({"name": "n", "link": []})", "f.json:1:15: $.link: expected an object, got a list"},
      {R"({"name": "n", "shape": {"sides": [1]}})",
       "f.json:1:15: $.shape: required key \"kind\" is missing; known: circle, polygon"},
      {R"({"name": "n", "shape": {"kind": "circel"}})",
       "f.json:1:25: $.shape.kind: unknown kind \"circel\"; did you mean \"circle\"? (known: circle, "
       "polygon)"},
      {R"({"name": "n", "shape": {"kind": "circle", "sides": [1]}})",
       "f.json:1:43: $.shape.sides: unknown key \"sides\"; known: kind, radius"},
      {R"({"name": "n", "shape": {"kind": "polygon", "sides": [1, "a,]\"b", 0]}})",
       "f.json:1:57: $.shape.sides[1]: expected a whole number, got \"a,]\\\"b\" (a string)"},
      {R"({"name": "n", "shape": {"kind": "polygon", "sides": [1, 0]}})",
       "f.json:1:57: $.shape.sides[1]: 0 is out of range; expected at least 1"},
      {R"({"name": "n", "name": "m"})", "f.json: key \"name\" appears twice in one object"},
      {"[]", "f.json:1:1: $: expected an object, got a list"},
  }));
  CAPTURE(row.text);
  CHECK(error_of(row.text) == row.message);
}

TEST_CASE("a syntax error names file, line and column") {
  CHECK_THAT(error_of("{\"name\": \"n\",\n \"ranks\": }"),
             Catch::StartsWith("f.json:2:11: not valid JSON: "));
  CHECK_THAT(error_of(R"({"ranks": 1e999})"), Catch::StartsWith("f.json: a number is out of range: "));
  CHECK_THAT(error_of(""), Catch::StartsWith("f.json:1:1: not valid JSON: "));
}

TEST_CASE("the schema lists types, limits, defaults and required keys") {
  const Json schema = json_schema<Config>();
  CHECK(schema["required"] == Json::array({"name"}));
  CHECK(schema["additionalProperties"] == false);
  const Json& properties = schema["properties"];
  CHECK(properties["ranks"].dump() ==
        R"({"description":"how many","type":"integer","minimum":1,"maximum":64,"default":2})");
  CHECK(properties["noise"]["enum"] == Json::array({"off", "on"}));
  CHECK(properties["link"]["properties"]["bandwidth"]["default"] == "1 GB/s");
  CHECK(properties["link"]["properties"]["latency"]["anyOf"][1]["type"] == "null");
  CHECK(properties["shape"]["oneOf"][1]["properties"]["sides"]["items"]["minimum"] == 1);
  CHECK(properties["shape"]["oneOf"][0]["properties"]["kind"]["const"] == "circle");
  CHECK(properties["shape"]["oneOf"][2]["enum"] == Json::array({"circle", "polygon"}));
}

TEST_CASE("the documentation has one table per struct and kind") {
  const std::string text = markdown_tables<Config>("Config");
  CHECK_THAT(text, Catch::Contains("| `name` | string | required | what it is called |"));
  CHECK_THAT(text, Catch::Contains("## `link`"));
  CHECK_THAT(text, Catch::Contains("## `shape` of kind `polygon`"));
  CHECK_THAT(text, Catch::Contains("| `bandwidth` | string: a data rate, `\"450 GB/s\"` | `\"1 GB/s\"` |"));
}

TEST_CASE("a flat list names every leaf by its dotted path") {
  const auto leaves = flatten_fields(read(R"({"name": "n"})"));
  const std::pair<std::string, std::string> bandwidth{"link.bandwidth", "\"1 GB/s\""};
  CHECK(std::count(leaves.begin(), leaves.end(), bandwidth) == 1);
  CHECK(leaves.front().first == "name");
}
