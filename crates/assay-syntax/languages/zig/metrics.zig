// Expected values of the metrics, above each function. Rules: docs/metrics.md.

// metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0
fn nothing() void {}

// metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=3
fn sign(number: i32) i32 {
    if (number > 0) {
        return 1;
    } else if (number < 0) {
        return -1;
    } else {
        return 0;
    }
}

// metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
fn nestedInElse(left: bool, right: bool) void {
    if (left) {
        go();
    } else {
        if (right) {
            go();
        }
    }
}

// metrics: cyclomatic=4 cognitive=6 nesting=3
fn threeDeep(rows: [][]u8) void {
    for (rows) |row| {
        while (row.len > 0) {
            if (stop()) {
                break;
            }
        }
    }
}

// metrics: cyclomatic=3 cognitive=1 nesting=1
fn word(number: u8) []const u8 {
    return switch (number) {
        1, 2 => "few",
        3 => "some",
        else => "many",
    };
}

// metrics: cyclomatic=2 cognitive=1
fn exhaustive(value: Kind) u8 {
    switch (value) {
        .one => go(),
        .two => stop(),
    }
}

// metrics: cyclomatic=6 cognitive=3
fn sequences(a: bool, b: bool, c: bool, d: bool, e: bool, f: bool) bool {
    return a and b and c or d or e and f;
}

// metrics: cyclomatic=4 cognitive=2
fn parentheses(a: bool, b: bool, c: bool, d: bool) bool {
    return a and (b and !(c and d));
}

// metrics: cyclomatic=2 cognitive=2
fn count(n: u32) u32 {
    return if (n == 0) 0 else count(n - 1);
}

// metrics: cyclomatic=4 cognitive=7 nesting=3
fn jumps(rows: [][]u8) void {
    outer: for (rows) |row| {
        for (row) |cell| {
            if (cell == 0) continue :outer;
        }
    }
}

// metrics: params=3
fn parameters(a: i32, comptime b: type, c: anytype) void {}
