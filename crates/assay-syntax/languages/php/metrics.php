<?php
// Expected values of the metrics, above each function. Rules: docs/metrics.md.

// metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0
function nothing() {}

// metrics: cyclomatic=4 cognitive=4 nesting=1 params=1 exits=4
function sign($number) {
    if ($number > 9) {
        return 2;
    } elseif ($number > 0) {
        return 1;
    } else if ($number < 0) {
        return -1;
    } else {
        return 0;
    }
}

// metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
function nested_in_else($left, $right) {
    if ($left) {
        go();
    } else {
        if ($right) go();
    }
}

// metrics: cyclomatic=5 cognitive=7 nesting=3
function loops($rows) {
    foreach ($rows as $row) {
        for ($i = 0; $i < 3; $i++) {
            while ($row) $row = next($row);
        }
    }
    do {} while (go());
}

// metrics: cyclomatic=3 cognitive=1 nesting=1 exits=3
function word($number) {
    switch ($number) {
        case 1:
        case 2:
            return "few";
        case 3:
            return "some";
        default:
            return "many";
    }
}

// metrics: cyclomatic=3 cognitive=1
function arms($number) {
    return match ($number) {
        1, 2 => "few",
        3 => "some",
        default => "many",
    };
}

// metrics: cyclomatic=3 cognitive=3 nesting=2 exits=1
function handlers() {
    try {
        go();
    } catch (RuntimeException $error) {
        if ($error) throw $error;
    } finally {
        stop();
    }
}

// metrics: cyclomatic=6 cognitive=3
function sequences($a, $b, $c, $d, $e, $f) {
    return $a && $b && $c || $d || $e && $f;
}

// metrics: cyclomatic=4 cognitive=2
function parentheses($a, $b, $c, $d) {
    return $a && ($b && !($c && $d));
}

// metrics: cyclomatic=5 cognitive=1
function defaults($a, $b, $c) {
    $a ??= 1;
    return ($a ?: 1) + ($b ?? 2) + ($c ? 3 : 4) + $a?->b;
}

// A jump out of two loops is a jump to look for.
// metrics: cyclomatic=4 cognitive=7 nesting=3
function jumps($rows) {
    foreach ($rows as $row) {
        foreach ($row as $cell) {
            if ($cell) continue 2;
        }
    }
}

// metrics: cyclomatic=2 cognitive=2 exits=1
function count_down($n) {
    return $n == 0 ? 0 : count_down($n - 1);
}

// metrics: cyclomatic=3 cognitive=4 nesting=2
function lambda($items) {
    array_map(function ($item) { if ($item) stop(); }, $items);
    array_map(fn ($item) => $item ? 1 : 2, $items);
}

// metrics: cyclomatic=1 cognitive=2
function named_lambda() {
    // metrics: cyclomatic=2 cognitive=1 params=1 name=$check
    $check = fn ($a) => $a ? 1 : 2;
    return $check(1);
}

// class-metrics: methods=4 cyclomatic=5 cognitive=3
class Stack {
    // metrics: cyclomatic=1 params=1
    public function __construct(private array $items) {}

    // metrics: cyclomatic=2 cognitive=2 params=0 qualified=Stack.drain
    function drain() {
        if ($this->items) $this->drain();
    }

    // metrics: cyclomatic=1 cognitive=1
    static function forever() {
        self::forever();
    }

    // metrics: cyclomatic=1 cognitive=0
    function close() {
        $this->inner->close();
        parent::close();
        close();
    }
}

// metrics: cyclomatic=1 cognitive=0
function close() {}

// metrics: params=4
function parameters(int $a, &$b, $c = 1, ...$d) {}
