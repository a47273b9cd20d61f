# SPDX-License-Identifier: Apache-2.0
# Independent peers, as processes.
include(${PROJECT_SOURCE_DIR}/cmake/interop_cbor.cmake)
include(${PROJECT_SOURCE_DIR}/cmake/interop_coap.cmake)
include(${PROJECT_SOURCE_DIR}/cmake/interop_cose.cmake)
include(${PROJECT_SOURCE_DIR}/cmake/interop_wasm.cmake)
