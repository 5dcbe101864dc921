#include "scenarios/artifact.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/base/error.hpp"

namespace orrery::scenario {
namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) throw ScenarioError(path, "is a directory; expected a file");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw ScenarioError(path, fmt::format("cannot open the file: {}", std::strerror(errno)));
  std::ostringstream content;
  content << stream.rdbuf();
  if (stream.bad()) throw BackendError(fmt::format("read({}) failed: {}", path, std::strerror(errno)));
  return content.str();
}

std::string resolve_path(const std::string& path, const std::string& base_file) {
  const fs::path beside = fs::path(base_file).parent_path() / path;
  std::error_code ignored;
  if (fs::exists(beside, ignored)) return beside.string();
  if (fs::exists(path, ignored)) return path;
  if (fs::path(path).is_absolute()) throw ScenarioError(path, "file not found");
  throw ScenarioError(
      path, fmt::format("file not found; looked for {} and {}", beside.lexically_normal().string(), path));
}

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  constexpr int gzip_format = 15 + 16;  // window of 2^15 bytes, gzip header; zlib writes time stamp 0
  if (deflateInit2(&stream, 6, Z_DEFLATED, gzip_format, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw BackendError("deflateInit2 failed");
  }
  std::string packed(deflateBound(&stream, bytes.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int code = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) throw BackendError(fmt::format("deflate failed with code {}", code));
  return packed;
}

std::string gunzip(std::string_view bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) throw BackendError("inflateInit2 failed");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string unpacked;
  char part[1 << 16];
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(part);
    stream.avail_out = sizeof(part);
    code = inflate(&stream, Z_NO_FLUSH);
    unpacked.append(part, sizeof(part) - stream.avail_out);
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END)
    throw BackendError(fmt::format("not a complete gzip stream (zlib code {})", code));
  return unpacked;
}

void write_artifacts(const std::string& directory, const std::vector<NamedBytes>& parts) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw BackendError(fmt::format("create_directories({}) failed: {}", directory, error.message()));
  const auto final_name = [&directory](const NamedBytes& part) { return fs::path(directory) / part.first; };
  const auto temporary_name = [&](const NamedBytes& part) { return final_name(part).string() + ".part"; };
  const auto give_up = [&](const std::string& call, const std::string& reason) {
    for (const NamedBytes& part : parts) fs::remove(temporary_name(part), error);
    throw BackendError(fmt::format("{} failed: {}", call, reason));
  };
  for (const NamedBytes& part : parts) {
    std::ofstream stream(temporary_name(part), std::ios::binary | std::ios::trunc);
    stream.write(part.second.data(), static_cast<std::streamsize>(part.second.size()));
    stream.close();
    if (!stream) give_up("write(" + temporary_name(part) + ")", std::strerror(errno));
  }
  for (const NamedBytes& part : parts) {
    fs::rename(temporary_name(part), final_name(part), error);
    if (error) give_up("rename(" + temporary_name(part) + ")", error.message());
  }
}

}  // namespace orrery::scenario
