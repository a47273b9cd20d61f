# SPDX-License-Identifier: Apache-2.0
# src/cbor against python3-cbor2: random values in both directions. The program
# is the room on a pipe, the script asks and judges; without the package it
# skips by name.
add_executable(cbor_peer ${PROJECT_SOURCE_DIR}/tests/interop/cbor_peer.c)
target_link_libraries(cbor_peer PRIVATE tomte_cbor)
tomte_test(vectors cbor2 COMMAND
  /usr/bin/python3 tests/interop/cbor_test.py $<TARGET_FILE:cbor_peer> 2000)
