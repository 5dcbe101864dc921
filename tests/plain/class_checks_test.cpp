// Checks of whole classes: which are trusted, what is said of the others, and what a process that ended in
// the middle leaves to the next.
#include "calibrate/class_checks.hpp"

#include <catch2/catch.hpp>

#include "tests/plain/session_machine.hpp"

using namespace orrery;
using namespace orrery::calibrate;
using session_test::Machine;

namespace {

const std::vector<std::string> kClasses{"add", "gelu_forward", "softmax_forward"};

std::vector<CheckRecord> check(Machine& machine, const std::vector<CheckRecord>& before = {}) {
  return check_classes(machine, kClasses, [](const cost::Op& op, OperandValues& v) { cpu::compute(op, v); },
                       before, {});
}

int count(const std::vector<CheckRecord>& records, const std::string& state) {
  return static_cast<int>(
      std::count_if(records.begin(), records.end(), [&](const auto& r) { return r.state == state; }));
}

int shapes(const std::string& name) {
  return static_cast<int>(check_shapes(cost::parse_op(name, "")).size());
}

}  // namespace

TEST_CASE("a backend that computes the same passes every class") {
  Machine machine;
  const auto records = check(machine);
  CHECK(excluded_classes(records).empty());
  const int all = shapes("add") + shapes("gelu_forward") + shapes("softmax_forward");
  CHECK(count(records, "ok") == all);
  CHECK(count(records, "started") == all);
  CHECK(checks_text(records) ==
        "3 classes checked against the CPU: 3 right, 0 wrong or refused, 0 without a kernel\n");
}

TEST_CASE("a class with wrong numbers is excluded with its operand and error, the others are not") {
  Machine machine;
  machine.wrong = {"gelu_forward"};
  const auto records = check(machine);
  CHECK(count(records, "failed") == shapes("gelu_forward"));
  const auto excluded = excluded_classes(records);
  REQUIRE(excluded.size() == 1);
  CHECK_THAT(excluded.at("gelu_forward"),
             Catch::StartsWith("failed its check: gelu_forward rows=") && Catch::Contains(": y: error"));
  CHECK_THAT(checks_text(records), Catch::Contains("2 right, 1 wrong or refused, 0 without") &&
                                       Catch::Contains("\n  gelu_forward: failed its check"));
}

TEST_CASE("a class is excluded when all of its shapes are refused, not when one is") {
  Machine machine;
  machine.refused = {"add"};
  machine.refused_shape = cost::shape_text(check_shapes(cost::parse_op("softmax_forward", "")).at(1));
  const auto records = check(machine);
  CHECK(count(records, "refused") == shapes("add") + 1);
  const auto excluded = excluded_classes(records);
  REQUIRE(excluded.size() == 1);
  CHECK_THAT(excluded.at("add"),
             Catch::StartsWith("could not be checked: add ") && Catch::Contains("no plan found"));
  CHECK_THAT(checks_text(records), Catch::Contains("2 right, 1 wrong or refused") &&
                                       Catch::Contains("softmax_forward, one shape: ") &&
                                       Catch::Contains(machine.refused_shape));
}

TEST_CASE("a class without a kernel is told apart from a wrong one and not computed") {
  Machine machine;
  machine.missing = {"add", "softmax_forward"};
  const auto records = check(machine);
  CHECK(count(records, "no_kernel") == 2);
  CHECK(machine.computed == shapes("gelu_forward"));
  CHECK(excluded_classes(records).at("add") == "the test backend has no kernel for it");
  CHECK_THAT(checks_text(records), Catch::Contains("1 right, 0 wrong or refused, 2 without a kernel"));
  Machine later;
  check(later, records);
  CHECK(later.computed == 0);
}

