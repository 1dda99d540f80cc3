// An ensemble as JSON text, for people and for other programs.
#pragma once

#include <string>

#include "model/ensemble.hpp"

namespace ramet::model {

// Everything the file holds, in UTF-8 (bytes that are none are replaced). Numbers read back exactly; infinite
// cuts are the string "Infinity" or "-Infinity", the data fingerprint is a string of 16 hex digits. Margins
// and leaves are there twice: as integers in units, and as numbers. A function of the ensemble alone.
std::string to_json(const Ensemble& ensemble);

}  // namespace ramet::model
