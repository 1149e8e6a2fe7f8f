#pragma once
#include <stdbool.h>
#include <stdint.h>
void vdso_layout(uint32_t pages[4]); // struct rr_options.vdso_pages; all 0: unknown
