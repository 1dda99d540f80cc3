# Compiler settings shared by every target of the project.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(RAMET_CCACHE ccache)
if(RAMET_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RAMET_CCACHE})
endif()

add_library(ramet_compile INTERFACE)
target_compile_features(ramet_compile INTERFACE cxx_std_20)
# One SIMD target less to compile: machines with SSSE3 but not SSE4 are older than 2008.
if(RAMET_AVX512)
  target_compile_definitions(ramet_compile INTERFACE HWY_DISABLED_TARGETS=HWY_SSSE3)
else()
  target_compile_definitions(ramet_compile INTERFACE "HWY_DISABLED_TARGETS=(HWY_SSSE3|HWY_AVX3|HWY_AVX3_DL)")
endif()
# The numbers contract: no fused multiply-add, no reassociation, on any target.
# Without observable floating-point exceptions (values stay the same) selects become SIMD code.
set(ramet_host_options -ffp-contract=off -fno-fast-math -fno-trapping-math
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers)
target_compile_options(ramet_compile INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${ramet_host_options}>")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(ramet_compile INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)  # wrong about "text" + string (GCC bug 105651)
endif()
# Sanitizers' instructions make g++ warn of things that are not in the code.
if(RAMET_WERROR AND NOT RAMET_SANITIZE)
  target_compile_options(ramet_compile INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
if(RAMET_SANITIZE)
  add_compile_options(-fsanitize=${RAMET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RAMET_SANITIZE})
endif()
