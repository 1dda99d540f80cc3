# One test for each public header: it compiles alone.
file(GLOB public_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
  ${PROJECT_SOURCE_DIR}/include/ramet/*.hpp)
foreach(header IN LISTS public_headers)
  add_test(NAME PublicHeader.CompilesAlone:${header}
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion
      -Wno-sign-conversion -Werror -I${PROJECT_SOURCE_DIR}/include -x c++ -include ${header} /dev/null)
endforeach()
