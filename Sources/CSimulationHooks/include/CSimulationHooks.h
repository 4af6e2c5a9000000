// Lets a thread take the jobs of the Swift concurrency runtime that are enqueued on it, to run them in an order of its own.

#ifndef C_SIMULATION_HOOKS_H
#define C_SIMULATION_HOOKS_H

#include <stdint.h>

/// Receives a job that the current thread has enqueued.
typedef void (*simulation_receiver)(void *_Nonnull context, void *_Nonnull job);

/// Makes `receiver` take the jobs that the current thread enqueues, until `simulation_release`. Jobs of other threads go where
/// they always went.
void simulation_capture(simulation_receiver _Nonnull receiver, void *_Nonnull context);

/// Ends the current thread's capture.
void simulation_release(void);

/// The context of the current thread's capture; null if it has none.
void *_Nullable simulation_context(void);

/// Runs a job on the current thread until it suspends or ends.
void simulation_run(void *_Nonnull job);

/// How many jobs of capturing threads went past their receivers: delayed ones, and those for the main thread.
uint64_t simulation_escaped_jobs(void);

/// How many jobs other threads have enqueued. None, if nothing but simulations runs in the process.
uint64_t simulation_foreign_jobs(void);

#endif
