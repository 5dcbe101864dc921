// Where tables of collectives are opened: plain or gzip-compressed files as text.
#pragma once

#include <string>

namespace orrery::calibrate {

/// The whole content, unpacked. Throws ScenarioError when there is no such file, BackendError when it cannot be read.
std::string read_table_file(const std::string& path);

}  // namespace orrery::calibrate
