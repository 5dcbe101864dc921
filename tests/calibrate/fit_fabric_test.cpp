// Fitting a software stack to collectives whose truth is known: a table is made from chosen coefficients and seeded noise,
// and the fit must predict what the truth says and find the coefficients that the table determines.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "calibrate/fit/collective_suite.hpp"
#include "calibrate/fit/fit_fabric_profile.hpp"
#include "calibrate/files/packed_file.hpp"
#include "sim/base/error.hpp"
#include "sim/base/rng.hpp"

using namespace orrery;
using namespace orrery::calibrate;

namespace {

cost::CollectiveStack truth() {
  cost::CollectiveStack s;
  s.launch = Seconds(4e-6);
  s.hop = Seconds(0.8e-6);
  s.ll_efficiency = 0.1;
  s.simple_efficiency = 0.75;
  s.simple_start = Seconds(6e-6);
  s.pipelining = 0.2;
  s.own_copy = 0.6;
  s.switch_efficiency = 0.7;
  s.exchange_efficiency = 0.7;
  return s;
}

/// Four kinds, 2, 4 and 8 ranks, 512 B to 4 GiB, each with log-normal noise.
std::vector<CollectiveRow> table_of(const cost::CollectiveStack& stack, double noise, const std::string& system = "h100_sxm") {
  std::vector<CollectiveRow> rows;
  RngStream rng = stream(Seed{7}, "collective noise");
  for (const CollectiveKind kind : {CollectiveKind::all_reduce, CollectiveKind::all_gather,
                                    CollectiveKind::reduce_scatter, CollectiveKind::all_to_all}) {
    for (const int ranks : {2, 4, 8}) {
      for (int power = 9; power <= 32; ++power) {
        CollectiveRow row;
        row.system = system;
        row.stack = "nccl 9.9";
        row.subject = {kind, Bytes(std::exp2(power)), ranks, 1};
        row.seconds = cost::fabric_time(cost::find_fabric(system), stack, row.subject).seconds *
                      std::exp(rng.normal(0.0, noise));
        rows.push_back(row);
      }
    }
  }
  return rows;
}

std::vector<FabricTarget> targets_of(const FabricGroup& group) {
  std::vector<FabricTarget> targets;
  for (const FabricPoint& point : group.points) targets.push_back({&group.spec, &point});
  return targets;
}

}  // namespace

TEST_CASE("the fit recovers the coefficients that made the table") {
  const std::vector<CollectiveRow> rows = table_of(truth(), 0.02);
  const GroupedRows grouped = group_rows(rows);
  REQUIRE(grouped.groups.size() == 1);
  const cost::CollectiveStack found = fit_stack(targets_of(grouped.groups.front()), cost::CollectiveStack{});
  CHECK(found.launch.value() == Approx(4e-6).epsilon(0.15));
  CHECK(found.hop.value() == Approx(0.8e-6).epsilon(0.15));
  CHECK(found.simple_efficiency == Approx(0.75).epsilon(0.05));
  CHECK(found.switch_efficiency == Approx(0.7).epsilon(0.05));
  std::vector<double> errors;
  for (const CollectiveRow& row : rows) {
    const auto& spec = cost::find_fabric("h100_sxm");
    errors.push_back(cost::fabric_time(spec, found, row.subject).seconds /
                         cost::fabric_time(spec, truth(), row.subject).seconds - 1.0);
  }
  CHECK(summarise_errors(errors).median < 0.02);
  CHECK(summarise_errors(errors).p90 < 0.06);
}

TEST_CASE("held-out sizes are missed by little more than the noise") {
  const std::vector<CollectiveRow> rows = table_of(truth(), 0.02);
  const ErrorSummary errors = summarise(hold_out_sizes(group_rows(rows).groups.front()));
  CHECK(errors.count == static_cast<int>(rows.size()));
  CHECK(errors.median < 0.03);
  CHECK(errors.p90 < 0.08);
}

TEST_CASE("what a table cannot tell stays at its start") {
  std::vector<CollectiveRow> rows = table_of(truth(), 0.0, "a100_sxm");  // no reduction in this switch, one node
  const cost::CollectiveStack found = fit_stack(targets_of(group_rows(rows).groups.front()), cost::CollectiveStack{});
  CHECK(found.switch_efficiency == Approx(cost::CollectiveStack{}.switch_efficiency));
  CHECK(found.network_transits == Approx(cost::CollectiveStack{}.network_transits));
}

