// Style is checked by a test, not by a reviewer: file and function length, include direction between folders,
// banned calls with the replacement to use, a paragraph at the top of each header, no absolute paths, nothing
// left for later. Every check is a pure function over text and is itself tested on planted violations.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Problems = std::vector<std::string>;

constexpr int kFileLinesMax = 500;
constexpr int kFunctionLinesMax = 70;

/// Functions that are allowed to be longer than kFunctionLinesMax, with their length today. A ratchet:
/// numbers only go down, entries only disappear. Key: file:first line of the body's opening statement,
/// trimmed.
const std::map<std::string, int> kLongFunctions{};

struct Source {
  std::string path;  // relative to the repository root, with '/'
  std::vector<std::string> lines;
};

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<Source> read_sources() {
  const fs::path root = ORRERY_SOURCE_DIR;
  std::vector<Source> sources;
  for (const char* folder : {"sim", "costmodel", "workloads", "calibrate", "scenarios", "validate", "cli",
                             "tests", "bench", "scripts"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string extension = entry.path().extension().string();
      const bool code =
          extension == ".cpp" || extension == ".hpp" || extension == ".cu" || extension == ".cuh";
      const bool script =
          extension == ".sh" || extension.empty() || extension == ".json" || extension == ".txt";
      if (!code && !script) continue;
      std::ifstream in(entry.path());
      std::stringstream text;
      text << in.rdbuf();
      sources.push_back({fs::relative(entry.path(), root).generic_string(), split_lines(text.str())});
    }
  }
  std::sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) { return a.path < b.path; });
  return sources;
}

bool ends_with(const std::string& text, const std::string& tail) {
  return text.size() >= tail.size() && text.compare(text.size() - tail.size(), tail.size(), tail) == 0;
}
bool starts_with(const std::string& text, const std::string& head) {
  return text.rfind(head, 0) == 0;
}
bool is_code(const Source& s) {
  return ends_with(s.path, ".cpp") || ends_with(s.path, ".hpp") || ends_with(s.path, ".cu") ||
         ends_with(s.path, ".cuh");
}
std::string at(const Source& s, std::size_t line) {
  return s.path + ":" + std::to_string(line + 1) + ": ";
}

/// The same lines with comments, string and character literals blanked out, so that braces and words in them
/// do not count.
std::vector<std::string> code_only(const std::vector<std::string>& lines) {
  std::vector<std::string> result;
  bool in_block = false;
  bool in_raw = false;
  for (const std::string& line : lines) {
    std::string kept;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (in_block) {
        if (line.compare(i, 2, "*/") == 0) in_block = false, ++i;
      } else if (in_raw) {
        if (line.compare(i, 2, ")\"") == 0) in_raw = false, ++i;
      } else if (line.compare(i, 2, "//") == 0) {
        break;
      } else if (line.compare(i, 2, "/*") == 0) {
        in_block = true, ++i;
      } else if (line.compare(i, 3, "R\"(") == 0) {
        in_raw = true, i += 2;
      } else if (line[i] == '"' ||
                 (line[i] == '\'' && (i == 0 || !std::isalnum(static_cast<unsigned char>(line[i - 1]))))) {
        const char quote = line[i];
        for (++i; i < line.size() && line[i] != quote; ++i) {
          if (line[i] == '\\') ++i;
        }
      } else {
        kept += line[i];
      }
    }
    result.push_back(kept);
  }
  return result;
}

/// Lengths of function bodies: the outermost braces that do not belong to a namespace, a type or an
/// initialiser.
Problems long_functions(const Source& source, int limit) {
  Problems problems;
  const std::vector<std::string> lines = code_only(source.lines);
  const std::regex scope(R"(\b(namespace|struct|class|union|enum|extern)\b)");
  std::vector<bool> is_scope;  // one entry per open brace
  int body_depth = -1;
  std::size_t body_start = 0;
  std::string statement;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].empty() && lines[i][0] == '#') continue;
    for (const char c : lines[i]) {
      if (c == '{') {
        const bool outer = std::regex_search(statement, scope) && statement.find('(') == std::string::npos;
        const bool initialiser =
            statement.find('=') != std::string::npos && statement.find('(') == std::string::npos;
        is_scope.push_back(outer);
        if (!outer && !initialiser && body_depth < 0) {
          body_depth = static_cast<int>(is_scope.size());
          body_start = i;
        }
        statement.clear();
      } else if (c == '}') {
        if (static_cast<int>(is_scope.size()) == body_depth) {
          const int length = static_cast<int>(i - body_start) + 1;
          const std::string key = source.path + ":" + source.lines[body_start];
          const auto allowed = kLongFunctions.find(key);
          if (length > (allowed == kLongFunctions.end() ? limit : allowed->second)) {
            problems.push_back(at(source, body_start) + "function of " + std::to_string(length) +
                               " lines, at most " + std::to_string(limit));
          }
          body_depth = -1;
        }
        if (!is_scope.empty()) is_scope.pop_back();
        statement.clear();
      } else if (c == ';') {
        statement.clear();
      } else {
        statement += c;
      }
    }
    statement += ' ';
  }
  return problems;
}

