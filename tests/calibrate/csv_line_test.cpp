#include "calibrate/csv_line.hpp"

#include <catch2/catch.hpp>

using namespace orrery::calibrate;

namespace {

std::vector<std::string> texts(std::string_view line) {
  const auto cells = split_csv_line(line);
  REQUIRE(cells);
  std::vector<std::string> list;
  for (const CsvCell& cell : *cells) list.push_back(cell.text);
  return list;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a line of comma-separated text has one cell more than commas outside of quotes") {
  CHECK(texts("a,b") == Texts{"a", "b"});
  CHECK(texts("a,,") == Texts{"a", "", ""});
  CHECK(texts("") == Texts{""});
  CHECK(texts("\"a,b\",c") == Texts{"a,b", "c"});
}

TEST_CASE("a doubled quote stands for one, and the end of a line from Windows is no content") {
  CHECK(texts("\"say \"\"hi\"\"\",x\r") == Texts{"say \"hi\"", "x"});
}

TEST_CASE("cells know where they start") {
  const auto cells = split_csv_line("ab,\"c,d\",e");
  REQUIRE(cells);
  CHECK(cells->at(0).column == 1);
  CHECK(cells->at(1).column == 4);
  CHECK(cells->at(2).column == 10);
}

TEST_CASE("a quote that is not closed gives no cells") {
  CHECK_FALSE(split_csv_line("a,\"b"));
  CHECK_FALSE(split_csv_line("\"a\"\""));
}
