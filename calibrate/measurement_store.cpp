#include "calibrate/measurement_store.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/base/error.hpp"

namespace orrery::calibrate {
namespace {

[[noreturn]] void fail(const std::string& call, const std::string& path) {
  throw BackendError(call + "(\"" + path + "\"): " + std::strerror(errno));
}

void write_all(std::FILE* file, const std::string& text, const std::string& path) {
  if (std::fwrite(text.data(), 1, text.size(), file) != text.size() || std::fflush(file) != 0) {
    fail("write", path);
  }
}

}  // namespace

void move_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) fail("rename", to);
}

std::string read_text_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) {
    throw ScenarioError(path, "cannot be read: " + std::string(std::strerror(errno)));
  }
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_text_file(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(part.c_str(), "wb"), &std::fclose);
    if (!file) fail("open", part);
    write_all(file.get(), text, part);
  }
  move_file(part, path);
}

MeasurementStore::MeasurementStore(std::string path, MeasurementFile header) : path_(std::move(path)) {
  const std::string part = path_ + ".part";
  header.rows.clear();
  if (std::filesystem::exists(part)) {
    MeasurementFile before;
    try {
      before = read_measurements(read_text_file(part), part, true);
    } catch (const ScenarioError&) {
      before = {};  // not a table of ours that could go on; whoever wrote it may want it back
      move_file(part, part + ".unreadable");
    }
    goes_on_ = before.fingerprint == header.fingerprint && before.facts == header.facts;
    if (goes_on_) header = std::move(before);
  }
  write_text_file(part, write_measurements(header));  // at once: a process killed now must not lose the rows
  file_.reset(std::fopen(part.c_str(), "ab"));
  if (!file_) fail("open", part);
  earlier_rows_ = std::move(header.rows);
}

void MeasurementStore::append(const Measurement& row) {
  write_all(file_.get(), row_text(row), path_ + ".part");
}

void MeasurementStore::finish() {
  file_.reset();
  move_file(path_ + ".part", path_);
}

}  // namespace orrery::calibrate
