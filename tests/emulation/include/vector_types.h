// CUDA's small vector types, with the sizes and alignments that CUDA gives them.
#pragma once

#define RAMET_EMULATED_VECTORS(type, name, align2, align4)                       \
  struct name##1 {                                                               \
    type x;                                                                      \
  };                                                                             \
  struct alignas(align2) name##2 {                                               \
    type x, y;                                                                   \
  };                                                                             \
  struct name##3 {                                                               \
    type x, y, z;                                                                \
  };                                                                             \
  struct alignas(align4) name##4 {                                               \
    type x, y, z, w;                                                             \
  };                                                                             \
  constexpr name##1 make_##name##1(type x) { return {x}; }                       \
  constexpr name##2 make_##name##2(type x, type y) { return {x, y}; }            \
  constexpr name##3 make_##name##3(type x, type y, type z) { return {x, y, z}; } \
  constexpr name##4 make_##name##4(type x, type y, type z, type w) { return {x, y, z, w}; }

RAMET_EMULATED_VECTORS(signed char, char, 2, 4)
RAMET_EMULATED_VECTORS(unsigned char, uchar, 2, 4)
RAMET_EMULATED_VECTORS(short, short, 4, 8)
RAMET_EMULATED_VECTORS(unsigned short, ushort, 4, 8)
RAMET_EMULATED_VECTORS(int, int, 8, 16)
RAMET_EMULATED_VECTORS(unsigned int, uint, 8, 16)
RAMET_EMULATED_VECTORS(long int, long, 16, 16)
RAMET_EMULATED_VECTORS(unsigned long int, ulong, 16, 16)
RAMET_EMULATED_VECTORS(long long int, longlong, 16, 16)
RAMET_EMULATED_VECTORS(unsigned long long int, ulonglong, 16, 16)
RAMET_EMULATED_VECTORS(float, float, 8, 16)
RAMET_EMULATED_VECTORS(double, double, 16, 16)
#undef RAMET_EMULATED_VECTORS

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned vx = 1, unsigned vy = 1, unsigned vz = 1) : x(vx), y(vy), z(vz) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  constexpr operator uint3() const { return {x, y, z}; }
};
