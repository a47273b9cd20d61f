# SPDX-License-Identifier: Apache-2.0
# Two containers that send each other values, and the peers: a program each,
# where its library is installed. tests/bench/channel.py runs them.
function(channel_peer name source)
  if(ARGN)
    find_library(TOMTE_PEER_${ARGV2} ${ARGV2})
    if(NOT TOMTE_PEER_${ARGV2})
      return()
    endif()
  endif()
  add_executable(bench_channel_${name} ${source}
    ${PROJECT_SOURCE_DIR}/tests/bench/channel/load.c)
  target_compile_definitions(bench_channel_${name} PRIVATE _GNU_SOURCE)
  if(ARGN)
    target_link_libraries(bench_channel_${name} PRIVATE ${TOMTE_PEER_${ARGV2}})
  endif()
endfunction()

channel_peer(udp ${CMAKE_CURRENT_LIST_DIR}/udp.c)
channel_peer(tap ${CMAKE_CURRENT_LIST_DIR}/tap.c)
channel_peer(nats ${CMAKE_CURRENT_LIST_DIR}/nats.c)
channel_peer(mqtt ${CMAKE_CURRENT_LIST_DIR}/mqtt.c mosquitto)
channel_peer(coap ${CMAKE_CURRENT_LIST_DIR}/coap.c coap-3-notls)
channel_peer(dtls ${CMAKE_CURRENT_LIST_DIR}/coap.c coap-3-gnutls)
if(TARGET bench_channel_dtls)
  target_compile_definitions(bench_channel_dtls PRIVATE WITH_DTLS)
endif()

if(COMMAND tomte_image)
  tomte_image(ping ${CMAKE_CURRENT_LIST_DIR}/containers)
  tomte_image(pong ${CMAKE_CURRENT_LIST_DIR}/containers)
endif()
