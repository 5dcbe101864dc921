// The four kinds of errors and their ways: the user's input (ScenarioError, exit code 2), a result of the
// simulation (a value, never an exception), the environment (BackendError, exit code 3), our own mistake
// (InternalError through SIM_ASSERT, on in release builds, exit code 4).
#pragma once

#include <stdexcept>
#include <string>

namespace orrery {

/// The user's input is wrong. The text is written for the user: JSON path or place, value, what was expected and,
/// where there is one, the nearest valid name. Exit code 2.
class ScenarioError : public std::runtime_error {
 public:
  /// `place` is a JSON path (`$.plan.bucket`), a file with line and column, or an option name; may be empty.
  ScenarioError(const std::string& place, const std::string& problem)
      : std::runtime_error(place.empty() ? problem : place + ": " + problem) {}
};

/// A library, driver, file system or launcher failed. The text holds the call, its code and the place. Exit code 3.
class BackendError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An invariant of ours is broken. Exit code 4.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

namespace detail {
[[noreturn]] inline void assertion_failed(const char* condition, const char* file, int line,
                                          const std::string& message) {
  throw InternalError(std::string("internal error: ") + message + " [" + condition + " at " + file + ":" +
                      std::to_string(line) + "]");
}
}  // namespace detail

}  // namespace orrery

/// Checks an invariant in every build type. `message` says what is wrong in the domain's words.
#define SIM_ASSERT(condition, message)                                                     \
  do {                                                                                     \
    if (!(condition)) ::orrery::detail::assertion_failed(#condition, __FILE__, __LINE__, message); \
  } while (false)
