// Entry of the engine, from the kernel's exec: rsp is the kernel's stack (argc, argv, envp, auxv). FS base is 0, which is also
// what the guest starts with.
  .text
  .global _start
_start:
  xorl %ebp, %ebp
  movq %rsp, %rdi
  leaq engine_stack_top(%rip), %rsp
  call engine_main
  ud2

  .bss
  .balign 4096
  .global engine_stack, engine_stack_top
engine_stack:
  .skip 131072
engine_stack_top:
  .section .note.GNU-stack,"",@progbits
