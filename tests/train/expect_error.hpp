// Expecting a ramet::Error with a code and a part of its message.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "ramet/error.hpp"

namespace ramet::training {

template <class Action>
void expect_error(ErrorCode code, const std::string& part, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
        << "`" << error.what() << "` does not contain `" << part << "`";
    return;
  }
  ADD_FAILURE() << "no error; expected one with `" << part << "`";
}

}  // namespace ramet::training
