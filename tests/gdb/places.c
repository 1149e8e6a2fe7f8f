#include <stdio.h>
static int sum;
static void hit(int i) { sum += i; }
int main(void) { for (int i = 0; i < 1000; i++) hit(i); printf("%d\n", sum); return 0; }
