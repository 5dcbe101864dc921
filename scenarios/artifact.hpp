// Files in and out: the only place below the command line that opens them. What a run leaves behind is
// written completely or not at all: all parts go to temporary names first and are then renamed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orrery::scenario {

/// Whole file as bytes. Throws ScenarioError when it does not exist (the user named it), BackendError when
/// reading fails.
std::string read_file(const std::string& path);

/// `path` as written when absolute; else beside `base_file`, else from the working directory. Throws
/// ScenarioError naming both places when neither exists.
std::string resolve_path(const std::string& path, const std::string& base_file);

/// gzip with a zero time stamp, so equal input gives equal bytes.
std::string gzip(std::string_view bytes);
std::string gunzip(std::string_view bytes);

/// The directory is created if needed. Nothing under a final name changes unless all parts could be written.
/// Throws BackendError.
using NamedBytes = std::pair<std::string, std::string>;  ///< file name in the directory, content
void write_artifacts(const std::string& directory, const std::vector<NamedBytes>& parts);

}  // namespace orrery::scenario
