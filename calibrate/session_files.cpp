#include "calibrate/session_files.hpp"

#include <filesystem>

#include "calibrate/measurement_store.hpp"
#include "sim/base/error.hpp"

namespace orrery::calibrate {

namespace fs = std::filesystem;

void make_folder(const std::string& path) {
  std::error_code problem;
  fs::create_directories(path, problem);
  // create_directories is content with a path that ends in a slash and names a file.
  if (!problem && !fs::is_directory(path)) problem = std::make_error_code(std::errc::not_a_directory);
  if (problem) throw BackendError("create_directories(\"" + path + "\"): " + problem.message());
}

std::string json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Journal::text() const {
  if (!fs::exists(path_)) return {};
  const std::string whole = read_text_file(path_);
  const std::size_t end = whole.rfind('\n');
  return end == std::string::npos ? std::string() : whole.substr(0, end + 1);
}

void Journal::open() {
  write_text_file(path_, text());
  out_.open(path_, std::ios::app | std::ios::binary);
}

void Journal::add(const std::string& line) {
  out_ << line << std::flush;
  if (!out_) throw BackendError("write(\"" + path_ + "\") failed");
}

Marker::Marker(std::string path) : path_(std::move(path)) {
  std::ifstream in(path_);
  std::size_t index = 0;
  int tries = 0;
  if (!(in >> index >> tries)) return;
  index_ = index;
  tries_ = tries;
}

void Marker::begin(std::size_t index) {
  tries_ = tries(index) + 1;
  index_ = index;
  std::ofstream out(path_, std::ios::trunc);
  out << index_ << ' ' << tries_ << '\n' << std::flush;
  if (!out) throw BackendError("write(\"" + path_ + "\") failed");
}

void Marker::clear() {
  std::error_code ignored;
  fs::remove(path_, ignored);
}

}  // namespace orrery::calibrate
