// What rr itself tells the user: `[INFO] rr ...` lines on stderr, and the exit statuses that have a meaning.
#pragma once

enum exit_status {
  EXIT_USAGE = 2,        // wrong usage
  EXIT_BAD_TRACE = 65,   // bad, missing or foreign trace
  EXIT_NO_START = 69,    // the program could not be started, or cannot be recorded
  EXIT_DIVERGED = 70,    // the replay is not the recording
};

// One message; every line of it gets the prefix. A full stop at the end is the caller's.
void say_info(const char *f, ...) __attribute__((format(printf, 1, 2)));
void say_warn(const char *f, ...) __attribute__((format(printf, 1, 2)));
void say_error(const char *f, ...) __attribute__((format(printf, 1, 2)));

// A reason that travels up to where it is printed. Readers of untrusted bytes fill one and return its code (never 0).
struct fault {
  int code;        // exit status
  char text[512];  // one sentence, no prefix
};
int fault_set(struct fault *f, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int fault_say(const struct fault *f);  // prints it as an error, returns the code
