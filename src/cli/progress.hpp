// What a person sees while training runs: a bar on a terminal, elsewhere nothing unless asked for.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "ramet/train.hpp"

namespace ramet::cli {

enum class ProgressStyle {
  none,
  bar,          // redrawn in place
  every_round,  // a line a round
};

// Which style suits the stream. `quiet` wins over `verbose`.
ProgressStyle progress_style(std::FILE* stream, bool quiet, bool verbose);

// "valid logloss 0.2871  valid auc 0.9203"
std::string metrics_text(std::span<const MetricValue> metrics);

// Used from one thread.
class Progress {
 public:
  Progress(std::FILE* stream, ProgressStyle style) : stream_(stream), style_(style) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void round(const RoundInfo& info);

  // A line of its own, whatever the style; the bar makes room.
  void line(std::string_view text);

  void clear();  // removes the bar

 private:
  void draw_bar(const RoundInfo& info);

  std::FILE* stream_;
  ProgressStyle style_;
  bool bar_shown_ = false;
  double drawn_at_ = -1;  // seconds of training
};

}  // namespace ramet::cli
