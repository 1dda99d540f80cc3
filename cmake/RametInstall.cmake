# `cmake --install` and the package that find_package(ramet) finds:
#   ramet::ramet   the core, always
#   ramet::io      readers of files, component `io`, where it was built; needs Arrow C++ at the user's side too
#   ramet::cuda    the CUDA backend's module, component `cuda`, where it was built. The library loads it at run time;
#                  programs elsewhere than beside lib/ramet name its file in RAMET_CUDA_MODULE, or carry a copy
include(CMakePackageConfigHelpers)
if(RAMET_CUDA STREQUAL "EMULATED")
  install(CODE "message(FATAL_ERROR \"The emulated device is for tests: it is not installed\")")
  return()
endif()
set(RAMET_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/ramet)

# install_component(<target> <exported name> <export set>)
function(install_component target name export)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  install(TARGETS ${target} EXPORT ${export} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(EXPORT ${export} NAMESPACE ramet:: DESTINATION ${RAMET_CMAKE_DIR})
endfunction()

install_component(ramet ramet rametTargets)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ramet TYPE INCLUDE PATTERN io.hpp EXCLUDE)
if(TARGET ramet_io)
  install_component(ramet_io io rametIoTargets)
  install(FILES ${PROJECT_SOURCE_DIR}/include/ramet/io.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ramet)
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/RametArrow.cmake DESTINATION ${RAMET_CMAKE_DIR})
endif()

if(TARGET ramet_cuda_module)
  set_target_properties(ramet_cuda_module PROPERTIES EXPORT_NAME cuda)
  install(TARGETS ramet_cuda_module EXPORT rametCudaTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/ramet)
  install(EXPORT rametCudaTargets NAMESPACE ramet:: DESTINATION ${RAMET_CMAKE_DIR})
endif()

# Arrow may live in a Python environment, where the dynamic linker would not look: in the source tree (.venv), whose
# folders INSTALL_RPATH_USE_LINK_PATH leaves out, or elsewhere.
if(TARGET ramet_cli)
  set_target_properties(ramet_cli PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  get_target_property(ramet_arrow_type ramet_arrow TYPE)
  if(ramet_arrow_type STREQUAL SHARED_LIBRARY)
    get_target_property(ramet_arrow_file ramet_arrow IMPORTED_LOCATION)
    get_filename_component(ramet_arrow_folder ${ramet_arrow_file} DIRECTORY)
    set_target_properties(ramet_cli PROPERTIES INSTALL_RPATH ${ramet_arrow_folder})
  endif()
endif()

get_target_property(RAMET_LIBRARY_TYPE ramet TYPE)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/rametConfig.cmake.in
  ${PROJECT_BINARY_DIR}/rametConfig.cmake INSTALL_DESTINATION ${RAMET_CMAKE_DIR})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rametConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rametConfig.cmake ${PROJECT_BINARY_DIR}/rametConfigVersion.cmake
  DESTINATION ${RAMET_CMAKE_DIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
