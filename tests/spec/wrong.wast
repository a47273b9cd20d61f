;; SPDX-License-Identifier: Apache-2.0
;; Every assertion here is wrong: the runner must refuse each
;; (test_runner.sh).
(module $m
  (import "spectest" "print" (func $print))
  (global (export "g") i32 (i32.const 7))
  (func (export "one") (result i32) (i32.const 1))
  (func (export "wide") (result i64) (i64.const 0x100000001))
  (func (export "two") (result i32 i32) (i32.const 1) (i32.const 2))
  (func (export "trap") (call $print) unreachable)
  (func (export "quiet") (result f32) (f32.const nan:0x400001))
  (func (export "signalling") (result f64) (f64.const nan:0x1))
  (func (export "same") (param externref) (result externref) (local.get 0)))

(assert_return (invoke "one") (i32.const 2))
(assert_return (invoke "two") (i32.const 1) (i32.const 1))
(assert_return (invoke "two") (i32.const 2) (i32.const 2))
(assert_return (invoke "wide") (i64.const 1))
(assert_return (invoke "quiet") (f32.const nan:canonical))
(assert_return (invoke "signalling") (f64.const nan:arithmetic))
(assert_return (invoke "signalling") (f64.const nan:canonical))
(assert_return (invoke "same" (ref.extern 1)) (ref.extern 2))
(assert_return (invoke "same" (ref.extern 0)) (ref.null extern))
(assert_return (invoke "same" (ref.null extern)) (ref.extern 0))
(assert_return (invoke "trap"))
(assert_return (invoke "g"))
(assert_return (get "g") (i32.const 8))
(assert_return (get "one") (i32.const 1))

(assert_trap (invoke "one") "unreachable")
(assert_trap (invoke "trap") "integer overflow")
(assert_trap (invoke "trap") "unreach")
(assert_exhaustion (invoke "one") "call stack exhausted")
(assert_exhaustion (invoke "trap") "call stack exhausted")

;; An empty module; then one that is valid in form but not in type, where
;; a malformed one is wanted; then the other way about.
(assert_invalid (module binary "\00asm\01\00\00\00") "type mismatch")
(assert_malformed (module binary "\00asm\01\00\00\00") "unexpected end")
(assert_malformed
  (module binary "\00asm\01\00\00\00" "\01\05\01\60\00\01\7f" "\03\02\01\00"
                 "\0a\04\01\02\00\0b")
  "unexpected end")
(assert_invalid (module binary "\00asm\02\00\00\00") "type mismatch")

(assert_unlinkable (module) "unknown import")
(assert_unlinkable
  (module (import "spectest" "print_i32" (func))) "unknown import")
(assert_unlinkable
  (module (import "spectest" "absent" (func))) "incompatible import type")
(assert_unlinkable
  (module (func $f unreachable) (start $f)) "unknown import")
(assert_trap (module) "unreachable")
(assert_trap (module (func $f unreachable) (start $f)) "integer overflow")
