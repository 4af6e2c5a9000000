// The program of the exec handlers: does what the payload says, and records it in the diary.
//
//     XQUEUE_TASK_ID=… XQUEUE_TASK_TYPE=… XQUEUE_ATTEMPT=1 attempt DIARY < payload
//
// In C because a round starts thousands of them. See diary.py for the lines, and load/mix.py for the payload.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;
static int diary;
static const char *task, *type, *attempt;
static char nonce[40];

static void stop(int number) {
    (void)number;
    stopped = 1;
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// One write a line: what was written before a kill stays.
static void note(const char *word, const char *last) {
    char line[512];
    int length = snprintf(line, sizeof line, "%lld %s %s %s %s %s %s\n", now(), word, task, attempt, type, nonce, last);
    if (length <= 0 || length >= (int)sizeof line || write(diary, line, length) != length) exit(70);
}

// The number after a member's name in the payload; 0 if it is missing.
static long member(const char *payload, const char *name) {
    const char *place = strstr(payload, name);
    return place ? strtol(place + strlen(name) + 1, NULL, 10) : 0;
}

int main(int count, char **words) {
    static char payload[4096];
    size_t length = fread(payload, 1, sizeof payload - 1, stdin);
    payload[length] = 0;
    task = getenv("XQUEUE_TASK_ID");
    type = getenv("XQUEUE_TASK_TYPE");
    attempt = getenv("XQUEUE_ATTEMPT");
    diary = count == 2 ? open(words[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (!task || !type || !attempt || diary < 0) return 70;
    snprintf(nonce, sizeof nonce, "x%x-%llx", getpid(), now());

    if (!member(payload, "\"ignore_stop\"")) {
        struct sigaction action = {.sa_handler = stop};
        sigaction(SIGTERM, &action, NULL);
    } else {
        signal(SIGTERM, SIG_IGN);
    }
    char who[32];
    snprintf(who, sizeof who, "exec-%d", getpid());
    note("begin", who);
    long long end = now() + member(payload, "\"ms\"") * 1000000LL;
    if (member(payload, "\"progress\"")) {
        printf("{\"progress\": 50, \"message\": \"halfway\"}\n");
        fflush(stdout);
    }
    for (long long left; !stopped && (left = end - now()) > 0;) {
        struct timespec pause = {left / 1000000000, left % 1000000000};
        nanosleep(&pause, NULL);
    }
    if (stopped) {
        note("end", "stopped");
        return 1;
    }
    if (member(payload, "\"permanent\"")) {
        note("end", "permanent");
        return 65;
    }
    if (atol(attempt) <= member(payload, "\"fail_times\"")) {
        note("end", "fail");
        return 1;
    }
    note("end", "ok");
    printf("{\"nonce\": \"%s\", \"attempt\": %s}\n", nonce, attempt);
    return fflush(stdout) == 0 ? 0 : 1;
}
