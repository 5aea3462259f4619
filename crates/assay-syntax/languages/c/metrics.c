/* Expected values of the metrics, above each function. Rules: docs/metrics.md. */
#ifndef METRICS_H
#define METRICS_H

/* metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0 */
void nothing(void) {}

/* metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=3 */
int sign(int number)
{
    if (number > 0)
        return 1;
    else if (number < 0)
        return -1;
    else
        return 0;
}

/* metrics: cyclomatic=3 cognitive=4 nesting=2 params=2 name=nested_in_else */
static struct thing *nested_in_else(int left, int right)
{
    if (left) {
        go();
    } else {
        if (right)
            go();
    }
}

/* metrics: cyclomatic=5 cognitive=7 nesting=3 */
void loops(int n)
{
    for (int i = 0; i < n; i++) {
        while (n--) {
            if (n == i)
                break;
        }
    }
    do {
        n++;
    } while (n < 0);
}

/* metrics: cyclomatic=2 cognitive=3 nesting=2 */
void endless(void)
{
    for (;;) {
        if (go())
            break;
    }
}

/* The last case falls into the default and is no branch of its own.
   metrics: cyclomatic=3 cognitive=1 nesting=1 exits=3 */
int word(int number)
{
    switch (number) {
    case 1:
    case 2:
        return 2;
    case 3:
        return 3;
    case 4:
    default:
        return 0;
    }
}

/* Each case that ends in a fall has statements: it is a branch.
   metrics: cyclomatic=3 cognitive=1 */
void falls(int number)
{
    switch (number) {
    case 1:
        go();
    case 2:
        stop();
    }
}

/* metrics: cyclomatic=6 cognitive=3 */
int sequences(int a, int b, int c, int d, int e, int f)
{
    return a && b && c || d || e && f;
}

/* metrics: cyclomatic=4 cognitive=2 */
int parentheses(int a, int b, int c, int d)
{
    return a && (b && !(c && d));
}

/* metrics: cyclomatic=3 cognitive=3 */
int choices(int a, int b)
{
    return a ? 1 : b ? 2 : 3;
}

/* metrics: cyclomatic=3 cognitive=4 exits=1 */
int jumps(int n)
{
again:
    if (n == 0)
        goto out;
    if (n > 1)
        goto again;
out:
    return n;
}

/* metrics: cyclomatic=2 cognitive=2 */
int count(int n)
{
    return n == 0 ? 0 : count(n - 1);
}

/* What the preprocessor decides is read, but is no path of the program.
   metrics: cyclomatic=2 cognitive=4 nesting=1 */
void conditions(int n)
{
#ifdef WITH_LOG
    if (n)
        go();
#else
    stop();
#endif
}

/* metrics: params=3 name=parameters */
int (*parameters(int a, void (*b)(int, int), const char *c))(int)
{
    return 0;
}

#endif
