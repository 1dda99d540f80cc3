// What the consumer does with ramet::io.
#pragma once

// Trains on a small CSV file written to the working directory; returns what is wrong, or null.
const char* check_reading();
