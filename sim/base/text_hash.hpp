// A fingerprint of a text against mix-ups and accidents, not against forgery: for seals, checksums and the names of
// inputs in results. Stored files hold these hashes, so the function never changes.
#pragma once

#include <string>

namespace orrery {

/// FNV-1a (Fowler, Noll, Vo), 64 bits, as 16 hexadecimal digits.
std::string text_hash(const std::string& text);

}  // namespace orrery
