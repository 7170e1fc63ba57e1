#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace test_support {

// The text of a file of the project, whose root the target defines as GATE_SOURCE_DIR.
inline std::string ReadSource(const std::string& path) {
  std::ifstream file(std::string(GATE_SOURCE_DIR "/") + path);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace test_support
