#include "CSimulationHooks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

// The runtime's own declarations, in swift/Runtime/Concurrency.h, are not installed with the toolchain.
#define SWIFT_CALL __attribute__((swiftcall))

typedef SWIFT_CALL void enqueue(void *job);
typedef SWIFT_CALL void enqueue_hook(void *job, enqueue *original);
typedef SWIFT_CALL void enqueue_delayed(unsigned long long delay, void *job);
typedef SWIFT_CALL void enqueue_delayed_hook(unsigned long long delay, void *job, enqueue_delayed *original);
typedef SWIFT_CALL void enqueue_until(
    long long seconds, long long nanoseconds, long long tolerance_seconds, long long tolerance_nanoseconds, int clock,
    void *job);
typedef SWIFT_CALL void enqueue_until_hook(
    long long seconds, long long nanoseconds, long long tolerance_seconds, long long tolerance_nanoseconds, int clock,
    void *job, enqueue_until *original);

extern enqueue_hook *swift_task_enqueueGlobal_hook;
extern enqueue_hook *swift_task_enqueueMainExecutor_hook;
extern enqueue_delayed_hook *swift_task_enqueueGlobalWithDelay_hook;
extern enqueue_until_hook *swift_task_enqueueGlobalWithDeadline_hook;
// The executor is a pair of words.
extern SWIFT_CALL void swift_job_run(void *job, void *executor_identity, uintptr_t executor_implementation);

static _Thread_local simulation_receiver receiver;
static _Thread_local void *context;
static atomic_uint_fast64_t escaped;
static atomic_uint_fast64_t foreign;

static SWIFT_CALL void take(void *job, enqueue *original) {
    if (receiver != NULL) {
        receiver(context, job);
        return;
    }
    atomic_fetch_add(&foreign, 1);
    original(job);
}

static void count_escape(void) {
    if (receiver != NULL) atomic_fetch_add(&escaped, 1);
}

static SWIFT_CALL void pass_main(void *job, enqueue *original) {
    count_escape();
    original(job);
}

static SWIFT_CALL void pass_delayed(unsigned long long delay, void *job, enqueue_delayed *original) {
    count_escape();
    original(delay, job);
}

static SWIFT_CALL void pass_until(
    long long seconds, long long nanoseconds, long long tolerance_seconds, long long tolerance_nanoseconds, int clock,
    void *job, enqueue_until *original) {
    count_escape();
    original(seconds, nanoseconds, tolerance_seconds, tolerance_nanoseconds, clock, job);
}

static void install(void) {
    swift_task_enqueueGlobal_hook = take;
    swift_task_enqueueMainExecutor_hook = pass_main;
    swift_task_enqueueGlobalWithDelay_hook = pass_delayed;
    swift_task_enqueueGlobalWithDeadline_hook = pass_until;
}

void simulation_capture(simulation_receiver new_receiver, void *new_context) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    receiver = new_receiver;
    context = new_context;
}

void simulation_release(void) {
    receiver = NULL;
    context = NULL;
}

void *simulation_context(void) { return context; }

void simulation_run(void *job) { swift_job_run(job, NULL, 0); }

uint64_t simulation_escaped_jobs(void) { return atomic_load(&escaped); }

uint64_t simulation_foreign_jobs(void) { return atomic_load(&foreign); }
