#include "base/log.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ramet::test {
namespace {

TEST(Log, PassesMessagesToTheSink) {
  std::vector<std::pair<LogLevel, std::string>> messages;
  const auto logger =
      make_logger([&](LogLevel level, std::string_view text) { messages.emplace_back(level, text); });
  logger->trace("below debug");
  logger->debug("round {}", 3);
  logger->info("hello");
  logger->warn("careful");
  logger->error("above warning");
  using Pair = std::pair<LogLevel, std::string>;
  EXPECT_EQ(messages, (std::vector<Pair>{{LogLevel::debug, "round 3"},
                                         {LogLevel::info, "hello"},
                                         {LogLevel::warning, "careful"},
                                         {LogLevel::warning, "above warning"}}));
}

TEST(Log, EmptySinkIsSilent) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  make_logger({})->error("nobody hears this");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Log, SinkThatThrowsIsSwallowed) {
  testing::internal::CaptureStderr();
  const auto logger = make_logger([](LogLevel, std::string_view) { throw std::runtime_error("no"); });
  EXPECT_NO_THROW(logger->info("hello"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Log, LoggersAreIndependent) {
  int a = 0;
  int b = 0;
  const auto first = make_logger([&](LogLevel, std::string_view) { ++a; });
  const auto second = make_logger([&](LogLevel, std::string_view) { ++b; });
  first->info("x");
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 0);
}

}  // namespace
}  // namespace ramet::test
