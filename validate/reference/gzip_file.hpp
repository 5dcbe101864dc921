// Reads whole files that may be compressed: gzip, dictzip (a gzip dialect) or plain, all through zlib.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::reference {

/// The uncompressed bytes. `package` is the Debian package that ships the file. Throws ScenarioError naming
/// the path and, when the file is missing, the package; also when the compressed data are damaged.
std::vector<std::uint8_t> read_compressed(const std::string& path, const std::string& package);

}  // namespace orrery::reference