TEST_CASE("repeats are pooled to their median and dense sweeps by quarter octaves") {
  CollectiveRow row;
  row.system = "h100_sxm";
  row.subject = {CollectiveKind::all_reduce, Bytes(1024), 8, 1};
  std::vector<CollectiveRow> repeats(3, row);
  repeats[0].seconds = 1.0, repeats[1].seconds = 5.0, repeats[2].seconds = 2.0;
  const GroupedRows grouped = group_rows(repeats);
  REQUIRE(grouped.groups.front().points.size() == 1);
  CHECK(grouped.groups.front().points.front().seconds == 2.0);

  std::vector<CollectiveRow> dense;
  for (int i = 1; i <= 256; ++i) {
    row.subject.bytes = Bytes(4096.0 * i);
    row.seconds = i;
    dense.push_back(row);
  }
  CHECK(group_rows(dense).groups.front().points.size() < 40);
}

// InfiniBand of 8 x 400 and of 1 x 400 Gbit/s; a row that states no speed has that of the datasheet, 3,200.
TEST_CASE("rows of networks of different speed are not pooled") {
  CollectiveRow row;
  row.system = "h100_sxm";
  row.network = "InfiniBand";
  row.subject = {CollectiveKind::all_reduce, Bytes(1024), 16, 2};
  std::vector<CollectiveRow> rows(3, row);
  rows[0].gbit = 3200.0, rows[0].seconds = 1.0;
  rows[1].gbit = 400.0, rows[1].seconds = 8.0;
  rows[2].seconds = 1.0;
  const GroupedRows grouped = group_rows(rows);
  REQUIRE(grouped.groups.size() == 2);
  for (const FabricGroup& group : grouped.groups) {
    const bool fast = group.rows == 2;
    CHECK(group.spec.network.bandwidth.value() == (fast ? 400e9 : 50e9));
    CHECK(group.points.front().seconds == (fast ? 1.0 : 8.0));
  }
}

TEST_CASE("rows of a system without a datasheet are named, not guessed") {
  CollectiveRow row;
  row.system = "MI300X";
  row.subject = {CollectiveKind::all_reduce, Bytes(1024), 8, 1};
  row.seconds = 1.0;
  const std::vector<CollectiveRow> rows(2, row);
  const GroupedRows grouped = group_rows(rows);
  CHECK(grouped.groups.empty());
  CHECK(grouped.unknown == std::vector<std::string>{"MI300X"});
  CHECK(grouped.unknown_rows == 2);
}

TEST_CASE("a profile is fitted per stack and says what its tables hold when they do not fit") {
  const std::vector<NamedTable> tables{{"t.csv", {"aiconfigurator_nccl", table_of(truth(), 0.02), 0}}};
  const cost::FabricProfile profile = fit_fabric_profile(tables, {"H100", "", ""});
  REQUIRE(profile.stacks.size() == 1);
  CHECK(profile.stacks.front().name == "nccl 9.9");
  CHECK(profile.provenance.front().name == "t.csv");
  CHECK(profile.stacks.front().errors.size() >= 4);
  const std::string text = cost::write_fabric_profile(profile);
  CHECK(cost::write_fabric_profile(cost::parse_fabric_profile(text, "p.json")) == text);
  CHECK_THROWS_WITH(fit_fabric_profile(tables, {"b200", "", ""}), Catch::Contains("h100_sxm"));
  CHECK_THROWS_WITH(fit_fabric_profile(tables, {"h100", "efa_v3", ""}), Catch::Contains("efa_v2"));
}

// A stack fitted with the switch's reduction off, predicted with it on, would take an algorithm that it never ran.
TEST_CASE("rows with in-network reduction on and off do not share a profile") {
  std::vector<CollectiveRow> rows = table_of(truth(), 0.0);
  for (CollectiveRow& row : rows) row.stack.clear();
  const std::size_t half = rows.size();
  for (std::size_t i = 0; i < half; ++i) {
    rows.push_back(rows[i]);
    rows.back().stack = "nvls off";
  }
  const std::vector<NamedTable> tables{{"t.csv", {"ml_engineering", rows, 0}}};
  CHECK_THROWS_WITH(fit_fabric_profile(tables, {"h100", "", ""}),
                    Catch::Contains("in_network_reduction is true for \"h100_sxm\"") && Catch::Contains("nvls off"));
  CHECK_FALSE(fit_fabric_profile(tables, {"h100", "", "nvls off"}).fabric.in_network_reduction);
  rows.resize(half);
  CHECK(fit_fabric_profile({{"t.csv", {"ml_engineering", rows, 0}}}, {"h100", "", ""}).fabric.in_network_reduction);
}

