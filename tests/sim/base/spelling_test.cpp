#include "sim/base/spelling.hpp"

#include <catch2/catch.hpp>

using namespace orrery;

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps of neighbours") {
  CHECK(edit_distance("bucket", "bucket") == 0);
  CHECK(edit_distance("bukcet", "bucket") == 1);    // swap
  CHECK(edit_distance("buckt", "bucket") == 1);     // insertion
  CHECK(edit_distance("bucketts", "bucket") == 2);  // two deletions
  CHECK(edit_distance("MIB", "mib") == 0);          // letter case
  CHECK(edit_distance("", "abc") == 3);
}

TEST_CASE("a typing slip finds its name and a different word finds none") {
  const std::vector<std::string> known = {"data_parallel", "bucket", "overlap"};
  CHECK(nearest_name("bukcet", known) == "bucket");
  CHECK(nearest_name("data-paralel", known) == "data_parallel");
  CHECK_FALSE(nearest_name("pipeline", known));
  CHECK_FALSE(nearest_name("x", known));
  CHECK(spelling_hint("overlp", known) ==
        "; did you mean \"overlap\"? (known: data_parallel, bucket, overlap)");
  CHECK(spelling_hint("pipeline", known) == "; known: data_parallel, bucket, overlap");
}
