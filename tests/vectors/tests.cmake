# SPDX-License-Identifier: Apache-2.0
# Published messages, read from TOMTE_VECTORS; without them each folder is
# skipped by name.
find_path(CJSON_INCLUDE cjson/cJSON.h)
find_library(CJSON_LIBRARY cjson)
if(CJSON_INCLUDE AND CJSON_LIBRARY AND TARGET tomte_crypto_bearssl)
  add_executable(vectors_cose
    ${CMAKE_CURRENT_LIST_DIR}/cose.c ${CMAKE_CURRENT_LIST_DIR}/vector.c
    ${PROJECT_SOURCE_DIR}/tests/panic.c)
  target_compile_definitions(vectors_cose PRIVATE _DEFAULT_SOURCE)
  target_include_directories(vectors_cose SYSTEM PRIVATE ${CJSON_INCLUDE})
  target_link_libraries(vectors_cose PRIVATE
    tomte_cose tomte_crypto_bearssl ${CJSON_LIBRARY})
  tomte_test(vectors cose COMMAND vectors_cose)
else()
  tomte_test(vectors cose COMMAND ${CMAKE_COMMAND} -E echo
    "skipped: no cJSON (libcjson-dev) or no BearSSL\n0 passed, 0 failed, 1 skipped")
endif()
