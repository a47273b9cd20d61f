# SPDX-License-Identifier: Apache-2.0
# src/cose against npm's @auth0/cose (build/npm, by ./dev test interop) and
# against messages made with python3-cbor2 and python3-cryptography. Without its
# packages each skips by name.
if(TARGET tomte_crypto_bearssl)
  add_executable(cose_peer ${PROJECT_SOURCE_DIR}/tests/interop/cose_peer.c)
  target_link_libraries(cose_peer PRIVATE tomte_cose tomte_crypto_bearssl)
  tomte_test(interop cose_python COMMAND
    /usr/bin/python3 tests/interop/cose_test.py $<TARGET_FILE:cose_peer>)
  find_program(TOMTE_NODE node)
  if(TOMTE_NODE)
    cmake_path(GET PROJECT_BINARY_DIR PARENT_PATH trees)
    tomte_test(interop cose_node COMMAND
      ${TOMTE_NODE} tests/interop/cose_test.mjs $<TARGET_FILE:cose_peer>
      ${trees}/npm/cose_node/node_modules)
  else()
    tomte_test(interop cose_node COMMAND ${CMAKE_COMMAND} -E echo
      "skipped: no node\n0 passed, 0 failed, 1 skipped")
  endif()
endif()
