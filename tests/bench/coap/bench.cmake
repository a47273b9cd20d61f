# SPDX-License-Identifier: Apache-2.0
# Messages against the library libcoap; exchanges against its server, a process.
tomte_bench(coap ROOMS coap PEER coap-3-notls SOURCES
  ${CMAKE_CURRENT_LIST_DIR}/message.c ${CMAKE_CURRENT_LIST_DIR}/exchange.c)
add_dependencies(bench_coap coap_peer)
target_compile_definitions(bench_coap PRIVATE
  COAP_PEER="$<TARGET_FILE:coap_peer>")
