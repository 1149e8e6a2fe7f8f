// The gate between the engine's C code and translated code.
//
// Entered by gate_enter on an engine stack; left by exit stubs (jmp [ctx.gate_exit], rax = the exit's record, the guest's rax
// in ctx.spill[0]) and by failed indirect lookups (the guest's rcx and r11 in ctx.spill[1] and [2]). Host flags hold the
// guest's status flags and DF; the other flag bits live only in ctx.regs. Offsets are checked in translate/init.c.
#define CTX 0x71f00000
#define REG(i) CTX + 8 * (i)
#define RAX 0
#define RCX 1
#define RDX 2
#define RBX 3
#define RSP 4
#define RBP 5
#define RSI 6
#define RDI 7
#define RIP 16
#define RFLAGS 17
#define SPILL(i) CTX + 144 + 8 * (i)
#define EXIT_RECORD CTX + 176
#define EXIT_KIND CTX + 184
#define EXIT_TARGET CTX + 192
#define ENGINE_RSP CTX + 200
#define IBL_SECOND_MASK CTX + 232
#define GUEST_FLAGS 0xcd5 /* CF PF AF ZF SF DF OF */
#define DF 0x400
#define EXIT_INDIRECT 2
#define EXIT_FAULT 6

  .text
  .globl gate_enter, gate_exit, gate_ibl_empty, gate_ibl_wrong, gate_ibl_slow, gate_fault, gate_retry, gate_begin, gate_end
  .type gate_enter, @function
  .balign 64
gate_enter:
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, ENGINE_RSP
gate_begin:
  mov %rdi, SPILL(3)
  mov REG(RFLAGS), %rax
  test $DF, %eax
  jnz 2f
1:
  // ah = the low flags, al = OF: add makes OF out of it, sahf the others.
  mov %eax, %ecx
  shl $8, %eax
  shr $11, %ecx
  and $1, %ecx
  mov %cl, %al
  add $0x7f, %al
  sahf
  mov REG(RCX), %rcx
  mov REG(RDX), %rdx
  mov REG(RBX), %rbx
  mov REG(RSP), %rsp
  mov REG(RBP), %rbp
  mov REG(RSI), %rsi
  mov REG(RDI), %rdi
  mov REG(8), %r8
  mov REG(9), %r9
  mov REG(10), %r10
  mov REG(11), %r11
  mov REG(12), %r12
  mov REG(13), %r13
  mov REG(14), %r14
  mov REG(15), %r15
  mov REG(RAX), %rax
  jmp *SPILL(3)
2:
  std
  jmp 1b

  // An indirect transfer's slot is empty: rcx = target. The guest's rcx and r11 are in spill[1] and [2].
  .balign 16
gate_ibl_empty:
  mov %rcx, EXIT_TARGET
  jmp 3f
  // The slot's fragment is another's: r11 = minus its address, rcx = target minus its address. No flags changed. Those that
  // share a slot are in the second level (translate/ibl.c), for which no flag is changed either.
  .balign 16
gate_ibl_wrong:
  not %r11
  lea 1(%r11, %rcx), %rcx
  mov %rcx, EXIT_TARGET
  pext IBL_SECOND_MASK, %rcx, %r11
  lea (%r11, %r11), %r11
  mov %rax, SPILL(0)
  mov ibl_second(, %r11, 8), %rax
  lea (%rcx, %rax), %rcx
  mov SPILL(0), %rax
  jrcxz 8f
  mov EXIT_TARGET, %rcx
  jmp 3f
8:
  jmp *ibl_second + 8(, %r11, 8)
  // The same on a CPU whose pext is slow or missing.
gate_ibl_slow:
  not %r11
  lea 1(%r11, %rcx), %rcx
  mov %rcx, EXIT_TARGET
3:
  // Is there a fragment for it after all? Asked on the engine's stack with only what C may clobber saved: several times
  // cheaper than an exit, and a warm start does it for every function.
  mov %rax, REG(RAX)
  mov %rdx, REG(RDX)
  mov %rsi, REG(RSI)
  mov %rdi, REG(RDI)
  mov %r8, REG(8)
  mov %r9, REG(9)
  mov %r10, REG(10)
  mov %rsp, REG(RSP)
  mov ENGINE_RSP, %rsp
  pushfq
  cld
  mov %rcx, %rdi
  call ibl_find
  mov %rax, SPILL(3)
  test %rax, %rax
  jz 7f
  popfq
  mov EXIT_TARGET, %rcx
  mov REG(RAX), %rax
  mov REG(RDX), %rdx
  mov REG(RSI), %rsi
  mov REG(RDI), %rdi
  mov REG(8), %r8
  mov REG(9), %r9
  mov REG(10), %r10
  mov REG(RSP), %rsp
  jmp *SPILL(3)
7:
  popfq
  mov REG(RAX), %rax
  mov REG(RDX), %rdx
  mov REG(RSI), %rsi
  mov REG(RDI), %rdi
  mov REG(8), %r8
  mov REG(9), %r9
  mov REG(10), %r10
  mov REG(RSP), %rsp
  mov SPILL(2), %r11
  mov %rax, SPILL(0)
  lea gate_record(%rip), %rax
  mov SPILL(1), %rcx
  movq $EXIT_INDIRECT, EXIT_KIND
  jmp 4f

  .balign 16
gate_exit:
  mov %rcx, REG(RCX)
  mov (%rax), %rcx
  mov %rcx, EXIT_TARGET
  movzbl 20(%rax), %ecx
  mov %rcx, EXIT_KIND
  jmp 5f
4:
  mov %rcx, REG(RCX)
5:
  mov %rax, EXIT_RECORD
  mov %rdx, REG(RDX)
  mov %rbx, REG(RBX)
  mov %rsp, REG(RSP)
  mov %rbp, REG(RBP)
  mov %rsi, REG(RSI)
  mov %rdi, REG(RDI)
  mov %r8, REG(8)
  mov %r9, REG(9)
  mov %r10, REG(10)
  mov %r11, REG(11)
  mov %r12, REG(12)
  mov %r13, REG(13)
  mov %r14, REG(14)
  mov %r15, REG(15)
  mov ENGINE_RSP, %rsp
  pushfq
  pop %rdx
  cld
  mov SPILL(0), %rcx
  mov %rcx, REG(RAX)
  mov EXIT_TARGET, %rcx
  mov %rcx, REG(RIP)
  and $GUEST_FLAGS, %edx
  mov REG(RFLAGS), %rcx
  and $~GUEST_FLAGS, %rcx
  or %rdx, %rcx
  mov %rcx, REG(RFLAGS)
  mov EXIT_KIND, %eax
gate_end:
6:
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  ret

  // The host's fault handler continues here, on the engine's stack (rsp = ctx.engine_rsp), with ctx.regs filled in.
gate_fault:
  cld
  mov $EXIT_FAULT, %eax
  mov %rax, EXIT_KIND
  jmp 6b
  // The same where the fault was the engine's affair: the instruction is to be translated and tried again.
gate_retry:
  cld
  xor %eax, %eax
  mov %rax, EXIT_KIND
  jmp 6b
  .size gate_enter, . - gate_enter

  .section .rodata
  .balign 8
gate_record: // struct exit_record of a failed indirect lookup
  .quad 0, 0
  .long 0
  .byte EXIT_INDIRECT, 1, 0, 0
  .globl gate_record
  .section .note.GNU-stack, "", @progbits
