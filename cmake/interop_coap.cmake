# SPDX-License-Identifier: Apache-2.0
# src/coap against libcoap's client and server, as processes on the loopback;
# without Debian's libcoap3-bin the script skips by name.
add_executable(coap_peer
  ${PROJECT_SOURCE_DIR}/tests/interop/coap_peer.c
  ${PROJECT_SOURCE_DIR}/tests/interop/coap_serve.c
  ${PROJECT_SOURCE_DIR}/tests/interop/coap_resources.c
  ${PROJECT_SOURCE_DIR}/tests/interop/coap_ask.c)
target_compile_definitions(coap_peer PRIVATE _DEFAULT_SOURCE)
target_link_libraries(coap_peer PRIVATE tomte_coap)
tomte_test(interop coap TIMEOUT 300 COMMAND
  /usr/bin/python3 tests/interop/coap_test.py $<TARGET_FILE:coap_peer>)