Problems long_file(const Source& source, int limit) {
  if (static_cast<int>(source.lines.size()) <= limit) return {};
  return {source.path + ": " + std::to_string(source.lines.size()) + " lines, at most " +
          std::to_string(limit) + " (a missing concept?)"};
}

/// Which folders a folder may include, besides itself. The longest matching prefix decides.
const std::map<std::string, std::vector<std::string>> kMayInclude{
    {"sim/base", {}},
    {"sim/kernel", {"sim/base"}},
    {"sim/observe", {"sim/base"}},
    {"costmodel", {"sim/base"}},
    {"sim/device", {"sim/base", "sim/kernel", "sim/observe"}},
    {"sim/net", {"sim/base", "sim/kernel", "sim/observe"}},
    {"sim/collective", {"sim/base", "sim/kernel", "sim/observe", "sim/net", "sim/device"}},
    {"workloads/model", {"sim/base", "costmodel"}},
    {"workloads/parallel", {"sim/base", "costmodel", "workloads/model"}},
    {"workloads/train",
     {"sim/base", "sim/kernel", "sim/observe", "sim/device", "costmodel", "workloads/model",
      "workloads/parallel"}},
    {"workloads/learn", {"sim/base", "costmodel", "workloads/model"}},
    {"workloads/straggler", {"sim/base"}},
    {"workloads/sync", {"sim/base", "workloads/straggler"}},
    {"workloads/sgd",
     {"sim/base", "sim/kernel", "sim/observe", "sim/net", "sim/collective", "costmodel", "workloads/model",
      "workloads/learn", "workloads/straggler", "workloads/sync"}},
    {"calibrate", {"sim/base", "costmodel", "workloads/model"}},
    {"calibrate/backends", {"sim/base", "costmodel", "workloads/model", "calibrate"}},
    {"calibrate/program", {"sim/base", "costmodel", "calibrate"}},
    {"scenarios", {"sim", "costmodel", "workloads"}},
    {"validate/reference",
     {"sim/base", "sim/observe", "sim/collective/plan.hpp", "sim/collective/algorithm.hpp", "costmodel",
      "workloads/model", "workloads/parallel", "workloads/learn", "workloads/straggler", "workloads/sync",
      "calibrate"}},
    {"validate", {"sim", "costmodel", "workloads", "scenarios"}},
    {"cli", {"sim", "costmodel", "workloads", "calibrate", "scenarios", "validate"}},
};

/// In the folder; or that very file.
bool inside(const std::string& path, const std::string& folder) {
  return starts_with(path, folder + "/") || path == folder;
}

Problems wrong_includes(const Source& source) {
  std::string home;
  for (const auto& [folder, allowed] : kMayInclude) {
    if (inside(source.path, folder) && folder.size() > home.size()) home = folder;
  }
  if (home.empty()) return {};
  Problems problems;
  const std::regex include(R"re(^\s*#include\s+"([^"]+)")re");
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    std::smatch match;
    if (!std::regex_search(source.lines[i], match, include)) continue;
    const std::string target = match[1];
    const auto& allowed = kMayInclude.at(home);
    const bool ok =
        inside(target, home) ||
        std::any_of(allowed.begin(), allowed.end(), [&](const std::string& a) { return inside(target, a); });
    // A folder's prefix rule must not let the simulator into the reference system or calibrate into its
    // backends.
    const bool deeper = (home == "calibrate" && inside(target, "calibrate/backends")) ||
                        (home == "validate" && inside(target, "validate/reference"));
    if (!ok || deeper) problems.push_back(at(source, i) + home + " may not include " + target);
  }
  return problems;
}

/// A source file includes its own header before all else, and so proves that the header compiles alone
/// (tests/CMakeLists.txt). `has_header` says whether it has one.
Problems own_header_not_first(const Source& source, bool has_header) {
  if (!has_header || !ends_with(source.path, ".cpp")) return {};
  const std::string own = source.path.substr(0, source.path.size() - 3) + "hpp";
  const std::regex include(R"re(^\s*#include\s+["<]([^">]+)[">])re");
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    std::smatch match;
    if (!std::regex_search(source.lines[i], match, include)) continue;
    if (match[1] == own) return {};
    return {at(source, i) + "the first include is the file's own header, " + own};
  }
  return {source.path + ": does not include its own header, " + own};
}

