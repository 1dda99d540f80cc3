# One test for each public header: it compiles alone.
file(GLOB public_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
  ${PROJECT_SOURCE_DIR}/include/ramet/*.hpp)
foreach(header IN LISTS public_headers)
  add_test(NAME PublicHeader.CompilesAlone:${header}
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion
      -Wno-sign-conversion -Werror -I${PROJECT_SOURCE_DIR}/include -x c++ -include ${header} /dev/null)
  set_tests_properties(PublicHeader.CompilesAlone:${header} PROPERTIES LABELS house TIMEOUT 120)
endforeach()

# The version is written twice; a test compares them.
target_include_directories(test_house PRIVATE ${PROJECT_SOURCE_DIR}/include)
target_compile_definitions(test_house PRIVATE RAMET_PROJECT_VERSION="${PROJECT_VERSION}")
