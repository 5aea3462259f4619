package org.example.ledger;

import java.util.*;
import java.util.function.Function;
import static java.lang.Math.max;

/** A small ledger of deposits and withdrawals. */
@FunctionalInterface
public interface Described<T extends Comparable<T>> extends Base {
    int WIDTH = 8;

    /// Says an amount in words.
    String describe(T amount, int width);

    default String shorten(T amount) {
        return describe(amount, WIDTH);
    }
}

@interface Logged {
    String value() default "none";
    int[] levels() default { 1, 2 };
}

enum Kind implements Runnable {
    DEPOSIT(1),
    WITHDRAWAL(2) {
        @Override
        public void run() {}
    };

    private final int sign;

    Kind(int sign) {
        this.sign = sign;
    }

    public void run() {}
}

record Pair(int left, List<String> right) {
    Pair {
        assert left > 0 : "positive";
    }
}

sealed abstract class Entry<T> extends Base implements Described<T>, Cloneable permits Small, Large {
    private static final double RATE = 0.25, LIMIT = 1e3;
    protected transient volatile char letter = '\'';
    long total;

    static {
        System.out.println("loaded");
    }

    {
        total = 0x10L;
    }

    /* Not for everyone. */
    protected Entry(final T amount, String... notes) throws IllegalStateException {
        super(amount);
        this.total = notes.length;
    }

    abstract int weigh();

    private native void seal();

    boolean compare(Entry<T> this, @Logged("x") Object other, int[] counts) {
        if (other == null || counts[0] >= 3 && !(other instanceof String)) {
            return false;
        } else if (other instanceof Entry<?> entry && entry.total != 1) {
            return true;
        } else {
            ;
        }
        return counts.length > 0 ? counts[0] < 2 : true;
    }

    String classify(Object value) {
        switch (this.letter) {
            case 'a':
            case 'b', 'c':
                break;
            default:
                total++;
        }
        return switch (value) {
            case Integer i when i > 10 -> "large";
            case Pair(int left, var right) -> {
                yield "pair" + left;
            }
            case null, default -> throw new IllegalArgumentException("what is " + value);
        };
    }

    int count(List<Integer> entries) {
        int sum = 0, step = ~1;
        outer:
        for (int i = 0, n = entries.size(); i < n; i++) {
            for (final Integer entry : entries) {
                if (entry == i) continue outer;
                else break outer;
            }
            while (sum < 10) sum += i << 2;
            do {
                --sum;
            } while (sum > 100);
        }
        synchronized (this) {
            total = sum;
        }
        try (var reader = open(); other) {
            sum = (int) reader.read();
        } catch (IllegalStateException | NullPointerException error) {
            sum = -1;
        } finally {
            seal();
        }
        try { sum = 1; } catch (Exception e) { }
        return sum;
    }

    void pass() {
        Function<Integer, Integer> twice = x -> x * 2;
        Runnable run = () -> { twice.apply(1); };
        Comparator<Integer> by = (a, b) -> a - b;
        Comparator<Integer> typed = (Integer a, Integer b) -> a % b;
        Object text = """
            A "text" block.
            """;
        Thread thread = new Thread(new Runnable() {
            @Override
            public void run() {
                Entry.this.total = 1_000;
            }
        });
        String note = STR."total \{total}";
        int[][] grid = new int[3][], row = { 1, 0b11, 017 };
        list.stream().map(String::valueOf).forEach(System.out::println);
    }
}

module org.example.ledger {
    requires java.base;
    exports org.example.ledger to other;
}