TEST_CASE("adapters of two speeds do not share a profile, and within the node they play no part") {
  CollectiveRow row;
  row.system = "h100_sxm";
  std::vector<CollectiveRow> rows;
  for (const int nodes : {1, 2}) {
    for (const double gbit : {400.0, 3200.0}) {
      row.subject = {CollectiveKind::all_reduce, Bytes(1e6), 8, nodes};
      row.gbit = gbit;
      row.seconds = 1e-4;
      rows.push_back(row);
    }
  }
  const std::vector<NamedTable> tables{{"t.csv", {"table", rows, 0}}};
  CHECK_THROWS_WITH(fit_fabric_profile(tables, {"h100", "infiniband_ndr", ""}), Catch::Contains("network.bandwidth"));
  CHECK(fit_fabric_profile(tables, {"h100", "", ""}).fabric.network.bandwidth.value() == 400e9);
}

// Leaving a size out needs three sizes.
TEST_CASE("a table of two sizes claims no held-out error") {
  CollectiveRow row;
  row.system = "h100_sxm";
  row.seconds = 1e-3;
  std::vector<CollectiveRow> rows(2, row);
  rows[0].subject = {CollectiveKind::all_reduce, Bytes(1e6), 8, 1};
  rows[1].subject = {CollectiveKind::all_reduce, Bytes(1e8), 8, 1};
  const std::string headline = fabric_headline(fit_fabric_profile({{"t.csv", {"table", rows, 0}}}, {"h100", "", ""}));
  CHECK_THAT(headline, Catch::Contains("from 2 rows; no size could be held out") && !Catch::Contains("median"));
}

TEST_CASE("tables that are not there are skipped with the reason, and nothing stands behind the errors") {
  std::vector<SuiteFile> files;
  for (const std::string& path : suite_paths()) files.push_back({path, std::nullopt, "not in the data folder"});
  const CollectiveSuite suite = score_collectives(files, {});
  CHECK(suite.within_nodes.count + suite.more_nodes.count + suite.other_fabrics.count == 0);
  CHECK(suite.skipped.size() == suite_paths().size());
  const std::string text = suite_text(suite);
  CHECK(text.find("skipped: collectives/apex_h100_h200_v100.csv: not in the data folder\n") != std::string::npos);
}

TEST_CASE("a table that cannot be read is named with its problem and does not stop the others") {
  const std::string rows = "system,nccl_version,collective,dtype,num_gpus,message_size,latency_ms\n"
                           "a100_sxm,2.27.3,all_gather,half,2,256,0.009\n";
  const CollectiveSuite suite = score_collectives({{"wrong.csv", "system,colour\na100_sxm,red\n", ""},
                                                   {"right.csv", rows, ""}}, {});
  REQUIRE(suite.skipped.size() == 1);
  CHECK(suite.skipped[0].find("unknown column \"colour\"") != std::string::npos);
  REQUIRE_FALSE(suite.parts.empty());
  CHECK(suite.parts[0].file == "right.csv");
}

TEST_CASE("the committed fabric profiles can be read, are of known systems and name their tables") {
  int count = 0;
  const std::string folder = std::string(ORRERY_SOURCE_DIR) + "/costmodel/profiles/fabrics";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const cost::FabricProfile profile = cost::parse_fabric_profile(read_packed_file(entry.path().string()), entry.path().string());
    INFO(entry.path().filename().string());
    CHECK(profile.fabric.system == cost::find_fabric(profile.fabric.system).system);
    CHECK_FALSE(profile.provenance.empty());
    ++count;
  }
  CHECK(count >= 5);
}

// The published tables are not part of this repository: where ORRERY_DATA names a folder with them, every form is read as a
// whole, and one system is predicted size by size.
TEST_CASE("the published tables are read whole and held-out sizes of A100 meet the goals") {
  const char* given = std::getenv("ORRERY_DATA");
  if (given == nullptr) {
    std::cout << "skipped: no published tables (the environment variable ORRERY_DATA names no folder)\n";
    return;
  }
  const std::string data = given;
  REQUIRE(std::filesystem::exists(data + "/" + suite_paths().front()));
  for (const std::string& path : suite_paths()) {
    if (!std::filesystem::exists(data + "/" + path)) continue;
    INFO(path);
    const CollectiveTable table = read_collectives(read_packed_file(data + "/" + path), path);
    CHECK_FALSE(table.rows.empty());
    if (path != suite_paths().front()) continue;
    for (const FabricGroup& group : group_rows(table.rows).groups) {
      if (group.spec.system != "a100_sxm") continue;
      const ErrorSummary errors = summarise(hold_out_sizes(group));
      CHECK(errors.count == group.rows);
      CHECK(errors.median < 0.05);
      CHECK(errors.p90 < 0.15);
    }
  }
}
