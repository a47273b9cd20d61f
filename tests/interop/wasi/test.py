#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""usage: test.py TOMTE FOLDER PACKAGES

`tomte wasm` on what compilers make: programs of C (clang, wasi-libc), Rust
(Debian's std for wasm32-wasi) and AssemblyScript (npm, in PACKAGES), as their
authors write them; traps with names and lines; the disassembly beside that of
wabt. FOLDER is made anew."""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tools"))
import closing  # noqa: E402  pylint: disable=wrong-import-position

TOMTE, FOLDER, PACKAGES = sys.argv[1:4]
RUSTC = "/usr/bin/rustc"


def command(*words, given="", cwd=None):
    return subprocess.run(words, input=given, capture_output=True, text=True,
                          timeout=120, check=False, cwd=cwd)


def wasm(verb, *words, given=""):
    return command(TOMTE, "wasm", verb, *words, given=given)


def made(name):
    return os.path.join(FOLDER, name)


def relative(path):
    """From PACKAGES: the compiler takes no other paths."""
    return os.path.relpath(os.path.abspath(path), os.path.realpath(PACKAGES))


def needs(present, what):
    return unittest.skipUnless(present, what)


WASI_LIBC = needs(os.path.exists("/usr/lib/wasm32-wasi/libc.a"),
                  "no wasi-libc")
RUST = needs(os.path.isdir("/usr/lib/rustlib/wasm32-wasi"),
             "no libstd-rust-dev-wasm32")
ASC = os.path.join(PACKAGES, "assemblyscript/bin/asc.js")
ASSEMBLYSCRIPT = needs(os.path.exists(ASC), "no AssemblyScript from npm")
WABT = needs(shutil.which("wasm-objdump"), "no wabt")


def compile_c(name, *options):
    """Compiled and linked apart: clang hands what it links with -O on to
    wasm-opt where there is one, which drops names."""
    module = made(name + "".join(options) + ".wasm")
    for words in (["-O1", *options, "-c", "-fdebug-prefix-map=" + HERE + "=.",
                   "-fdebug-compilation-dir=.", os.path.join(HERE, name),
                   "-o", module + ".o"],
                  [module + ".o", "-o", module]):
        done = command("clang", "--target=wasm32-wasi", *words)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
    return module


def compile_wat(name, text=None):
    module, source = made(name + ".wasm"), os.path.join(HERE, name + ".wat")
    if text is not None:
        source = made(name + ".wat")
        with open(source, "w", encoding="utf-8") as f:
            f.write(text)
    done = command("wat2wasm", "--debug-names", "--enable-all", source, "-o",
                   module)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return module


class Hello(unittest.TestCase):
    """The program that everybody writes first."""

    def says_hello(self, module):
        for tier in "0", "1":
            ran = wasm("run", module, "--tier", tier)
            self.assertEqual((0, "Hello, world!\n", ""),
                             (ran.returncode, ran.stdout, ran.stderr))

    @WASI_LIBC
    def test_c(self):
        self.says_hello(compile_c("hello.c"))

    @RUST
    def test_rust(self):
        module = made("hello_rust.wasm")
        done = command(RUSTC, "--target", "wasm32-wasi", "-O", "-o", module,
                       os.path.join(HERE, "hello.rs"))
        self.assertEqual(0, done.returncode, done.stderr)
        self.says_hello(module)

    @ASSEMBLYSCRIPT
    def test_assemblyscript(self):
        module = made("hello_as.wasm")
        done = command("node", ASC, relative(os.path.join(HERE, "hello.ts")),
                       "--config", "@assemblyscript/wasi-shim/asconfig.json",
                       "-O", "-o", relative(module), cwd=PACKAGES)
        self.assertEqual(0, done.returncode, done.stderr)
        self.says_hello(module)


class Host(unittest.TestCase):
    @WASI_LIBC
    def test_what_a_program_sees(self):
        ran = wasm("run", compile_c("host.c"), "a", "--json", "-x",
                   given="line\n")
        self.assertEqual(
            "4 arguments, the last is -x\nin: line\nend: 1\nslept: 1\n"
            "this century: 1\nchance: 1\nno file: 1\nno seek: 1\n", ran.stdout)
        self.assertEqual("to the other stream\n", ran.stderr)
        self.assertEqual(42, ran.returncode)

    @WABT
    def test_faults(self):
        module = compile_wat("faults")
        for call, errno in (
                ("write 1 0 1 100", 21), ("write 1 65532 1 100", 21),
                ("write 1 8 1 65533", 21), ("write 1 8 1 100", 0),
                ("write 7 8 1 100", 8), ("write 1 8 -1 100", 28),
                ("random 65530 8", 21), ("random 0 -1", 21),
                ("random 65536 0", 0), ("args 65536 0", 21),
                ("args 0 65536", 21), ("sizes 65534 0", 21),
                ("clock 9 0", 28), ("clock 1 65530", 21),
                ("stat 1 65530", 21), ("stat 9 0", 8),
                ("poll 0 0 0 0", 28), ("poll 65500 0 1 0", 21),
                ("poll 0 65500 2 0", 21), ("poll 0 0 -1 0", 28)):
            name, *arguments = call.split()
            ran = wasm("run", module, "--invoke", name, *arguments)
            self.assertEqual(f"{errno}", ran.stdout.removeprefix("ok").strip(),
                             call)


class Traps(unittest.TestCase):
    @WASI_LIBC
    def test_function_and_line(self):
        for version in "4", "5":
            module = compile_c("trap.c", "-gdwarf-" + version)
            self.assertEqual(100 // 5 + 100 // 4,
                             wasm("run", module, "5", "4").returncode)
            ran = wasm("run", module, "5", "0")
            self.assertEqual(1, ran.returncode)
            self.assertIn("traps: integer divide by zero\n", ran.stderr)
            self.assertRegex(ran.stderr, r"at 0x\w+, function \d+ \(quotient\),"
                                         r" [./]*trap\.c:7: i32\.div_s\n")
            self.assertRegex(ran.stderr, r"called before 0x\w+, function \d+ "
                                         r"\(\w*main\w*\), [./]*trap\.c:14\n")
            said = json.loads(wasm("run", module, "--json", "0").stdout)
            self.assertEqual(
                ("trapped", "integer divide by zero", "quotient", 7),
                (said["ended"], said["reason"], said["name"], said["line"]))

    @WASI_LIBC
    def test_without_lines(self):
        ran = wasm("run", compile_c("trap.c"), "0")
        self.assertRegex(ran.stderr, r"function \d+ \(quotient\): i32\.div_s\n")

    @WABT
    def test_where_fuel_and_stack_end(self):
        module = compile_wat("faults")
        ran = wasm("run", module, "--fuel", "1000", "--invoke", "deep", "0")
        self.assertEqual(1, ran.returncode)
        self.assertIn("traps: all fuel used", ran.stderr)
        ran = wasm("run", module, "--invoke", "deep", "0")
        self.assertIn("traps: call stack exhausted", ran.stderr)
        self.assertIn("and so on", ran.stderr)


class Validate(unittest.TestCase):
    @WASI_LIBC
    def test_names_the_function_and_the_line(self):
        module = compile_c("trap.c", "-gdwarf-4")
        self.assertEqual(0, wasm("validate", module).returncode)
        with open(module, "rb") as f:
            code = f.read()
        at = code.index(b"\x6d\x0b")  # i32.div_s, end
        with open(made("wrong.wasm"), "wb") as f:
            f.write(code[:at] + b"\x7d" + code[at + 1:])  # i64.sub
        ran = wasm("validate", made("wrong.wasm"))
        self.assertEqual(3, ran.returncode)
        self.assertRegex(ran.stderr, r"wrong\.wasm is not valid: type mismatch,"
                                     r" at 0x\w+, function \d+ \(quotient\), "
                                     r"\./trap\.c:7\n")
        said = json.loads(wasm("validate", made("wrong.wasm"), "--json").stdout)
        self.assertEqual((False, "INVALID", at + 1, "quotient", 7),
                         (said["valid"], said["error"], said["offset"],
                          said["name"], said["line"]))

    def test_what_is_no_module(self):
        with open(made("text.wasm"), "w", encoding="utf-8") as f:
            f.write("hello")
        ran = wasm("validate", made("text.wasm"))
        self.assertEqual(3, ran.returncode)
        self.assertIn("neither a WebAssembly module nor an image", ran.stderr)
        self.assertEqual(2, wasm("validate", made("none.wasm")).returncode)


class Disassembly(unittest.TestCase):
    def beside_wabt(self, module):
        """The offsets and names of all instructions."""
        ours = re.findall(r"^  ([0-9a-f]{6})  +([a-z][\w.]*)",
                          wasm("disasm", module).stdout, re.M)
        said = command("wasm-objdump", "-d", module).stdout
        theirs = re.findall(r"^ ([0-9a-f]{6}): .*\| +([a-z][\w.]*)", said, re.M)
        # They show locals as an instruction, and a prefix at its second byte.
        theirs = [(at, name) for at, name in theirs if name != "local"]
        self.assertGreater(len(ours), 50)
        self.assertEqual(theirs, ours)

    @WABT
    @WASI_LIBC
    def test_compiled(self):
        self.beside_wabt(compile_c("host.c"))

    @WABT
    def test_generated(self):
        if shutil.which("wasm-opt") is None:
            self.skipTest("no binaryen")
        with open(made("seed"), "wb") as f:
            f.write(bytes(i * i * 7 % 251 for i in range(6000)))
        command("wasm-opt", "-ttf", made("seed"), "-O0", "--mvp-features",
                "--enable-bulk-memory", "--enable-multivalue",
                "--enable-sign-ext", "--enable-nontrapping-float-to-int",
                "-o", made("generated.wasm"))
        self.beside_wabt(made("generated.wasm"))

    @WABT
    def test_immediates(self):
        module = compile_wat("immediates", """(module
          (memory 1) (table 2 funcref)
          (func $f (param i32) (result f64)
            (block (block (br_table 0 1 (local.get 0))))
            (drop (block (result i32)
              (i32.load16_s offset=6 align=1 (i32.const -2))))
            (f32.store (i32.const 8) (f32.const 0.5))
            (f64.store (i32.const 8) (f64.const -nan:0x123))
            (drop (i64.const -9223372036854775808))
            (call_indirect (param i32) (result f64)
              (i32.const 1) (i32.const 0))))""")
        said = wasm("disasm", module, "f").stdout
        for line in ("block (result i32)", "    br_table 0 1",
                     "i32.load16_s offset=6 align=1", "i32.const -2",
                     "f32.const 0.5", "f64.const -nan:0x123",
                     "i64.const -9223372036854775808",
                     "call_indirect 0 (type 0)"):
            self.assertIn(line + "\n", said)
        self.assertEqual(2, wasm("disasm", module, "g").returncode)
        self.assertIn("i32.const -2", json.loads(
            wasm("disasm", module, "--json").stdout)["text"])


class Use(unittest.TestCase):
    @WABT
    def test_invoke(self):
        module = compile_wat("invoke", """(module
          (func (export "swap") (param i32 i64 f32 f64)
                                (result f64 f32 i64 i32)
            (local.get 3) (local.get 2) (local.get 1) (local.get 0)))""")
        ran = wasm("run", module, "--invoke", "swap", "-1", "0x10", "0.5", "-2")
        self.assertEqual("-2\n0.5\n16\n-1\n", ran.stdout)
        said = json.loads(wasm("run", module, "--json", "--invoke", "swap", "7",
                               "-1", "nan", "inf").stdout)
        self.assertEqual([("f64", "inf"), ("f32", "nan"), ("i64", "-1"),
                          ("i32", "7")],
                         [(v["type"], v["value"]) for v in said["results"]])
        for wrong, why in (("1 2 3", "takes 4 arguments: i32 i64 f32 f64"),
                           ("4294967296 0 0 0", "'4294967296' is no i32"),
                           ("- 0 0 0", "'-' is no i32"),
                           ("0 0 x 0", "'x' is no f32")):
            ran = wasm("run", module, "--invoke", "swap", *wrong.split())
            self.assertEqual(100, ran.returncode)
            self.assertIn(why, ran.stderr)
        ran = wasm("run", module)
        self.assertEqual(2, ran.returncode)
        self.assertIn("exports no function _start, but: swap", ran.stderr)

    @WABT
    def test_imports_that_nobody_offers(self):
        for text, why in (
                ('(import "env" "f" (func))', "imports env.f, which nobody"),
                ('(import "wasi_snapshot_preview1" "fd_close" (func))',
                 "imports wasi_snapshot_preview1.fd_close, which is of another "
                 "type")):
            ran = wasm("run", compile_wat(
                "import", f'(module {text} (func (export "_start")))'))
            self.assertIn(why, ran.stderr)
            self.assertIn(ran.returncode, (2, 3))

    @WABT
    def test_inspect_and_bench(self):
        module = compile_wat("faults")
        said = json.loads(wasm("inspect", module, "--json").stdout)
        self.assertEqual(7, len(said["imports"]))
        self.assertEqual({"min": 65536, "max": 65536, "page": 65536},
                         said["memory"])
        self.assertIn("export    memory    0  memory",
                      wasm("inspect", module).stdout)
        said = json.loads(wasm("bench", module, "--json", "--runs", "3",
                               "--invoke", "random", "0", "65536").stdout)
        self.assertEqual(3, said["runs"])
        self.assertGreater(said["bytes_us"], 0)
        self.assertGreater(said["slots_us"], 0)


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    sys.argv[1:] = []
    closing.main()
