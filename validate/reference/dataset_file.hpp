// Files of training data as they are installed: possibly compressed, each shipped by a package of Debian.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::reference {

/// The uncompressed bytes. `package` is the Debian package that ships the file. Throws ScenarioError naming
/// the path and, when the file is missing, the package; also when the compressed data are damaged.
std::vector<std::uint8_t> read_compressed(const std::string& path, const std::string& package);

}  // namespace orrery::reference
