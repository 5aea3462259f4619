// Expected values of the metrics, above each method. Rules: docs/metrics.md.
// class-metrics: methods=25
class Metrics {
    // metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0 name=nothing qualified=Metrics.nothing
    void nothing() {}

    // metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=3
    int sign(int number) {
        if (number > 0) {
            return 1;
        } else if (number < 0) {
            return -1;
        } else {
            return 0;
        }
    }

    // metrics: cyclomatic=3 cognitive=4 nesting=2
    void nestedInElse(boolean left, boolean right) {
        if (left) {
            go();
        } else {
            if (right) {
                go();
            }
        }
    }

    // Without braces the inner condition belongs to the outer else all the same.
    // metrics: cyclomatic=4 cognitive=4 nesting=1
    void chain(int a) {
        if (a == 1) go();
        else if (a == 2) go();
        else if (a == 3) go();
        else stop();
    }

    // metrics: cyclomatic=5 cognitive=7 nesting=3 exits=2
    int firstPair(int[] numbers, int sum) {
        for (int i = 0; i < numbers.length; i++) {       // +1
            for (int other : numbers) {                   // +2
                if (numbers[i] + other == sum) {          // +3
                    return other;
                }
                i += other;
            }
        }
        do {} while (false);                              // +1
        throw null;
    }

    // The loop that has no condition decides nothing; to read it is a loop.
    // metrics: cyclomatic=2 cognitive=3 nesting=2
    void endless() {
        for (;;) {
            if (go()) break;
        }
    }

    // Four labels, but three branches, and the default is what is left.
    // metrics: cyclomatic=3 cognitive=1 nesting=1 exits=3
    String word(int number) {
        switch (number) {
            case 1:
            case 2:
                return "few";
            case 3:
                return "some";
            default:
                return "many";
        }
    }

    // metrics: cyclomatic=3 cognitive=1 exits=1
    String arrows(int number) {
        return switch (number) {
            case 1, 2 -> "few";
            case 3 -> "some";
            default -> "many";
        };
    }

    // metrics: cyclomatic=4 cognitive=2
    void patterns(Object value) {
        switch (value) {
            case String text when text.isEmpty() -> go();
            case String text -> stop();
            default -> {}
        }
    }

    // metrics: cyclomatic=4 cognitive=4 nesting=2
    void handlers() {
        try {
            go();
        } catch (RuntimeException error) {
            if (error.getCause() != null) stop();
        } finally {
            stop();
        }
        try (var lock = lock()) { go(); } catch (Exception | Error error) {}
    }

    // metrics: cyclomatic=6 cognitive=3
    boolean sequences(boolean a, boolean b, boolean c, boolean d, boolean e, boolean f) {
        return a && b && c || d || e && f;
    }

    // metrics: cyclomatic=4 cognitive=1
    boolean parentheses(boolean a, boolean b, boolean c, boolean d) {
        return a && ((b && c) && d);
    }

    // metrics: cyclomatic=4 cognitive=3
    void negation(boolean a, boolean b, boolean c) {
        if (a && !(b && c)) go();
    }

    // metrics: cyclomatic=4 cognitive=3
    boolean mixed(boolean a, boolean b, boolean c, boolean d) {
        return a || (b && c) || d;
    }

    // metrics: cyclomatic=3 cognitive=3 nesting=0
    int choices(boolean a, boolean b) {
        return a ? 1 : b ? 2 : 3;
    }

    // A jump to a label is a jump to look for; a bare one is not.
    // metrics: cyclomatic=5 cognitive=10 nesting=3 exits=0
    void jumps(int[][] rows) {
        outer:
        for (int[] row : rows) {                          // +1
            for (int cell : row) {                        // +2
                if (cell == 0) continue outer;            // +3 +1
                if (cell == 1) break;                     // +3
            }
        }
    }

    // metrics: cyclomatic=2 cognitive=2 exits=1
    int count(int n) {
        return n == 0 ? 0 : count(n - 1);
    }

    // The same name with other parameters is another method.
    // metrics: cyclomatic=1 cognitive=0
    int sum(int a) {
        return sum(a, 0);
    }

    // metrics: cyclomatic=1 cognitive=0 params=2
    int sum(int a, int b) {
        return this.add(a, b);
    }

    // More arguments than it has parameters: another method is meant, inherited.
    // metrics: cyclomatic=1 cognitive=0
    int load(String name) {
        return load(name, 0);
    }

    // metrics: cyclomatic=1 cognitive=1
    int loadAll(String... names) {
        return loadAll(names[0], names[1]);
    }

    // metrics: cyclomatic=1 cognitive=0
    int add(int a, int b) {
        return other.add(a, b);
    }

    // A lambda nests; what it decides also counts here, for it has no name.
    // metrics: cyclomatic=3 cognitive=3 nesting=2
    void lambdas(java.util.List<String> items) {
        items.forEach(item -> {
            if (item.isEmpty() && go()) stop();
        });
    }

    // The methods of a class made on the spot are methods of their own,
    // but nested to the reader.
    // metrics: cyclomatic=1 cognitive=2
    void anonymousClass() {
        new Thread() {
            // metrics: cyclomatic=2 cognitive=1 name=run
            public void run() {
                if (go()) stop();
            }
        }.start();
    }

    // metrics: params=4
    void parameters(int a, String b, int[] c, Object... d) {}
}

// class-metrics: methods=1 cyclomatic=1 functions=1
interface Shape {
    int area();

    // metrics: cyclomatic=1
    default int twice() {
        return 2 * area();
    }
}

// class-metrics: methods=2 cyclomatic=3 cognitive=3
class Walk {
    // metrics: cyclomatic=2 cognitive=2
    void even(int n) {
        if (n > 0) this.odd(n - 1);
    }

    // metrics: cyclomatic=1 cognitive=1
    void odd(int n) {
        even(n - 1);
    }
}
