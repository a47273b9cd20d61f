# SPDX-License-Identifier: Apache-2.0
# Published messages, read from TOMTE_VECTORS; without them each folder is
# skipped by name. Those of ACE are few, and typed in.
if(TARGET tomte_crypto_bearssl)
  add_executable(vectors_ace
    ${CMAKE_CURRENT_LIST_DIR}/ace.c ${PROJECT_SOURCE_DIR}/tests/test.c)
  target_include_directories(vectors_ace PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(vectors_ace PRIVATE tomte_ace tomte_crypto_bearssl)
  tomte_test(vectors ace COMMAND vectors_ace)
endif()

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
  tomte_test(vectors cose_runner COMMAND
    tests/vectors/test_runner.sh $<TARGET_FILE:vectors_cose>)
else()
  tomte_test(vectors cose COMMAND ${CMAKE_COMMAND} -E echo
    "skipped: no cJSON (libcjson-dev) or no BearSSL\n0 passed, 0 failed, 1 skipped")
endif()
