// `orrery calibrate` as a user runs it: with the CUDA module missing, present without a device, and played by
// a stand-in (fake_cuda_module.cpp); reports and thinned tables.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/cli/program.hpp"

using namespace orrery::cli_test;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

const std::string kProfile = "costmodel/profiles/cpu_2core.json";

/// `assignments` stand in front of the program's name.
Result run_with(const std::string& assignments, const std::string& arguments) {
  return run(arguments, assignments);
}

bool exists(const std::string& file) {
  return fs::exists(scratch() / file);
}
void write(const std::string& file, const std::string& text) {
  fs::create_directories(scratch());
  std::ofstream(scratch() / file) << text;
}
/// The line of `text` that begins with `head`.
std::string line_of(const std::string& text, const std::string& head) {
  const auto at = text.find("\n" + head);
  return at == std::string::npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}
void clear(const std::string& file) {
  for (const char* end : {"", ".part", ".checks.jsonl"}) fs::remove(scratch() / (file + end));
}

}  // namespace

TEST_CASE("wrong options of a measurement give exit code 2 and one line that helps") {
  struct Row {
    std::string arguments, message;
  };
  const auto row = GENERATE(values<Row>({
      {"--backend cdua", "--backend: unknown backend \"cdua\"; did you mean \"cuda\"?"},
      {"--backend cuda --ranks 0", "--ranks: expected at least 1 rank"},
      {"--backend cuda --device -1", "--device: expected a number >= 0"},
      {"--backend cuda --device first", "--device"},
      {"--backend cuda --ranks 2 --device 1", "--device: names the GPU of one rank"},
      {"--backend cpu --device 1", "--device: names a GPU; use it with --backend cuda"},
      {"--backend cpu --search-algorithms", "--search-algorithms: is about cuBLASLt"},
      {"--backend cuda --quick --full", "--quick excludes --full"},
      {"--bakcend cuda", "unknown option \"--bakcend\"; did you mean \"--backend\"?"},
  }));
  CAPTURE(row.arguments);
  clear("wrong.csv");
  const Result result = run("calibrate measure --out wrong.csv " + row.arguments);
  CHECK(result.code == 2);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains(row.message));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  CHECK_FALSE(exists("wrong.csv.part"));
}

TEST_CASE("without the CUDA module the message says how to build it, with any number of ranks") {
  for (const char* ranks : {"", " --ranks 2"}) {
    clear("none.csv");
    const Result result = run_with("ORRERY_CUDA_MODULE=none/liborrery_cuda.so ",
                                   std::string("calibrate measure --backend cuda --out none.csv") + ranks);
    CHECK(result.code == 3);
    CHECK_THAT(result.err, Contains("there is no file none/liborrery_cuda.so") &&
                               Contains("-DORRERY_CUDA=ON") && Contains("ORRERY_CUDA_MODULE"));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    CHECK_FALSE(exists("none.csv.part"));
  }
}

TEST_CASE("a file that is no module is refused in the loader's words") {
  const Result result =
      run_with("ORRERY_CUDA_MODULE=costmodel/op.hpp ", "calibrate measure --backend cuda --out none.csv");
  CHECK(result.code == 3);
  CHECK_THAT(result.err, Contains("dlopen: the CUDA backend does not load") && Contains("op.hpp"));
}

#if ORRERY_HAS_CUDA

namespace {

std::string with_module(const std::string& file) {
  return "ORRERY_CUDA_MODULE='" ORRERY_BINARY_DIR "/tests/fakes/" + file + "' ";
}
std::string content(const std::string& file) {
  return orrery::scenario::read_file((scratch() / file).string());
}

}  // namespace

TEST_CASE("without a device the message is CUDA's, with its code and place, and no file is begun") {
  clear("hidden.csv");
  const Result result =
      run_with("CUDA_VISIBLE_DEVICES=-1 ORRERY_CUDA_MODULE='" ORRERY_BINARY_DIR "/liborrery_cuda.so' ",
               "calibrate measure --backend cuda --out hidden.csv");
  CHECK(result.code == 3);
  CHECK_THAT(result.err,
             Catch::Matches("orrery: no GPU answers here .*CUDA: cuda.* failed with code [0-9]+: .* \\[[a-z_]+\\.cpp:[0-9]+\\]\n"));
  CHECK_FALSE(exists("hidden.csv"));
  CHECK_FALSE(exists("hidden.csv.part"));
  CHECK_FALSE(exists("hidden.csv.checks.jsonl"));
}

