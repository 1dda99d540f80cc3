#include "progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace ramet::cli {
namespace {

constexpr int bar_cells = 30;
constexpr double redraw_seconds = 0.1;

std::size_t columns(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string duration(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string round_line(const RoundInfo& info) {
  const std::string metrics = metrics_text(info.metrics);
  return fmt::format("[{:>{}}/{}] {:.1f} s{}{}", info.round, std::to_string(info.rounds).size(), info.rounds,
                     info.seconds, metrics.empty() ? "" : "  ", metrics);
}

}  // namespace

ProgressStyle progress_style(std::FILE* stream, bool quiet, bool verbose) {
  if (quiet) return ProgressStyle::none;
  if (verbose) return ProgressStyle::every_round;
  return isatty(fileno(stream)) != 0 ? ProgressStyle::bar : ProgressStyle::none;
}

std::string metrics_text(std::span<const MetricValue> metrics) {
  std::string text;
  for (const MetricValue& value : metrics) {
    text += fmt::format("{}{} {} {:.6g}", text.empty() ? "" : "  ", value.set, value.metric, value.value);
  }
  return text;
}

void Progress::round(const RoundInfo& info) {
  const bool last = info.round == info.rounds;
  switch (style_) {
    case ProgressStyle::none:
      return;
    case ProgressStyle::bar:
      if (last || drawn_at_ < 0 || info.seconds - drawn_at_ >= redraw_seconds) draw_bar(info);
      return;
    case ProgressStyle::every_round:
      line(round_line(info));
      return;
  }
}

void Progress::line(std::string_view text) {
  clear();
  fmt::print(stream_, "{}\n", text);
  std::fflush(stream_);
}

void Progress::clear() {
  if (!bar_shown_) return;
  std::fputs("\r\033[K", stream_);
  std::fflush(stream_);
  bar_shown_ = false;
}

void Progress::draw_bar(const RoundInfo& info) {
  drawn_at_ = info.seconds;
  const int full = info.rounds > 0 ? bar_cells * info.round / info.rounds : bar_cells;
  const double left = info.seconds / info.round * (info.rounds - info.round);
  std::string text =
      fmt::format("[{}{}] {}/{}  {} left  {}", std::string(full, '#'), std::string(bar_cells - full, '.'),
                  info.round, info.rounds, duration(left), metrics_text(info.metrics));
  text.resize(std::min(text.size(), columns(stream_) - 1));
  fmt::print(stream_, "\r\033[K{}", text);
  std::fflush(stream_);
  bar_shown_ = true;
}

}  // namespace ramet::cli
