// A program without libc: the initial registers and stack, raw system calls, exit from assembly.
// rr-test: name=plain cflags="-nostdlib -static -no-pie"
// rr-test: name=high cflags="-nostdlib -static -no-pie -Wl,-Ttext-segment=0x200000000"
// rr-test: name=veryhigh cflags="-nostdlib -static -no-pie -Wl,-Ttext-segment=0x7d0000000000"
.globl _start
_start:
  mov %rsp,%rbp
  test $15,%spl            # the stack is 16-aligned at entry
  jnz bad
  or %rax,%rbx             # rax, rbx, rcx... are zero at exec
  or %rcx,%rbx
  or %rsi,%rbx
  or %r8,%rbx
  or %r15,%rbx
  jnz bad
  cmpq $1,(%rbp)           # argc
  jne bad
  mov $1,%eax
  mov $1,%edi
  lea msg(%rip),%rsi
  mov $len,%edx
  syscall
  cmp $len,%rax
  jne bad
  mov $231,%eax
  xor %edi,%edi
  syscall
bad:
  mov $60,%eax
  mov $9,%edi
  syscall
.section .rodata
msg: .ascii "raw\n"
.set len, . - msg
.section .note.GNU-stack,"",@progbits