TEST_CASE("a module of another build is not called") {
  const Result result = run_with(with_module("liborrery_fake_cuda_of_old.so"),
                                 "calibrate measure --backend cuda --out none.csv");
  CHECK(result.code == 3);
  CHECK_THAT(result.err, Contains("comes from another build than this program (orrery 0.0.0,"));
}

TEST_CASE("a library without the module's functions is named") {
  const Result result =
      run_with(with_module("liborrery_fake_library.so"), "calibrate measure --backend cuda --out none.csv");
  CHECK(result.code == 3);
  CHECK_THAT(result.err, Contains("is no CUDA module of orrery"));
}

TEST_CASE("a GPU is checked, then measured; warnings and what is wrong are told") {
  clear("gpu.csv");
  const Result result =
      run_with(with_module("liborrery_fake_cuda.so"),
               "calibrate measure --backend cuda --device 3 --search-algorithms --out gpu.csv");
  REQUIRE(result.code == 0);
  CHECK_THAT(result.out, Contains("headline: ") && Contains("on 1 rank measured") &&
                             Contains("classes left out, written to gpu.csv"));
  CHECK_THAT(result.err, Contains("warning: another process uses the device") &&
                             Contains("2 right, 1 wrong") && Contains("add_bf16: failed its check"));
  CHECK_THAT(content("gpu.csv.checks.jsonl"), Contains("\"state\":\"failed\""));
  CHECK_THAT(content("gpu.csv"), Contains("# algorithms=searched\n") && Contains("fake GPU 3") &&
                                     Contains("quick ranks=1 seed=1"));
  CHECK_FALSE(exists("gpu.csv.part"));

  const Result thin = run("calibrate thin gpu.csv --out thin.csv");
  CHECK(thin.code == 0);
  CHECK_THAT(thin.out, Catch::StartsWith("headline: ") && Contains("written to thin.csv"));
  CHECK(fs::file_size(scratch() / "thin.csv") < fs::file_size(scratch() / "gpu.csv") / 2);
  CHECK_THAT(content("thin.csv"), Contains("# column.fingerprint="));
}

TEST_CASE("a sweep in which the device is lost keeps its rows and goes on when it is started again") {
  clear("lost.csv");
  const std::string measure = "calibrate measure --backend cuda --out lost.csv";
  const Result lost = run_with("FAKE_GPU_VISITS=20 " + with_module("liborrery_fake_cuda.so"), measure);
  CHECK(lost.code == 3);
  CHECK_THAT(lost.err, Contains("device is lost after") && Contains("an illegal address was met"));
  CHECK(exists("lost.csv.part"));
  CHECK_FALSE(exists("lost.csv"));
  const std::string checks = content("lost.csv.checks.jsonl");
  const Result again = run_with(with_module("liborrery_fake_cuda.so"), measure);
  CHECK(again.code == 0);
  CHECK_THAT(again.err, Contains("lost.csv.part holds ") && Contains("going on"));
  CHECK(content("lost.csv.checks.jsonl") == checks);
  CHECK(exists("lost.csv"));
}

TEST_CASE("a rank takes the device of its number within the node, or the only one it is shown") {
  const auto device_with = [](const std::string& assignments) {
    clear("rank.csv");
    const Result result = run_with("FAKE_GPU_VISITS=0 " + assignments + with_module("liborrery_fake_cuda.so"),
                                   "calibrate measure --backend cuda --out rank.csv");
    CHECK(result.code == 3);
    const std::string table = content("rank.csv.part");
    const auto at = table.find("device=fake GPU ");
    return at == std::string::npos ? '?' : table[at + 16];
  };
  CHECK(device_with("") == '0');
  CHECK(device_with("SLURM_LOCALID=5 ") == '5');
  CHECK(device_with("SLURM_LOCALID=5 CUDA_VISIBLE_DEVICES=2 ") == '0');
  CHECK(device_with("SLURM_LOCALID=5 CUDA_VISIBLE_DEVICES=1,2,3,4,5,6 ") == '5');
}

