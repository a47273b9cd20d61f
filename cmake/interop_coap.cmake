# SPDX-License-Identifier: Apache-2.0
# src/coap against libcoap's client and server and against npm's coap (build/npm,
# by ./dev test interop), as processes on the loopback. Without its packages each
# skips by name.
add_executable(coap_peer
  ${PROJECT_SOURCE_DIR}/tests/interop/coap_peer.c
  ${PROJECT_SOURCE_DIR}/tests/interop/coap_serve.c
  ${PROJECT_SOURCE_DIR}/tests/interop/coap_resources.c
  ${PROJECT_SOURCE_DIR}/tests/interop/coap_ask.c)
target_compile_definitions(coap_peer PRIVATE _DEFAULT_SOURCE)
target_link_libraries(coap_peer PRIVATE tomte_coap)
tomte_test(interop coap TIMEOUT 400 COMMAND
  /usr/bin/python3 tests/interop/coap_test.py $<TARGET_FILE:coap_peer>)
find_program(TOMTE_NODE node)
if(TOMTE_NODE)
  cmake_path(GET PROJECT_BINARY_DIR PARENT_PATH trees)
  tomte_test(interop coap_node TIMEOUT 120 COMMAND
    ${TOMTE_NODE} tests/interop/coap_test.mjs $<TARGET_FILE:coap_peer>
    ${trees}/npm/coap_node/node_modules)
else()
  tomte_test(interop coap_node COMMAND ${CMAKE_COMMAND} -E echo
    "skipped: no node\n0 passed, 0 failed, 1 skipped")
endif()
if(TARGET tomte AND NOT TOMTE_SANITIZE)
  tomte_test(interop coap_home TIMEOUT 60 ALONE COMMAND
    tests/interop/coap_home.sh $<TARGET_FILE:tomte>)
endif()
