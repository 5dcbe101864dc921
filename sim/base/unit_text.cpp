#include "sim/base/unit_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery {
namespace {

/// `always` units are used for people; `exact` ones only where they make a file's text shorter.
enum class Print { never, exact, always };

/// One name of one simple unit.
struct Unit {
  std::string_view name;
  Dimension dimension;
  double factor;  ///< to the SI base unit
  Print print;
};

constexpr Dimension kTime{1, 0, 0}, kData{0, 1, 0}, kWork{0, 0, 1};

// Ascending within each print class. "us" is the ASCII spelling of microseconds; binary prefixes are powers
// of 1024 (IEC 80000-13).
constexpr Unit kUnits[] = {
    {"ps", kTime, 1e-12, Print::always},   {"ns", kTime, 1e-9, Print::always},
    {"us", kTime, 1e-6, Print::always},    {"ms", kTime, 1e-3, Print::always},
    {"s", kTime, 1.0, Print::always},      {"min", kTime, 60.0, Print::never},
    {"h", kTime, 3600.0, Print::never},    {"B", kData, 1.0, Print::always},
    {"kB", kData, 1e3, Print::exact},      {"MB", kData, 1e6, Print::exact},
    {"GB", kData, 1e9, Print::exact},      {"TB", kData, 1e12, Print::exact},
    {"KiB", kData, 0x1p10, Print::always}, {"MiB", kData, 0x1p20, Print::always},
    {"GiB", kData, 0x1p30, Print::always}, {"TiB", kData, 0x1p40, Print::always},
    {"bit", kData, 0.125, Print::never},   {"kbit", kData, 125.0, Print::never},
    {"Mbit", kData, 125e3, Print::never},  {"Gbit", kData, 125e6, Print::never},
    {"Tbit", kData, 125e9, Print::never},  {"FLOP", kWork, 1.0, Print::always},
    {"kFLOP", kWork, 1e3, Print::always},  {"MFLOP", kWork, 1e6, Print::always},
    {"GFLOP", kWork, 1e9, Print::always},  {"TFLOP", kWork, 1e12, Print::always},
    {"PFLOP", kWork, 1e15, Print::always}, {"EFLOP", kWork, 1e18, Print::always},
};

/// A composite unit as it is written: numerator and at most one denominator.
struct Parsed {
  Dimension dimension;
  double factor;
};

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

std::optional<Parsed> parse_unit(std::string_view text) {
  const auto slash = text.find('/');
  const Unit* top = find_unit(text.substr(0, slash));
  if (top == nullptr) return std::nullopt;
  if (slash == std::string_view::npos) return Parsed{top->dimension, top->factor};
  const Unit* bottom = find_unit(text.substr(slash + 1));
  if (bottom == nullptr) return std::nullopt;
  const Dimension &a = top->dimension, &b = bottom->dimension;
  return Parsed{{a.time - b.time, a.data - b.data, a.work - b.work}, top->factor / bottom->factor};
}

/// Length of the number at the start of `text`: digits, point, exponent; no hexadecimal, no "inf".
std::size_t number_length(std::string_view text) {
  std::size_t i = 0, digits = 0;
  const auto skip_digits = [&] {
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) ++digits;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  skip_digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    skip_digits();
  }
  if (digits == 0) return 0;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    std::size_t j = i + 1;
    if (j < text.size() && (text[j] == '-' || text[j] == '+')) ++j;
    if (j < text.size() && text[j] >= '0' && text[j] <= '9') {
      i = j;
      skip_digits();
    }
  }
  return i;
}

/// The units in which a dimension is printed: {name, factor}, ascending when they are for people.
std::vector<std::pair<std::string, double>> printed_units(Dimension dimension, bool for_people) {
  std::vector<std::pair<std::string, double>> result;
  const Print least = for_people ? Print::always : Print::exact;
  for (const Unit& unit : kUnits) {
    if (unit.print >= least && unit.dimension == dimension) result.emplace_back(unit.name, unit.factor);
  }
  if (!result.empty()) return result;
  // Composite: prefixes on the numerator, a base unit below. People see data rates with decimal prefixes
  // (GB/s).
  for (const Unit& top : kUnits) {
    const bool binary = top.dimension == kData && top.print == Print::always && top.factor > 1.0;
    if (top.print == Print::never || (for_people && binary)) continue;
    for (const std::string_view bottom : {"s", "B", "FLOP"}) {
      const std::string name = std::string(top.name) + "/" + std::string(bottom);
      const auto unit = parse_unit(name);
      if (unit->dimension == dimension && dimension != Dimension{}) result.emplace_back(name, unit->factor);
    }
  }
  return result;
}

std::string with_unit(double number, const std::string& unit) {
  return fmt::format("{} {}", number, unit);
}

}  // namespace

