#include "base/log.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <mutex>
#include <string_view>
#include <utility>

namespace ramet {
namespace {

LogLevel to_log_level(spdlog::level::level_enum level) {
  if (level >= spdlog::level::warn) return LogLevel::warning;
  return level == spdlog::level::info ? LogLevel::info : LogLevel::debug;
}

class CallbackSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit CallbackSink(LogSink callback) : callback_(std::move(callback)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    callback_(to_log_level(message.level), std::string_view(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}

 private:
  LogSink callback_;
};

}  // namespace

std::shared_ptr<spdlog::logger> make_logger(LogSink sink) {
  const bool silent = !sink;
  auto logger =
      silent ? std::make_shared<spdlog::logger>("ramet")
             : std::make_shared<spdlog::logger>("ramet", std::make_shared<CallbackSink>(std::move(sink)));
  logger->set_level(silent ? spdlog::level::off : spdlog::level::debug);
  logger->set_error_handler([](const std::string&) {});  // the default prints
  return logger;
}

}  // namespace ramet