#endif

TEST_CASE("a report ends with the compositions of a session and their predictions") {
  const std::string line =
      "{\"name\":\"two copies\",\"median_s\":1e-3,\"p10_s\":1e-3,\"p90_s\":1e-3,\"samples\":9,\"steps\":["
      "{\"class\":\"copy\",\"shape\":\"elements=1048576\",\"operands\":[0,1]},"
      "{\"class\":\"copy\",\"shape\":\"elements=1048576\",\"operands\":[1,2]}]}\n"
      "{\"name\":\"a block\",\"skipped\":\"does not fit\"}\n";
  write("compositions.jsonl", line);
  const std::string report = "calibrate report " + kProfile;
  const Result plain = run(report), with = run(report + " --compositions compositions.jsonl");
  CHECK(with.code == 0);
  CHECK_THAT(with.out, Catch::StartsWith(plain.out));
  CHECK_THAT(line_of(with.out, "two copies"),
             Catch::Matches("two copies +1.00 ms +[0-9.]+ [mu]s +[+-][0-9.]+ +- +-"));
  CHECK_THAT(with.out, Contains("a block    \n  skipped: does not fit"));
  CHECK_THAT(run(report + " --format md --compositions compositions.jsonl").out,
             Contains("\n```\ncomposition"));

  const Result json = run(report + " --format json --compositions compositions.jsonl");
  CHECK(json.code == 2);
  CHECK(json.out.empty());
  CHECK_THAT(json.err, Contains("--compositions: are printed as a table"));
  const Result missing = run(report + " --compositions none.jsonl");
  CHECK(missing.code == 2);
  CHECK(missing.out.empty());
}

TEST_CASE("a report of a profile of two ranks has bus bandwidths, and names what a table skips") {
  CHECK_THAT(run("calibrate report " + kProfile).out, Contains("busbw at the largest size: all_gather "));
  write("skips.csv",
        "class,shape,median_s,role,skipped\ncopy,elements=4096,2e-6,sweep,\n"
        "relu_forward,rows=8 cols=8,0,skipped,does not fit\n");
  const Result result = run("calibrate report " + kProfile + " --measurements skips.csv");
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Contains("\nskipped: relu_forward: 1 case: does not fit\n"));
}

TEST_CASE("every column of the tables of a report is explained") {
  std::vector<std::string> headers;
  // Cells of the line that begins with `head`, between `separator`s.
  const auto collect = [&headers](const std::string& text, const std::string& head, const std::string& separator) {
    const std::string line = line_of("\n" + text, head);
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t end = std::min(line.find(separator, at), line.size());
      const std::size_t first = line.find_first_not_of(" |", at), last = line.find_last_not_of(" |", end - 1);
      if (first != std::string::npos && first < end) headers.push_back(line.substr(first, last - first + 1));
      at = end + separator.size();
    }
  };
  write("step.jsonl", "{\"name\":\"a block\",\"skipped\":\"does not fit\"}\n");
  const std::string report = "calibrate report " + kProfile;
  collect(run(report + " --format csv").out, "class,", ",");
  collect(run(report + " --format md").out, "| class", "|");
  collect(run(report + " --compositions step.jsonl").out, "composition ", "  ");
  REQUIRE(headers.size() == 10 + 10 + 6);
  const std::string all = run("explain").out;
  for (const std::string& header : headers) {
    CAPTURE(header);
    CHECK_THAT("\n" + all, Contains("\n" + header + " (calibrate report"));
  }
  CHECK(run("explain 'in L2 %'").code == 0);
}

TEST_CASE("thin needs to know where to write and what to read") {
  CHECK(run("calibrate thin skips.csv").code == 2);
  const Result result = run("calibrate thin " + kProfile + " --out thin.csv");
  CHECK(result.code == 2);
  CHECK_THAT(result.err, Contains("cpu_2core.json"));
}