std::string dimension_name(Dimension d) {
  if (d == kTime) return "a duration";
  if (d == kData) return "an amount of data";
  if (d == kWork) return "an amount of work";
  if (d == Dimension{-1, 1, 0}) return "a data rate";
  if (d == Dimension{-1, 0, 1}) return "a compute rate";
  if (d == Dimension{1, -1, 0}) return "a time per byte";
  if (d == Dimension{1, 0, -1}) return "a time per operation";
  return "a quantity";
}

std::string quantity_example(Dimension d) {
  if (d == kTime) return "3 us";
  if (d == kData) return "25 MiB";
  if (d == kWork) return "64 GFLOP";
  if (d == Dimension{-1, 1, 0}) return "450 GB/s";
  if (d == Dimension{-1, 0, 1}) return "64 GFLOP/s";
  if (d == Dimension{1, -1, 0}) return "0.5 ns/B";
  if (d == Dimension{1, 0, -1}) return "20 ps/FLOP";
  return "1";
}

double parse_quantity(std::string_view text, Dimension dimension, const std::string& place) {
  const std::string expected =
      fmt::format("expected {} such as \"{}\"", dimension_name(dimension), quantity_example(dimension));
  const auto fail = [&](const std::string& problem) -> double {
    throw ScenarioError(place, fmt::format("\"{}\" {}; {}", text, problem, expected));
  };
  const std::size_t length = number_length(text);
  if (length == 0) return fail("does not start with a number");
  std::string_view unit_text = text.substr(length);
  while (!unit_text.empty() && unit_text.front() == ' ') unit_text.remove_prefix(1);
  if (unit_text.empty()) return fail("has no unit");
  const auto unit = parse_unit(unit_text);
  if (!unit) {
    std::vector<std::string> known;
    for (const auto& [name, factor] : printed_units(dimension, true)) known.push_back(name);
    return fail(fmt::format("has an unknown unit \"{}\"{}", unit_text, spelling_hint(unit_text, known)));
  }
  if (unit->dimension != dimension) return fail("is " + dimension_name(unit->dimension));
  const double value = std::strtod(std::string(text.substr(0, length)).c_str(), nullptr) * unit->factor;
  if (!std::isfinite(value)) return fail("is too large");
  return value;
}

std::string exact_quantity(double value, Dimension dimension) {
  std::string best;
  for (const auto& [name, factor] : printed_units(dimension, false)) {
    const std::string text = with_unit(value / factor, name);
    const bool exact = parse_quantity(text, dimension, "") == value;
    if (exact && (best.empty() || text.size() < best.size())) best = text;
  }
  if (!best.empty()) return best;
  // Some doubles are lost by the scaling of every prefix; base units scale by 1.
  for (const auto& [name, factor] : printed_units(dimension, true)) {
    if (factor == 1.0) return with_unit(value, name);
  }
  return with_unit(value, "");
}

std::string human_quantity(double value, Dimension dimension, int digits) {
  const auto units = printed_units(dimension, true);
  if (units.empty()) return fmt::format("{:.{}g}", value, digits);
  const std::pair<std::string, double>* chosen = nullptr;
  for (const auto& unit : units) {
    if (unit.second == 1.0) chosen = &unit;  // zero is printed in base units
  }
  if (chosen == nullptr) chosen = &units.front();
  if (value != 0.0) {
    // The largest unit in which the rounded number is at least 1; the smallest one when there is none.
    chosen = &units.front();
    const double rounding = 1.0 - 0.5 * std::pow(10.0, -digits);
    for (const auto& unit : units) {
      if (std::abs(value) / unit.second >= rounding) chosen = &unit;
    }
  }
  const double number = value / chosen->second;
  const int whole = number == 0.0 ? 1 : static_cast<int>(std::floor(std::log10(std::abs(number)))) + 1;
  const bool countable = dimension == kData && chosen->second == 1.0;  // there is no third of a byte
  const int decimals = number == 0.0 || countable ? 0 : std::max(0, digits - std::max(whole, 1));
  return fmt::format("{:.{}f} {}", number, decimals, chosen->first);
}

std::string quantity_pattern(Dimension dimension) {
  std::string names;
  const auto append = [&names](const std::string& name) { names += (names.empty() ? "" : "|") + name; };
  for (const Unit& top : kUnits) {
    if (top.dimension == dimension) append(std::string(top.name));
    for (const Unit& bottom : kUnits) {
      const std::string name = std::string(top.name) + "/" + std::string(bottom.name);
      const bool base = bottom.name == "s" || bottom.name == "B" || bottom.name == "FLOP";
      if (base && parse_unit(name)->dimension == dimension) append(name);
    }
  }
  return "^[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)? *(" + names + ")$";
}

}  // namespace orrery
