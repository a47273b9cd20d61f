# SPDX-License-Identifier: Apache-2.0
# The firmware of one board (TOMTE_BOARD: rv32 or cortexm), in a tree of its own
# that cmake/board_BOARD.cmake is the toolchain of. lwIP and BearSSL are Debian's
# source packages, which tools/dev/sources.sh unpacks into TOMTE_SOURCES.
enable_language(ASM)

set(TOMTE_SOURCES "" CACHE PATH "folder with lwip and bearssl")
set(board ${PROJECT_SOURCE_DIR}/ports/${TOMTE_BOARD})
file(GLOB script ${board}/*.ld)

# Others' code is not held to our warnings.
file(GLOB_RECURSE bearssl ${TOMTE_SOURCES}/bearssl/src/*.c)
list(FILTER bearssl EXCLUDE REGEX "/(ssl|x509|rsa)/|/rand/sysrng")
add_library(mcu_bearssl STATIC ${bearssl})
target_include_directories(mcu_bearssl SYSTEM PUBLIC
  ${TOMTE_SOURCES}/bearssl/inc PRIVATE ${TOMTE_SOURCES}/bearssl/src)
target_compile_options(mcu_bearssl PRIVATE -w)

file(GLOB lwip ${TOMTE_SOURCES}/lwip/src/core/*.c
               ${TOMTE_SOURCES}/lwip/src/core/ipv4/*.c)
add_library(mcu_lwip STATIC ${lwip}
                            ${TOMTE_SOURCES}/lwip/src/netif/ethernet.c)
target_include_directories(mcu_lwip SYSTEM PUBLIC
  ${TOMTE_SOURCES}/lwip/src/include ${PROJECT_SOURCE_DIR}/ports/mcu/lwip)
target_compile_options(mcu_lwip PRIVATE -w)

# What every program of the board needs: reset code and devices.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ports/*/*.c
                                    ${PROJECT_SOURCE_DIR}/ports/*/*.S)
list(FILTER sources INCLUDE REGEX "/ports/${TOMTE_BOARD}/")
add_library(mcu_board OBJECT ${sources})
target_include_directories(mcu_board PRIVATE ${PROJECT_SOURCE_DIR}/ports)
target_link_libraries(mcu_board PRIVATE tomte_node)

add_library(mcu_port STATIC
  ports/mcu/loop.c ports/mcu/net.c ports/mcu/nor.c ports/mcu/settings.c)
target_include_directories(mcu_port PUBLIC ${PROJECT_SOURCE_DIR}/ports)
target_link_libraries(mcu_port PUBLIC tomte_node mcu_lwip)

add_executable(firmware apps/firmware/main.c $<TARGET_OBJECTS:mcu_board>)
target_link_libraries(firmware PRIVATE mcu_port tomte_crypto_bearssl)
target_link_options(firmware PRIVATE
  -nostartfiles -T${script} -Wl,--gc-sections -Wl,--no-warn-rwx-segments
  -Wl,-Map=${PROJECT_BINARY_DIR}/firmware.map)
set_target_properties(firmware PROPERTIES LINK_DEPENDS ${script})
