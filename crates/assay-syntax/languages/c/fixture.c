/** A small ledger of deposits and withdrawals. */
#include <stdio.h>
#include "storage.h"
#include CONFIG_HEADER

#define LIMIT 10000
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#if defined(_WIN32) && VERSION > 3
#  define SEP '\\'
#elif VERSION == 2
extern int old;
#elifdef OTHER
extern int other;
#else
#define SEP '/'
#endif

typedef struct {
    int left, *right;
} Pair;

/// One line of the ledger.
struct entry {
    const char *note, name[8]; // Not owned.
    unsigned long amount : 3;
    int (*compare)(const struct entry *a, const struct entry *b);
    struct entry *next;
    union { int whole; float half; };
};

enum kind { DEPOSIT, WITHDRAWAL = 2 };
typedef unsigned int amount_t;

static int check(const struct entry *, int width, ...);
char *describe(void);
struct entry **all(int count);
extern int (*hook)(int);
int *(*table[3])(int) = { NULL, nullptr };

#ifdef DEBUG
[[noreturn]] void fail(const char *why) __attribute__((noreturn));
#endif

/*! Says an amount in words. */
char *describe(void) {
    static char text[] = "a \"text\"" " of parts";
    return text;
}

static inline int classify(struct entry *entry, amount_t limit, int counts[], int (*by)(int, char)) {
    /* The width counts the unit too. */
    if (entry->amount > limit && counts[0] >= 3 || !entry->note) {
        return -1;
    } else if (entry == NULL) {
        return (*entry).amount;
    } else {
        ;
    }
    switch (entry->amount) {
    case 1:
    case 'x':
        break;
    case LIMIT: {
        counts[0] += 1;
        break;
    }
    default:
        goto end;
    }
end:
    return by(1, 'c') ? true : false;
}

int (*pick(int kind))(int) {
    return kind != DEPOSIT ? hook : 0;
}

int old_style(a, b)
    int a;
    char b;
{
    return a + b;
}

int main(int argc, char **argv) {
    int total = 0, step = ~1, *at = &total;
    struct entry first = { .note = "none", .name = { 'a', 'b' } }, *list = &first;
    for (int i = 0; i < argc; i++) {
        if (i % 2) continue;
        while (total <= 10)
            total += i << 2 | 1;
        do {
            --total;
        } while (total > 100);
        for (;;) break;
    }
    printf("%d %zu\n", MAX(total, 0x1F), sizeof(struct entry));
    *at = (int)1.5e3 + sizeof total;
    __try {
        old_style(1, 2);
    } __except (1) {
        __leave;
    }
    __try {
        step = step ^ 3;
    } __finally {
        list->next = 0;
    }
    return total;
}
