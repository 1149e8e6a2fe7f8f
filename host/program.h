// Finding the program to record, as execvp would, and saying what is wrong with it.
#pragma once
#include "host/say.h"

// Opens the program for reading; path: where it was found. -1 with the fault (EXIT_NO_START) filled.
int program_open(const char *name, char *path, int size, struct fault *f);
