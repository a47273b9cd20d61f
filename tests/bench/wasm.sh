#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The engine on the kernels of tests/bench/wasm/kernels, for `./dev bench wasm`.
#
# x86-64: processor time of kernel for kernel compiled by gcc -O2, by wasm2c and
# gcc -O2, in wabt's interpreter, and in each tier here; the runs of all are
# interleaved, the medians of WASM_RUNS (7) printed. Then one program with what
# its language's library does for strings, memory, sorting and formatting
# (wasm/programs), compiled by clang with wasi-libc, by rustc and by
# AssemblyScript (build/npm); native is C and Rust by the same compilers' -O2 and
# -O, and for AssemblyScript the program in C. RV32IMAC: instructions executed,
# which are exact, in QEMU. Last the geometric means of the ratios to native.
#
# WASM_KERNELS="fib list" picks kernels; WASM_ONLY=x86 or =rv32 one machine.
# WASM_COREMARK names a folder with EEMBC's CoreMark, which then is one of the
# kernels; it is not in this tree. Peers and tools that are not installed are
# named and left out.
set -euo pipefail

cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
out=${TOMTE_BUILD:-$root/build}/bench-wasm
runs=${WASM_RUNS:-7}
only=${WASM_ONLY:-all}
tiers=(0 1)
mkdir -p "$out"

# name, rounds on x86-64, rounds on RV32: a few milliseconds, or about a
# million instructions, of native code
kernels() {
    while read -r name x86 rv32; do
        [[ -z $name || " ${WASM_KERNELS:-$name} " != *" $name "* ]] ||
            echo "$name $x86 $rv32"
    done <<END
$(coremark_kernel)
fib 30 20
sha256 25 1
sieve 60 1
matf64 60 1
matf32 120 1
json 60 1
pid 60000 300
list 12 1
icall 600000 20000
brtab 150000 5000
i64mix 900 10
END
}

coremark_kernel() {
    [ -z "${WASM_COREMARK:-}" ] || echo coremark 400 2
}

# The same for programs; each is what its name says for `compile_program`.
programs() {
    local name
    for name in wordsc wordsrust wordsas; do
        [[ " ${WASM_KERNELS:-$name} " != *" $name "* || ! -e $out/$name.wasm ]] ||
            echo "$name 25"
    done
}

have() {
    command -v "$1" >/dev/null || {
        echo "wasm: no $1, left out" >&2
        return 1
    }
}