TEST_CASE(
    "a shape in whose check two processes ended excludes its class, even behind shapes that are right") {
  Machine machine;
  const auto whole = check(machine);
  std::vector<CheckRecord> before;
  for (const CheckRecord& record : whole) {
    before.push_back(record);
    if (record.class_name == "gelu_forward" && count(before, "started") == shapes("add") + 2) break;
  }
  REQUIRE(before.back().state == "started");
  // Once: whoever stopped the process may have done it from outside, so the shape has another chance.
  Machine second;
  CHECK(excluded_classes(check(second, before)).empty());
  CHECK(second.computed == machine.computed - shapes("add") - 1);
  // As long as nobody came back, the class counts as deadly.
  CHECK(excluded_classes(before).count("gelu_forward") == 1);
  before.push_back(before.back());
  Machine third;
  const auto records = check(third, before);
  CHECK(third.computed == shapes("softmax_forward"));
  const auto excluded = excluded_classes(records);
  REQUIRE(excluded.size() == 1);
  CHECK(excluded.at("gelu_forward") == "an earlier try ended in its check of " + before.back().shape);
  CHECK(excluded_classes(check(third, records)) == excluded);
}

TEST_CASE("checks stop between two classes when their time is up") {
  Machine machine;
  int asked = 0;
  const auto records = check_classes(
      machine, kClasses, [](const cost::Op& op, OperandValues& v) { cpu::compute(op, v); }, {}, {},
      [&asked] { return ++asked > 1; });
  CHECK(machine.computed == shapes("add"));
  CHECK(excluded_classes(records).empty());
}

TEST_CASE("a process that ended between two shapes leaves the rest to the next one") {
  Machine machine;
  auto before = check(machine);
  before.resize(2);  // one shape of the first class
  REQUIRE(before.back().state == "ok");
  Machine next;
  const auto records = check(next, before);
  CHECK(next.computed == machine.computed - 1);
  CHECK(excluded_classes(records).empty());
}

TEST_CASE("a class in whose check the device is lost is excluded, whatever its other shapes did") {
  Machine machine;
  int calls = 0;
  machine.at_compute = [&](const cost::Op&) { machine.lost = ++calls == 2; };
  std::vector<CheckRecord> records;
  CHECK_THROWS_WITH(
      check_classes(
          machine, kClasses, [](const cost::Op& op, OperandValues& v) { cpu::compute(op, v); }, {},
          [&records](const CheckRecord& r) { records.push_back(r); }),
      Catch::Contains("the device is lost in the check of add") && Catch::Contains("illegal address"));
  Machine next;
  records = check(next, records);
  CHECK(excluded_classes(records).count("add") == 1);
  CHECK(excluded_classes(records).size() == 1);
}

TEST_CASE("records of checks come back as they were written, without a line that was cut") {
  CheckRecord record{"add", "rows=1 cols=2", "failed", "y", 1e300, 2e-6, "say \"what\"\n"};
  const auto back = parse_checks(record_line(record) + record_line(record).substr(0, 30), "c.jsonl");
  REQUIRE(back.size() == 1);
  CHECK(record_line(back[0]) == record_line(record));
  CHECK(back[0].text == record.text);
  CHECK_THROWS_WITH(parse_checks("\n", "c.jsonl"), Catch::Contains("c.jsonl line 1"));
}

TEST_CASE("an infinite error and a text that is no UTF-8 are written as JSON that can be read") {
  Machine machine;
  const auto poisoned = [](const cost::Op& op, OperandValues& values) {
    cpu::compute(op, values);
    for (std::vector<float>& operand : values) operand.front() = std::numeric_limits<float>::infinity();
  };
  std::string text;
  check_classes(machine, {"add"}, poisoned, {}, [&](const CheckRecord& r) { text += record_line(r); });
  text += record_line({"x", "", "refused", "", 0.0, 0.0, "device \xff\xfe"});
  const auto records = parse_checks(text, "c.jsonl");
  CHECK(count(records, "failed") == shapes("add"));
  CHECK(records[1].error == 1e300);
  CHECK(excluded_classes(records).count("add") == 1);
}
