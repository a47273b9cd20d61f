# SPDX-License-Identifier: Apache-2.0
# The rooms of src/, each a static library that is linked with its allowed
# dependencies and nothing else (the table is that of ARCHITECTURE.md; the
# includes are held to it by tools/layers).
#
#   tomte_room(NAME DEPS room...)
#
# src/NAME/*.c makes the library tomte_NAME; tests/unit/NAME/*.c, when there,
# one test program unit_NAME; tests/fuzz/NAME_*.c one fuzz target each.

function(tomte_room name)
  cmake_parse_arguments(arg "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.c)
  if(NOT sources)
    return()
  endif()
  add_library(tomte_${name} STATIC ${sources})
  target_include_directories(tomte_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  foreach(dep ${arg_DEPS})
    target_link_libraries(tomte_${name} PUBLIC tomte_${dep})
  endforeach()
  if(NOT TOMTE_CORE_ONLY)
    tomte_unit_test(${name} tomte_${name})
    tomte_fuzz_targets(${name} tomte_${name})
  endif()
endfunction()

# One program from tests/unit/NAME/*.c.
function(tomte_unit_test name)
  file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${name}/*.c)
  if(NOT tests OR TOMTE_FUZZ)
    return()
  endif()
  add_executable(unit_${name} ${tests} ${PROJECT_SOURCE_DIR}/tests/test.c)
  target_include_directories(unit_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(unit_${name} PRIVATE ${ARGN})
  add_test(NAME unit.${name} COMMAND unit_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()

# One libFuzzer program from each tests/fuzz/NAME_*.c.
function(tomte_fuzz_targets name)
  if(NOT TOMTE_FUZZ)
    return()
  endif()
  file(GLOB targets CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/${name}_*.c)
  foreach(source ${targets})
    get_filename_component(target ${source} NAME_WE)
    add_executable(fuzz_${target} ${source} ${PROJECT_SOURCE_DIR}/tests/panic.c)
    target_link_libraries(fuzz_${target} PRIVATE ${ARGN})
    target_link_options(fuzz_${target} PRIVATE
                        -fsanitize=fuzzer,address,undefined)
  endforeach()
endfunction()

# floor 0
tomte_room(base)
# floor 1
tomte_room(cbor DEPS base)
tomte_room(crypto DEPS base)
include(cmake/crypto_bearssl.cmake)
tomte_room(wasm DEPS base)
tomte_room(store DEPS base)
# floor 2
tomte_room(coap DEPS base)
tomte_room(cose DEPS cbor crypto base)
# floor 3
tomte_room(oscore DEPS coap crypto cbor base)
if(TARGET tomte_crypto_bearssl AND NOT TOMTE_CORE_ONLY)
  tomte_unit_test(oscore_vectors tomte_oscore tomte_crypto_bearssl)
endif()
tomte_room(ace DEPS cose cbor crypto base)
if(TARGET tomte_crypto_bearssl AND NOT TOMTE_CORE_ONLY)
  tomte_unit_test(ace_vectors tomte_ace tomte_crypto_bearssl)
endif()
# floor 4
tomte_room(container DEPS wasm store cose cbor crypto base)
tomte_room(channel DEPS coap cbor base)
# floor 5
tomte_room(home DEPS container channel cbor base)
# floor 6
tomte_room(node DEPS home channel container ace oscore coap cose store wasm
                crypto cbor base)
