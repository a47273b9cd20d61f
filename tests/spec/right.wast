;; SPDX-License-Identifier: Apache-2.0
;; What the published tests leave out of a snapshot: the high half of 64-bit
;; globals, and calls that are left in the middle with such values about.
(module
  (import "spectest" "print_i64" (func $print (param i64)))
  (global $i (mut i64) (i64.const 0))
  (global $f (mut f64) (f64.const 0))
  (func (export "set") (param i64 f64)
    (global.set $i (local.get 0)) (global.set $f (local.get 1)))
  (func (export "get") (result i64 f64) (global.get $i) (global.get $f))
  (func $sum (export "sum") (param $n i64) (result i64)
    (local $s i64)
    (loop $again
      (call $print (local.get $s))
      (local.set $s (i64.add (local.get $s) (local.get $n)))
      (local.set $n (i64.shr_u (local.get $n) (i64.const 1)))
      (br_if $again (i64.ne (local.get $n) (i64.const 0))))
    (local.get $s))
  (func (export "nested") (param i64) (result i64)
    (i64.add (local.get 0) (i64.add (call $sum (local.get 0)) (i64.const 1)))))

(invoke "set" (i64.const 0x100000002) (f64.const -0x1.8p600))
(assert_return (invoke "get") (i64.const 0x100000002) (f64.const -0x1.8p600))
(assert_return (invoke "get") (i64.const 0x100000002) (f64.const -0x1.8p600))
(assert_return (invoke "sum" (i64.const 0x8000000000)) (i64.const 0xffffffffff))
(assert_return (invoke "nested" (i64.const 0x8000000000))
  (i64.const 0x18000000000))
