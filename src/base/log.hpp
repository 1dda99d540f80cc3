// Logging through the callback that the caller gave. Loggers are values: none is registered or global.
#pragma once

#include <spdlog/logger.h>

#include <memory>

#include "ramet/train.hpp"

namespace ramet {

// A logger that passes each message, unformatted but for its arguments, to `sink` on the logging thread;
// calls do not overlap. Levels below debug or above warning become debug and warning. An empty sink costs one
// comparison a message. Exceptions of `sink` are swallowed: a message is never worth a training.
std::shared_ptr<spdlog::logger> make_logger(LogSink sink);

}  // namespace ramet
