# SPDX-License-Identifier: Apache-2.0
# Containers in C: WebAssembly made by an unmodified clang.
#
#   tomte_container(NAME DIR [STACK bytes] [MEMORY bytes])
#
# builds DIR/NAME.c to containers/NAME.wasm in the build tree; the target
# `containers` builds all of them. The stack comes first in memory, so that an
# overflow traps instead of overwriting data. The name section is kept: a trap
# then names its function. The linker is called directly, because the compiler
# would run wasm-opt where there is one, and the same source must make the same
# image everywhere. Without clang or wasm-ld nothing is built, and what needs a
# container is skipped by name.

find_program(TOMTE_WASM_CLANG NAMES clang clang-14)
find_program(TOMTE_WASM_LD NAMES wasm-ld wasm-ld-14)
set(TOMTE_CONTAINERS_DIR ${PROJECT_BINARY_DIR}/containers)
if(NOT TARGET containers)
  add_custom_target(containers ALL)
endif()

function(tomte_container name dir)
  cmake_parse_arguments(arg "" "STACK;MEMORY" "" ${ARGN})
  if(NOT arg_STACK)
    set(arg_STACK 4096)
  endif()
  if(NOT arg_MEMORY)
    set(arg_MEMORY 65536)
  endif()
  if(NOT TOMTE_WASM_CLANG OR NOT TOMTE_WASM_LD)
    return()
  endif()
  file(GLOB headers CONFIGURE_DEPENDS ${dir}/*.h)
  set(out ${TOMTE_CONTAINERS_DIR}/${name}.wasm)
  set(object ${TOMTE_CONTAINERS_DIR}/${name}.o)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${TOMTE_CONTAINERS_DIR}
    COMMAND ${TOMTE_WASM_CLANG} --target=wasm32 -std=c11 -O2 -mbulk-memory
            -ffreestanding -Wall -Wextra -Wconversion -Wshadow -Werror
            -I ${PROJECT_SOURCE_DIR}/sdk/c
            -c -o ${object} ${dir}/${name}.c
    COMMAND ${TOMTE_WASM_LD} --no-entry --stack-first
            -z stack-size=${arg_STACK}
            --initial-memory=${arg_MEMORY} --max-memory=${arg_MEMORY}
            --export=__heap_base
            -o ${out} ${object}
    DEPENDS ${dir}/${name}.c ${headers} ${PROJECT_SOURCE_DIR}/sdk/c/tomte.h
    COMMENT "Building container ${name}"
    VERBATIM)
  add_custom_target(container_${name} DEPENDS ${out})
  add_dependencies(containers container_${name})
endfunction()

# Those that only tests run.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/containers/*.c)
foreach(source ${sources})
  get_filename_component(name ${source} NAME_WE)
  tomte_container(${name} ${PROJECT_SOURCE_DIR}/tests/containers)
endforeach()

if(TARGET unit_container)
  add_dependencies(unit_container containers)
  target_link_libraries(unit_container PRIVATE tomte_port_sim_disk)
  target_compile_definitions(
    unit_container PRIVATE TOMTE_CONTAINERS="${TOMTE_CONTAINERS_DIR}")
endif()
