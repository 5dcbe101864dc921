// JSON files that a program writes and only it may change: each names its format and version and ends with a checksum
// over everything else, against edited or truncated files. Shared by the kinds of profiles.
#pragma once

#include <string>

#include "sim/base/json_io.hpp"

namespace orrery::cost {

struct SealedFormat {
  const char* format;   ///< value of the key "format"
  int version;
  const char* noun;     ///< what people call such a file
  const char* remedy;   ///< what to do about a file that does not fit
};

/// The content without format, version and checksum. Throws ScenarioError naming `place` when the text is of another
/// format or version or was changed since it was written.
JsonDocument open_sealed_json(const std::string& text, const std::string& place, const SealedFormat& format);
std::string write_sealed_json(const Json& content, const SealedFormat& format);

}  // namespace orrery::cost
