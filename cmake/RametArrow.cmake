# Arrow C++ as the imported target `ramet_arrow`: the system's Arrow if there is one, else the one inside the
# pyarrow wheel of the Python RAMET_PYTHON. Where there is neither, no target is made and ramet_arrow_problem says
# what is missing. Also installed, for users of ramet::io.
if(TARGET ramet_arrow)
  return()
endif()

if(NOT DEFINED RAMET_PYTHON)
  if(EXISTS ${PROJECT_SOURCE_DIR}/.venv/bin/python)
    set(ramet_python_default ${PROJECT_SOURCE_DIR}/.venv/bin/python)
  else()
    find_program(ramet_python_default python3 NO_CACHE)
  endif()
  set(RAMET_PYTHON ${ramet_python_default} CACHE FILEPATH "Python whose pyarrow wheel gives Arrow C++")
endif()

find_package(Arrow CONFIG QUIET)
if(Arrow_FOUND)
  add_library(ramet_arrow INTERFACE IMPORTED GLOBAL)
  if(TARGET Arrow::arrow_shared)
    target_link_libraries(ramet_arrow INTERFACE Arrow::arrow_shared)
  elseif(TARGET Arrow::arrow_static)
    target_link_libraries(ramet_arrow INTERFACE Arrow::arrow_static)
  else()
    target_link_libraries(ramet_arrow INTERFACE arrow_shared)  # before Arrow 10
  endif()
  message(STATUS "Arrow ${Arrow_VERSION} from ${Arrow_DIR}")
  return()
endif()

set(ramet_pyarrow_output "")
if(RAMET_PYTHON)
  execute_process(
    COMMAND ${RAMET_PYTHON} -c "import pyarrow, os
print(pyarrow.__version__, pyarrow.get_include(), *map(os.path.realpath, pyarrow.get_library_dirs()), sep=';')"
    OUTPUT_VARIABLE ramet_pyarrow_output OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT ramet_pyarrow_output)
  string(CONCAT ramet_arrow_problem
    "ramet::io needs Arrow C++: found neither a system Arrow (find_package(Arrow)) nor pyarrow in "
    "RAMET_PYTHON = '${RAMET_PYTHON}'.\n"
    "Either: python3 -m venv .venv && .venv/bin/pip install pyarrow\n"
    "or name a Python that has it: -DRAMET_PYTHON=/path/to/python\n"
    "or build without file readers and the command line: -DRAMET_BUILD_IO=OFF -DRAMET_BUILD_CLI=OFF")
  return()
endif()
list(POP_FRONT ramet_pyarrow_output ramet_pyarrow_version ramet_pyarrow_include)

# A wheel has libarrow.so.<abi> only, without the libarrow.so link that -larrow would look for.
set(ramet_arrow_library "")
foreach(folder IN LISTS ramet_pyarrow_output)
  file(GLOB found ${folder}/libarrow.so ${folder}/libarrow.so.* ${folder}/libarrow.dylib
                  ${folder}/libarrow.*.dylib)
  if(found AND NOT ramet_arrow_library)
    list(GET found 0 ramet_arrow_library)
  endif()
endforeach()
if(NOT ramet_arrow_library OR NOT EXISTS ${ramet_pyarrow_include}/arrow/api.h)
  string(CONCAT ramet_arrow_problem
    "pyarrow ${ramet_pyarrow_version} of ${RAMET_PYTHON} has no Arrow C++ library or headers in "
    "'${ramet_pyarrow_output}' and '${ramet_pyarrow_include}'")
  return()
endif()

get_filename_component(ramet_arrow_soname ${ramet_arrow_library} NAME)
add_library(ramet_arrow SHARED IMPORTED GLOBAL)
set_target_properties(ramet_arrow PROPERTIES
  IMPORTED_LOCATION ${ramet_arrow_library}
  IMPORTED_SONAME ${ramet_arrow_soname}
  INTERFACE_INCLUDE_DIRECTORIES ${ramet_pyarrow_include})
message(STATUS "Arrow ${ramet_pyarrow_version} from the wheel: ${ramet_arrow_library}")
