#include "validate/reference/checkpoint.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::reference {
namespace {

constexpr const char* kMagic = "orrery-checkpoint";
constexpr int kVersion = 1;

std::uint32_t checksum(std::string_view bytes) {
  uLong crc = crc32(0, nullptr, 0);
  while (!bytes.empty()) {
    const std::size_t piece = std::min(bytes.size(), std::size_t{1} << 30U);
    crc = crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<unsigned>(piece));
    bytes.remove_prefix(piece);
  }
  return static_cast<std::uint32_t>(crc);
}

std::string to_bytes(const Checkpoint& checkpoint) {
  Json header{{"identity", checkpoint.identity}, {"step", checkpoint.step}, {"losses", checkpoint.losses}};
  std::string body;
  for (const std::vector<float>& buffer : checkpoint.buffers) {
    header["buffers"].push_back(buffer.size());
    body.append(reinterpret_cast<const char*>(buffer.data()), buffer.size() * sizeof(float));
  }
  const std::string head = header.dump();
  body.insert(0, head);
  return fmt::format("{} {} {} {}\n", kMagic, kVersion, head.size(), checksum(body)) + body;
}

[[noreturn]] void fail(const char* call, const std::string& path) {
  throw BackendError(fmt::format("checkpoint: {}({}) failed: {}", call, path, std::strerror(errno)));
}

void write_all(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      close(file);
      fail("write", path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

Checkpoint from_header(const Json& header, std::string_view values) {
  Checkpoint checkpoint;
  checkpoint.identity = header.at("identity").get<std::map<std::string, std::string>>();
  checkpoint.step = header.at("step").get<std::int64_t>();
  for (const Json& loss : header.at("losses")) {
    checkpoint.losses.push_back(loss.is_null() ? std::nan("") : loss.get<double>());
  }
  for (const Json& size : header.at("buffers")) {
    std::vector<float>& buffer = checkpoint.buffers.emplace_back(size.get<std::size_t>());
    const std::size_t bytes = buffer.size() * sizeof(float);
    if (values.size() < bytes) throw std::length_error("values are missing");
    if (bytes > 0) std::memcpy(buffer.data(), values.data(), bytes);
    values.remove_prefix(bytes);
  }
  return checkpoint;
}

}  // namespace

std::map<std::string, std::string> run_identity(const TrainConfig& config, int ranks,
                                                std::uint32_t data_checksum) {
  std::map<std::string, std::string> identity;
  for (const auto& [path, value] : flatten_fields(config)) {
    if (path != "steps" && path != "data.path") identity[path] = value;
  }
  identity["ranks"] = std::to_string(ranks);
  identity["the data's checksum"] = fmt::format("{:08x}", data_checksum);
  return identity;
}

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  const std::string bytes = to_bytes(checkpoint);
  const std::string temporary = fmt::format("{}.{}.tmp", path, getpid());
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) fail("open", temporary);
  write_all(file, bytes, temporary);
  if (fsync(file) != 0) fail("fsync", temporary);
  if (close(file) != 0) fail("close", temporary);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) fail("rename", path);
}

Checkpoint read_checkpoint(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw ScenarioError("--checkpoint", fmt::format("file {} cannot be read", path));
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::size_t line_end = bytes.find('\n');
  std::istringstream line(bytes.substr(0, std::min(line_end, std::size_t{200})));
  std::string magic;
  int version = 0;
  std::size_t header_size = 0;
  std::uint32_t expected = 0;
  line >> magic >> version >> header_size >> expected;
  if (magic != kMagic || !line) {
    throw ScenarioError("--checkpoint", fmt::format("file {} is not a checkpoint of orrery train", path));
  }
  if (version != kVersion) {
    throw ScenarioError("--checkpoint", fmt::format("file {} has version {} of the checkpoint format, not {}",
                                                    path, version, kVersion));
  }
  const std::string_view body = std::string_view(bytes).substr(line_end + 1);
  if (checksum(body) != expected || body.size() < header_size) {
    throw ScenarioError("--checkpoint",
                        fmt::format("file {} is damaged (its checksum does not match)", path));
  }
  try {
    return from_header(Json::parse(body.substr(0, header_size)), body.substr(header_size));
  } catch (const std::exception& error) {
    throw ScenarioError("--checkpoint", fmt::format("file {} is damaged: {}", path, error.what()));
  }
}

void check_identity(const Checkpoint& checkpoint, const std::map<std::string, std::string>& identity,
                    const std::string& path) {
  const auto value = [](const std::map<std::string, std::string>& of, const std::string& key) {
    const auto found = of.find(key);
    return found == of.end() ? std::string("absent") : found->second;
  };
  std::map<std::string, std::string> keys = identity;
  keys.insert(checkpoint.identity.begin(), checkpoint.identity.end());
  for (const auto& [key, unused] : keys) {
    const std::string there = value(checkpoint.identity, key);
    const std::string here = value(identity, key);
    if (there != here) {
      throw ScenarioError("--checkpoint", fmt::format("{} belongs to another run: {} is {} there and {} here",
                                                      path, key, there, here));
    }
  }
}

}  // namespace orrery::reference
