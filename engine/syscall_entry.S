// guest_call(nr, args, pending): a system call made on the guest's behalf, with labels around the `syscall` instruction.
//
// A host signal handler that interrupts between guest_call_begin and guest_call_insn (both included) found the call not
// made (or, with SA_RESTART semantics, undone by the kernel): it moves the interrupted context to guest_call_abort, and
// guest_call returns -512 (-ERESTARTSYS, which the kernel never shows to a program). After guest_call_insn the result is the
// kernel's own. rdx, the pending flag's address, is kept in r11 until the instruction that destroys it.
  .text
  .globl guest_call, guest_call_begin, guest_call_insn, guest_call_abort
  .type guest_call, @function
  .p2align 4
guest_call:
  movl %edi, %eax
  movq %rsi, %rcx
  movq %rdx, %r11
  movq 0(%rcx), %rdi
  movq 8(%rcx), %rsi
  movq 16(%rcx), %rdx
  movq 24(%rcx), %r10
  movq 32(%rcx), %r8
  movq 40(%rcx), %r9
guest_call_begin:
  cmpl $0, (%r11)
  jne guest_call_abort
guest_call_insn:
  syscall
  ret
guest_call_abort:
  movq $-512, %rax
  ret
  .size guest_call, . - guest_call
  .section .note.GNU-stack,"",@progbits
