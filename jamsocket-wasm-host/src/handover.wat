;; Stands between the host and a guest: takes memory of the guest for a message, has the host write the
;; message there, calls the guest, and gives the memory back.
(module $jamsocket-handover
  (import "guest" "jam_malloc" (func $jam_malloc (param i32) (result i32)))
  (import "guest" "jam_free" (func $jam_free (param i32 i32)))
  (import "guest" "initialize" (func $initialize (param i32 i32)))
  (import "guest" "message" (func $message (param i32 i32 i32)))
  (import "guest" "binary" (func $binary (param i32 i32 i32)))
  (import "host" "lend" (func $lend (param i32 i32)))

  ;; An empty message needs no memory: it is at address 1.
  (func $take (param $len i32) (result i32)
    (local $pointer i32)
    (if (i32.eqz (local.get $len)) (then (return (i32.const 1))))
    (local.set $pointer (call $jam_malloc (local.get $len)))
    (call $lend (local.get $pointer) (local.get $len))
    (local.get $pointer))

  (func $give_back (param $pointer i32) (param $len i32)
    (if (local.get $len) (then (call $jam_free (local.get $pointer) (local.get $len)))))

  (func (export "initialize") (param $len i32)
    (local $pointer i32)
    (local.set $pointer (call $take (local.get $len)))
    (call $initialize (local.get $pointer) (local.get $len))
    (call $give_back (local.get $pointer) (local.get $len)))

  (func (export "message") (param $client i32) (param $len i32)
    (local $pointer i32)
    (local.set $pointer (call $take (local.get $len)))
    (call $message (local.get $client) (local.get $pointer) (local.get $len))
    (call $give_back (local.get $pointer) (local.get $len)))

  (func (export "binary") (param $client i32) (param $len i32)
    (local $pointer i32)
    (local.set $pointer (call $take (local.get $len)))
    (call $binary (local.get $client) (local.get $pointer) (local.get $len))
    (call $give_back (local.get $pointer) (local.get $len))))
