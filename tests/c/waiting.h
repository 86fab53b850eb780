/* How a test knows that its other threads have come to where they wait: no time is right for every machine. */
#ifndef WAITING_H
#define WAITING_H

#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static inline void nap(void) {
    const struct timespec time = {0, 20000000};
    nanosleep(&time, NULL);
}

/* How often a thread was switched away from; -1 while it runs or would like to. */
static inline long rest_of(const char *task) {
    char path[300], line[300];
    long switches = 0;
    FILE *file;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", task);
    file = fopen(path, "r");
    if (file == NULL)
        return -1;
    while (switches >= 0 && fgets(line, sizeof line, file) != NULL) {
        const char *value = strstr(line, "ctxt_switches:");
        if (strncmp(line, "State:", 6) == 0 && strstr(line, "S (sleeping)") == NULL)
            switches = -1;
        else if (value != NULL)
            switches += atol(value + strlen("ctxt_switches:"));
    }
    fclose(file);
    return switches;
}

/* The sum of that for all threads but the first; -1 when there are not `count` of them that rest. */
static inline long rest_of_all(int count) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    long sum = 0;
    CHECK(tasks != NULL);
    while ((task = readdir(tasks)) != NULL) {
        long switches;
        if (task->d_name[0] == '.' || atol(task->d_name) == (long)getpid())
            continue;
        count--;
        switches = rest_of(task->d_name);
        if (switches < 0)
            sum = -1;
        else if (sum >= 0)
            sum += switches;
    }
    closedir(tasks);
    return count == 0 ? sum : -1;
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_A_RESTLESS_THREAD /* of the sanitizer's own */
#endif
#endif

/* Called by the first thread: returns when `count` others are there and all of them wait for something. */
static inline void others_wait(int count) {
#ifdef HAS_A_RESTLESS_THREAD
    int naps;
    (void)count;
    (void)rest_of_all;
    for (naps = 0; naps < 50; naps++)
        nap();
#else
    int looks, still = 0;
    long before = -1;
    for (looks = 0; still < 3; looks++) {
        long now = rest_of_all(count);
        CHECK(looks < 3000);
        still = now >= 0 && now == before ? still + 1 : 0;
        before = now;
        nap();
    }
#endif
}

#endif
