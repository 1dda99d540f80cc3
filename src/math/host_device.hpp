// Marks functions that both backends use as they stand.
#pragma once

#if defined(__CUDACC__)
#define RAMET_HD __host__ __device__
#else
#define RAMET_HD
#endif
