// Spelling help for everything a user can name: keys, units, policies, verbs. An unknown name is met with the
// nearest known one, so that a typing slip costs seconds instead of a search through the documentation.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// Number of single-letter insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
/// (optimal string alignment distance). Names are compared in lower case.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known name closest to `name`, or none when even the closest is further away than a typing slip.
std::optional<std::string> nearest_name(std::string_view name, const std::vector<std::string>& known);

/// Ready-made tail of an error message: `; did you mean "x"? (known: a, x, y)`.
std::string spelling_hint(std::string_view name, const std::vector<std::string>& known);

}  // namespace orrery