Problems own_header_not_first(const Source& source) {
  const std::string stem = source.path.substr(0, source.path.rfind('.'));
  return own_header_not_first(source, fs::exists(fs::path(ORRERY_SOURCE_DIR) / (stem + ".hpp")));
}

/// A second inclusion of a header is harmless.
Problems unguarded(const Source& source) {
  if (!ends_with(source.path, ".hpp") && !ends_with(source.path, ".cuh")) return {};
  const auto guards = std::count(source.lines.begin(), source.lines.end(), "#pragma once");
  if (guards == 1) return {};
  return {source.path + ": a header says #pragma once"};
}

struct Ban {
  const char* pattern;
  const char* instead;
  std::vector<std::string> folders;  // empty: everywhere
};

const std::vector<std::string> kCore{"sim", "costmodel", "workloads"};

const std::vector<Ban> kBans{
    {R"(\bs?rand\s*\()", "a named RngStream (sim/base/rng.hpp)", {}},
    {R"(std::random_device|std::mt19937)", "a named RngStream (sim/base/rng.hpp)", {}},
    {R"(std::(normal|exponential|gamma|lognormal|uniform_real|uniform_int|poisson)_distribution)",
     "our own transforms (sim/base/rng.hpp): std:: ones differ between libraries",
     {}},
    {R"(\bsystem_clock\b)",
     "steady_clock for durations; dates come from the caller",
     {"sim", "costmodel", "workloads"}},
    {R"((^|[^_\w.>:])(std::)?exit\s*\()", "an exception that main maps to an exit code", {}},
    {R"(=\s*new\s|\breturn new\s|\(new\s)", "std::make_unique or a value", {}},
    {R"(#include\s+<(fstream|filesystem|thread|mutex|chrono|format|ranges|source_location|iostream)>)",
     "the core has no files, threads, clock or new library headers (docs/architecture.md)", kCore},
    {R"(std::ranges::|std::jthread|\bgetenv\b)", "the core also runs in a browser: not available there",
     kCore},
    {R"(std::function)", "a template or a coroutine: no type erasure in the event path", {"sim/kernel"}},
    {R"(-ffast-math)", "nothing: simulated arithmetic must not depend on flags", {}},
    {R"(using namespace std\b)", "std:: in front of names", {}},
};

Problems banned_calls(const Source& source) {
  if (source.path == "tests/tidy_test.cpp") return {};
  Problems problems;
  const std::vector<std::string> lines = code_only(source.lines);
  for (const Ban& ban : kBans) {
    const bool applies =
        ban.folders.empty() || std::any_of(ban.folders.begin(), ban.folders.end(),
                                           [&](const auto& f) { return inside(source.path, f); });
    if (!applies) continue;
    const std::regex pattern(ban.pattern);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (std::regex_search(lines[i], pattern)) {
        problems.push_back(at(source, i) + "banned: " + ban.pattern + "; use " + ban.instead);
      }
    }
  }
  return problems;
}

Problems missing_paragraph(const Source& source) {
  if (!ends_with(source.path, ".hpp")) return {};
  std::size_t letters = 0;
  for (const std::string& line : source.lines) {
    if (!starts_with(line, "//")) break;
    letters += line.size() - 2;
  }
  const bool opens = letters >= 80;
  if (!opens) return {source.path + ": a header opens with a paragraph that says what it is for"};
  return {};
}

Problems left_overs(const Source& source) {
  if (source.path == "tests/tidy_test.cpp") return {};
  Problems problems;
  const std::regex later(R"(\b(TODO|FIXME|XXX|HACK)\b|not implemented)");
  const std::regex absolute(R"((^|["'\s=:(])/(home|root|work|mnt|tmp)/)");
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    if (std::regex_search(source.lines[i], later)) problems.push_back(at(source, i) + "left for later");
    if (std::regex_search(source.lines[i], absolute)) problems.push_back(at(source, i) + "absolute path");
  }
  return problems;
}

template <class Check>
std::string report(Check check, bool code_files_only) {
  std::string text;
  for (const Source& source : read_sources()) {
    if (code_files_only && !is_code(source)) continue;
    for (const std::string& problem : check(source)) text += problem + "\n";
  }
  return text;
}

