// Dimensioned values as people write them: "450 GB/s", "3 us", "25 MiB", "64 GFLOP/s". Parsing and printing
// live here and nowhere else. GB is 10^9 bytes and GiB 2^30; a bit is spelled "bit" ("100 Gbit/s"), never
// "b". Composite units are written numerator/denominator, so any Quantity can be written and read ("2.5
// ns/B").
#pragma once

#include <string>
#include <string_view>

#include "sim/base/fields.hpp"

namespace orrery {

/// Value in SI base units. Throws ScenarioError (with `place`) when the text is not a number followed by a
/// unit of this dimension; the message shows the right form.
double parse_quantity(std::string_view text, Dimension dimension, const std::string& place);

/// The shortest text that parse_quantity reads back to exactly `value`: for files.
std::string exact_quantity(double value, Dimension dimension);

/// Rounded to `digits` significant digits with a fitting prefix: for people ("3.21 ms", "25 MiB").
std::string human_quantity(double value, Dimension dimension, int digits = 3);

/// A correct example for error messages and documentation: `450 GB/s` for a data rate.
std::string quantity_example(Dimension dimension);

/// What the dimension is called in a sentence: "a data rate".
std::string dimension_name(Dimension dimension);

/// A regular expression (ECMA 262) that accepts a well-formed value of this dimension: for the JSON schema.
std::string quantity_pattern(Dimension dimension);

template <class T>
T parse_as(std::string_view text, const std::string& place = "") {
  return T(parse_quantity(text, detail::FieldKind<T>::dimension, place));
}
template <class T>
std::string human(T quantity, int digits = 3) {
  return human_quantity(quantity.value(), detail::FieldKind<T>::dimension, digits);
}

}  // namespace orrery