sources() {
    echo "$root"/src/base/*.c "$root"/src/wasm/*.c
}

# The C files of a kernel, with the options they want, one a line.
parts_of() {
    local dir=${WASM_COREMARK:-}
    if [ "$1" != coremark ]; then
        echo "wasm/kernels/${1}.c"
        return
    fi
    printf '%s\n' "-I$dir" -Iwasm/coremark \
        "$dir"/core_{list_join,main,matrix,state,util}.c \
        wasm/coremark/core_portme.c
}

# KERNEL FILE [OPTION]. Clang hands what it links with -O2 on to wasm-opt, where
# there is one (Debian's binaryen): so the recorded counts came about.
compile() {
    local -a parts
    mapfile -t parts < <(parts_of "$1")
    clang -O2 --target=wasm32 -nostdlib -fno-builtin "${@:3}" \
        -Wl,--no-entry -Wl,-z,stack-size=4096 -Wl,--initial-memory=65536 \
        -o "$out/$2" "${parts[@]}"
}

build_x86() {
    local k=$1
    local -a parts
    mapfile -t parts < <(parts_of "$k")
    gcc -O2 -o "$out/$k.native" wasm/runner.c "${parts[@]}"
    build_wasm2c "$k"
}

build_wasm2c() {
    local k=$1 upper=Z_$1
    [ "$wasm2c" = yes ] || return 0
    wasm2c "$out/$k.wasm" -o "$out/$k.c"
    gcc -O2 -w -I"$out" -DW2C_HEADER="\"$k.h\"" \
        -DW2C_TYPE="${upper}_instance_t" -DW2C_INIT="${upper}_init_module" \
        -DW2C_INSTANTIATE="${upper}_instantiate" -DW2C_RUN="${upper}Z_run" \
        -o "$out/$k.w2c" wasm/runner.c "$out/$k.c" -lwasm-rt-impl -lm
}

# One program in three languages, as NAME.wasm, with an export `main` for
# wabt, and as NAME.native. Compiled and linked apart: what clang links with -O2
# it gives to wasm-opt where there is one.
build_programs() {
    local asc=${TOMTE_BUILD:-$root/build}/npm/wasi/node_modules n=25
    local -a c=(clang -O2 --target=wasm32-wasi -DKERNEL_N=$n)
    rm -f "$out"/words*.wasm
    gcc -O2 -o "$out/wordsc.native" wasm/runner.c wasm/programs/words.c
    cp "$out/wordsc.native" "$out/wordsas.native"
    if [ -e /usr/lib/wasm32-wasi/libc.a ]; then
        "${c[@]}" -c -o "$out/words.o" wasm/programs/words.c
        "${c[@]}" -c -o "$out/no_wasi.o" wasm/programs/no_wasi.c
        clang --target=wasm32-wasi -mexec-model=reactor \
            -Wl,-z,stack-size=16384,--strip-all,--export=run \
            -o "$out/wordsc.wasm" "$out/words.o" "$out/no_wasi.o"
    else
        echo "wasm: no wasi-libc, the program in C is left out" >&2
    fi
    if [ -d /usr/lib/rustlib/wasm32-unknown-unknown ]; then
        build_rust "$n"
    else
        echo "wasm: no libstd-rust-dev-wasm32, Rust is left out" >&2
    fi
    if [ -e "$asc/assemblyscript/bin/asc.js" ]; then
        cp wasm/programs/words.ts "$out"
        (cd "$out" && node "$asc/assemblyscript/bin/asc.js" words.ts -O3 \
            --use abort= --use KERNEL_N=$n -o wordsas.wasm)
    else
        echo "wasm: no AssemblyScript from npm, left out" >&2
    fi
    if [ "$wasm2c" = yes ]; then
        while read -r k _; do build_wasm2c "$k"; done < <(programs)
    fi
}

build_rust() {
    local -a rust=(/usr/bin/rustc -O -C panic=abort)
    KERNEL_N=$1 "${rust[@]}" --target wasm32-unknown-unknown --cfg main \
        --crate-type cdylib -C link-arg=-zstack-size=16384 -C strip=symbols \
        -o "$out/wordsrust.wasm" wasm/programs/words.rs
    "${rust[@]}" --crate-type staticlib -o "$out/libwords.a" \
        wasm/programs/words.rs
    gcc -O2 -o "$out/wordsrust.native" wasm/runner.c "$out/libwords.a" \
        -lpthread -ldl -lm
}

build_engine() {
    # shellcheck disable=SC2046 # the file names are words
    gcc -std=c11 -D_GNU_SOURCE -O2 -DENGINE -DENGINE_LARGE -I"$root/src" -Iwasm \
        -o "$out/runner" wasm/runner.c "$root/tests/panic.c" $(sources)
}

# WAY KERNEL N: "WAY KERNEL checksum nanoseconds"
run_once() {
    local way=$1 k=$2 n=$3 seconds
    case $way in
    native) "$out/$k.native" "$n" ;;
    wasm2c) "$out/$k.w2c" "$n" ;;
    tier*) "$out/runner" "$n" "$out/$k.wasm" "${way#tier}" ;;
    wabt)
        TIMEFORMAT=%U
        [ -e "$out/$k.main.wasm" ] || ln -sf "$k.wasm" "$out/$k.main.wasm"
        seconds=$({ time wasm-interp "$out/$k.main.wasm" --run-all-exports \
            >"$out/said"; } 2>&1)
        echo "$(sed -n 's/^[a-z_]*main().*://p' "$out/said") ${seconds/./}000000"
        ;;
    esac | sed "s/^/$way $k /"
}

x86() {
    local -a ways=(native)
    wasm2c=no
    have wasm2c && wasm2c=yes && ways+=(wasm2c)
    for t in "${tiers[@]}"; do ways+=("tier$t"); done
    [ -n "${WASM_COREMARK:-}" ] ||
        echo "wasm: no CoreMark (--coremark FOLDER), left out" >&2
    build_engine
    while read -r k n _; do
        compile "$k" "$k.wasm"
        compile "$k" "$k.main.wasm" -DKERNEL_N="$n"
        build_x86 "$k"
    done < <(kernels)
    build_programs
    {
        for ((r = 0; r < runs; r++)); do
            while read -r k n _; do
                for way in "${ways[@]}"; do run_once "$way" "$k" "$n"; done
            done < <(kernels && programs)
        done
        if have wasm-interp; then
            while read -r k n _; do
                run_once wabt "$k" "$n"
            done < <(kernels && programs)
        fi
    } >"$out/x86.runs"
    grep -v ' words' "$out/x86.runs" >"$out/x86.kernels" || true
    [ ! -s "$out/x86.kernels" ] || report x86 ms 1e6 "$out/x86.kernels"
    grep ' words' "$out/x86.runs" >"$out/x86.programs" || return 0
    report x86.program ms 1e6 "$out/x86.programs"
}

rv32() {
    have riscv64-unknown-elf-gcc && have qemu-system-riscv32 || return 0
    local t
    : >"$out/rv32.runs"
    while read -r k _ n; do
        compile "$k" "$k.wasm"
        for t in "${tiers[@]}"; do
            build_rv32 "$k" "$n" "$t"
            timeout 300 qemu-system-riscv32 -M virt -bios none -nographic \
                -monitor none -serial stdio -icount shift=0 \
                -kernel "$out/rv32.elf" </dev/null |
                awk -v t="$t" '{
                    print "native", $1, $2, $3; print "tier" t, $1, $4, $5
                    print "load" t, $1, 0, $6; print "table" t, $1, 0, $7 }'
        done
    done < <(kernels) >>"$out/rv32.runs"
    report rv32 kinsn 1e3 "$out/rv32.runs"
    compare "$out/rv32.runs"
}

# What the engine executes does not grow by more than 2 % above what is recorded
# (as kernel, tier, instructions). Other compilers make other numbers: those of
# gcc 12.2 are recorded.
compare() {
    awk 'FNR == NR { if ($1 !~ /^#/) recorded[$2 " " $1] = $3; next }
        $1 ~ /^tier/ && recorded[$1 " " $2] > 0 &&
        $4 > 1.02 * recorded[$1 " " $2] {
            print "wasm: rv32", $2, $1, "executes", $4, "recorded are",
                  recorded[$1 " " $2] > "/dev/stderr"
            grown = 1 }
        END { exit grown }' wasm/rv32.txt "$1"
}

build_rv32() {
    local k=$1 n=$2 t=$3
    local -a parts cc=(riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32
        --specs=picolibc.specs -O2 -ffunction-sections -fdata-sections)
    mapfile -t parts < <(parts_of "$k")
    if [ ! -e "$out/rv32-engine/done" ]; then
        mkdir -p "$out/rv32-engine"
        # shellcheck disable=SC2046
        (cd "$out/rv32-engine" &&
            "${cc[@]}" -std=c11 -I"$root/src" -c $(sources))
        touch "$out/rv32-engine/done"
    fi
    "${cc[@]}" -DKERNEL="\"$k\"" -DKERNEL_N="$n" -DTIER="$t" \
        -DKERNEL_WASM="\"$out/$k.wasm\"" -I"$root/src" -Iwasm \
        -nostartfiles -Wl,--gc-sections,--no-warn-rwx-segments -T wasm/rv32.ld \
        -o "$out/rv32.elf" wasm/rv32.S wasm/rv32.c \
        "${parts[@]}" "$out"/rv32-engine/*.o
}

# Medians, and the ratios' geometric means; a checksum unlike the native one
# fails.
report() {
    sort -k2,2 -k1,1 -k4,4n "$4" | awk -v machine="$1" -v unit="$2" \
        -v scale="$3" -v OFS='\t' '
        { key = $1 " " $2
          if (!(key in count)) order[++keys] = key
          v[key, count[key]++] = $4
          if ($1 == "native") sum[$2] = $3
          got[key] = $3 }
        END {
            for (i = 1; i <= keys; i++) {
                split(order[i], w, " "); n = count[order[i]]
                m = v[order[i], int(n / 2)]
                base = v["native " w[2], int(count["native " w[2]] / 2)]
                load = w[1] ~ /^(load|table)/
                if (!load && got[order[i]] != sum[w[2]]) {
                    print machine, order[i], "wrong checksum" > "/dev/stderr"
                    bad = 1
                }
                if (w[1] == "native" || load) {
                    print machine "." w[2] "." w[1], \
                        (w[1] ~ /^table/ ? m : m / scale), \
                        (w[1] ~ /^table/ ? "bytes" : unit), "-", "-", n
                    continue
                }
                print machine "." w[2] "." w[1], m / scale, unit, "native", \
                    base / scale, n
                logs[w[1]] += log(m / base); of[w[1]]++
            }
            for (way in logs)
                print machine ".mean." way, exp(logs[way] / of[way]), "times", \
                    "native", 1, of[way]
            exit bad
        }'
}

rm -rf "$out/rv32-engine"
if [ "$only" != rv32 ]; then x86; fi
if [ "$only" != x86 ]; then rv32; fi
