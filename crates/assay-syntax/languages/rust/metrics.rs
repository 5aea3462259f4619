// Expected values of the metrics, above each function. Rules: docs/metrics.md.

// metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0
fn nothing() {}

// metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=0
fn sign(number: i32) -> i32 {
    if number > 0 {
        1
    } else if number < 0 {
        -1
    } else {
        0
    }
}

// metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
fn nested_in_else(left: bool, right: bool) {
    if left {
        go();
    } else {
        if right {
            go();
        }
    }
}

// metrics: cyclomatic=4 cognitive=6 nesting=3
fn three_deep(rows: Vec<Vec<i32>>) {
    for row in rows {
        while let Some(cell) = row.pop() {
            if cell > 0 {
                go();
            }
        }
    }
}

// A loop without a condition decides nothing, the break in it does.
// metrics: cyclomatic=2 cognitive=3 nesting=2
fn endless() {
    loop {
        if go() {
            break;
        }
    }
}

// All values must have an arm: the last one is what is left.
// metrics: cyclomatic=2 cognitive=1 nesting=1
fn exhaustive(value: Option<i32>) -> i32 {
    match value {
        Some(number) => number,
        None => 0,
    }
}

// A match inside an arm does not take the last arm's place.
// metrics: cyclomatic=4 cognitive=3 nesting=2
fn exhaustive_in_exhaustive(value: Result<Option<i32>, Error>) -> i32 {
    match value {
        Ok(inner) => match inner {
            Some(number) => number,
            None => 0,
        },
        Err(Error::First) => 1,
        Err(Error::Second) => 2,
    }
}

// metrics: cyclomatic=3 cognitive=1
fn with_rest(number: i32) -> &'static str {
    match number {
        1 | 2 => "few",
        3 => "some",
        _ => "many",
    }
}

// An arm with a condition takes not all of what is left.
// metrics: cyclomatic=5 cognitive=3
fn guarded(number: i32) -> i32 {
    match number {
        n if n < 0 => -1,
        _ if go() => 1,
        _ => 0,
    }
}

// metrics: cyclomatic=2 cognitive=1 exits=1
fn let_else(value: Option<i32>) -> i32 {
    let Some(number) = value else { return 0 };
    number
}

// metrics: cyclomatic=3 cognitive=2 nesting=1
fn if_let(value: Option<i32>) {
    if let Some(number) = value && number > 0 {
        go();
    }
}

// Passing an error on is a way out, and no decision of this function.
// metrics: cyclomatic=1 cognitive=0 exits=2
fn question_mark(path: &str) -> Result<String, Error> {
    let text = read(path)?;
    Ok(parse(text)?)
}

// metrics: cyclomatic=6 cognitive=3
fn sequences(a: bool, b: bool, c: bool, d: bool, e: bool, f: bool) -> bool {
    a && b && c || d || e && f
}

// metrics: cyclomatic=4 cognitive=2
fn parentheses(a: bool, b: bool, c: bool, d: bool) -> bool {
    a && (b && !(c && d))
}

// metrics: cyclomatic=4 cognitive=7 nesting=3
fn jumps(rows: Vec<Vec<i32>>) {
    'outer: for row in rows {
        for cell in row {
            if cell == 0 {
                continue 'outer;
            }
        }
    }
}

// metrics: cyclomatic=2 cognitive=3 exits=0
fn count(n: u32) -> u32 {
    if n == 0 { 0 } else { count(n - 1) }
}

// metrics: cyclomatic=2 cognitive=2 nesting=2
fn closure(items: &[i32]) {
    items.iter().for_each(|item| {
        if *item > 0 {
            go();
        }
    });
}

// metrics: cyclomatic=1 cognitive=2
fn inner() {
    // metrics: cyclomatic=2 cognitive=1 qualified=inner.helper
    fn helper(a: bool) {
        if a {
            go();
        }
    }
    helper(true);
}

struct Stack {
    items: Vec<i32>,
}

// class-metrics: methods=3 cyclomatic=4 cognitive=3
impl Stack {
    // metrics: cyclomatic=1 params=1 qualified=Stack.new
    fn new(items: Vec<i32>) -> Self {
        Self { items }
    }

    // metrics: cyclomatic=2 cognitive=2 params=0
    fn drain(&mut self) {
        if self.items.pop().is_some() {
            self.drain();
        }
    }

    // metrics: cyclomatic=1 cognitive=1 params=1
    fn forever(self, n: u32) -> Self {
        Self::forever(self, n)
    }
}

trait Shape {
    fn area(&self) -> f64;

    // metrics: cyclomatic=1 cognitive=0
    fn twice(&self) -> f64 {
        self.area() * 2.0
    }
}

// metrics: params=3
fn parameters(a: i32, (b, c): (i32, i32), d: fn(i32, i32) -> i32) {}
