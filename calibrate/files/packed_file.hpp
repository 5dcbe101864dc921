// Reads whole files that may be compressed: gzip, dictzip (a gzip dialect) or plain, all through zlib.
#pragma once

#include <string>

namespace orrery::calibrate {

/// The whole content, unpacked. Throws ScenarioError when there is no such file, BackendError when it cannot be read to
/// its end.
std::string read_packed_file(const std::string& path);

}  // namespace orrery::calibrate
