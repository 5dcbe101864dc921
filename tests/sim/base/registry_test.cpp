#include "sim/base/registry.hpp"

#include <catch2/catch.hpp>

using namespace orrery;

namespace {
struct Shape {
  virtual ~Shape() = default;
  virtual int corners() const = 0;
};
Registry<Shape>& shapes() {
  static Registry<Shape> registry("shape", "test_shapes");
  return registry;
}
struct Triangle : Shape {
  int corners() const override { return 3; }
};
struct Square : Shape {
  int corners() const override { return 4; }
};
const bool square_registered = shapes().add<Square>("square", "four equal sides");
const bool triangle_registered = shapes().add<Triangle>("triangle", "three sides");

struct Polygon {
  explicit Polygon(int n) : corners(n) {}
  int corners;
};
}  // namespace

TEST_CASE("what registers itself can be made by name and is listed in order") {
  CHECK(square_registered);
  CHECK(triangle_registered);
  CHECK(shapes().make("triangle")->corners() == 3);
  CHECK(shapes().make("square")->corners() == 4);
  const auto names = registry_catalog().at("test_shapes")->names();
  REQUIRE(names.size() == 2);
  CHECK(names[0].name == "square");
  CHECK(names[1].help == "three sides");
}

TEST_CASE("an unknown name is refused with the known ones and the nearest") {
  CHECK_THROWS_WITH(shapes().make("sqare"),
                    "unknown shape \"sqare\"; did you mean \"square\"? (known: square, triangle)");
  CHECK_THROWS_AS(shapes().make("circle"), ScenarioError);
  CHECK(shapes().contains("square"));
  CHECK_FALSE(shapes().contains("circle"));
}

TEST_CASE("a registry passes its arguments to what it makes") {
  Registry<Polygon, int> polygons("polygon", "test_polygons");
  polygons.add<Polygon>("any", "n corners");
  CHECK(polygons.make("any", 7)->corners == 7);
  registry_catalog().erase("test_polygons");
}