Source planted(const std::string& path, const std::string& text) {
  return {path, split_lines(text)};
}

}  // namespace

TEST_CASE("files have at most 500 lines") {
  const std::string found = report([](const Source& s) { return long_file(s, kFileLinesMax); }, true);
  INFO(found);
  CHECK(found.empty());
}

TEST_CASE("functions have at most 70 lines") {
  const std::string found =
      report([](const Source& s) { return long_functions(s, kFunctionLinesMax); }, true);
  INFO(found);
  CHECK(found.empty());
}

TEST_CASE("includes point from higher folders to lower ones only") {
  const std::string found = report(wrong_includes, true);
  INFO(found);
  CHECK(found.empty());
}

TEST_CASE("banned calls do not occur") {
  const std::string found = report(banned_calls, true);
  INFO(found);
  CHECK(found.empty());
}

TEST_CASE("a source file includes its own header before all else") {
  const std::string found = report([](const Source& s) { return own_header_not_first(s); }, true);
  INFO(found);
  CHECK(found.empty());
}

TEST_CASE("each header may be included twice") {
  const std::string found = report(unguarded, true);
  INFO(found);
  CHECK(found.empty());
}

TEST_CASE("each header opens with a paragraph") {
  const std::string found = report(missing_paragraph, true);
  INFO(found);
  CHECK(found.empty());
}

TEST_CASE("nothing is left for later and no path is absolute") {
  const std::string found = report(left_overs, false);
  INFO(found);
  CHECK(found.empty());
}

TEST_CASE("the checks find planted violations") {
  CHECK(long_file(planted("sim/a.cpp", std::string(501, '\n')), 500).size() == 1);
  CHECK(long_functions(planted("sim/a.cpp", "namespace a {\nint f() {\n\n\n  return 0;\n}\n}\n"), 4).size() ==
        1);
  CHECK(long_functions(planted("sim/a.cpp", "namespace a {\nint f() {\n  return 0;\n}\n\n\n}\n"), 4).empty());
  CHECK(long_functions(planted("sim/a.cpp", "struct S {\n\n\n\n\n int x;\n};\n"), 4).empty());
  CHECK(wrong_includes(planted("sim/base/a.hpp", "#include \"sim/kernel/simulator.hpp\"\n")).size() == 1);
  CHECK(
      wrong_includes(planted("validate/reference/a.cpp", "#include \"sim/kernel/simulator.hpp\"\n")).size() ==
      1);
  CHECK(
      wrong_includes(planted("calibrate/a.cpp", "#include \"calibrate/backends/cpu/kernels/kernels.hpp\"\n"))
          .size() == 1);
  CHECK(wrong_includes(planted("validate/reference/a.cpp", "#include \"sim/collective/executor.hpp\"\n")).size() == 1);
  CHECK(wrong_includes(planted("validate/reference/a.cpp", "#include \"sim/collective/plan.hpp\"\n")).empty());
  CHECK(wrong_includes(planted("sim/kernel/a.hpp", "#include \"sim/base/units.hpp\"\n")).empty());
  CHECK(banned_calls(planted("sim/a.cpp", "int x = rand();\n")).size() == 1);
  CHECK(banned_calls(planted("sim/a.cpp", "// rand() is banned\nconst char* s = \"rand()\";\n")).empty());
  CHECK(banned_calls(planted("sim/a.cpp", "#include <thread>\n")).size() == 1);
  CHECK(banned_calls(planted("cli/a.cpp", "#include <thread>\n")).empty());
  CHECK(missing_paragraph(planted("sim/a.hpp", "#pragma once\n")).size() == 1);
  CHECK(own_header_not_first(planted("sim/a.cpp", "#include <map>\n#include \"sim/a.hpp\"\n"), true).size() == 1);
  CHECK(own_header_not_first(planted("sim/a.cpp", "int x;\n"), true).size() == 1);
  CHECK(own_header_not_first(planted("sim/a.cpp", "// of a\n#include \"sim/a.hpp\"\n#include <map>\n"), true).empty());
  CHECK(own_header_not_first(planted("sim/a.cpp", "#include <map>\n"), false).empty());
  CHECK(unguarded(planted("sim/a.hpp", "int x;\n")).size() == 1);
  CHECK(unguarded(planted("sim/a.hpp", "#pragma once\n")).empty());
  CHECK(left_overs(planted("sim/a.cpp", "// TODO later\n")).size() == 1);
  CHECK(left_overs(planted("sim/a.cpp", "auto p = \"/home/me/x\";\n")).size() == 1);
}
