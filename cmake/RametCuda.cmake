# How the kernels of src/cuda are compiled: by nvcc for devices, or by the host compiler for the emulated device.
if(RAMET_CUDA STREQUAL "ON")
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    # Code for Ampere and Hopper data-centre devices; newer ones compile the last one's PTX.
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90)
  endif()
  if(RAMET_CCACHE AND NOT CMAKE_CUDA_COMPILER_LAUNCHER)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${RAMET_CCACHE})
  endif()
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
  find_package(CUDAToolkit REQUIRED)
endif()

# ramet_cuda_sources(<target>): how this target's .cu files are compiled.
function(ramet_cuda_sources target)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cu$")
  if(RAMET_CUDA STREQUAL "EMULATED")
    ramet_emulated_sources(${sources})
    target_compile_definitions(${target} PUBLIC RAMET_EMULATED_CUDA)
    target_link_libraries(${target} PUBLIC ramet_emulation)
  else()
    # The numbers contract on the device: no fused multiply-add.
    target_compile_options(${target} PRIVATE
      "$<$<COMPILE_LANGUAGE:CUDA>:-fmad=false;-Xcompiler=-ffp-contract=off,-Wall,-Wextra>"
      "$<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${RAMET_WERROR}>>:-Werror=all-warnings>")
    target_link_libraries(${target} PUBLIC CUDA::cudart_static)
  endif()
endfunction()
