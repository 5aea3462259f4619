// Expected values of the metrics, above each function. Rules: docs/metrics.md.

// metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0
function nothing() {}

// metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=3
function sign(number: number): number {
  if (number > 0) {
    return 1;
  } else if (number < 0) {
    return -1;
  } else {
    return 0;
  }
}

// metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
function nestedInElse(left, right) {
  if (left) {
    go();
  } else {
    if (right) go();
  }
}

// metrics: cyclomatic=6 cognitive=8 nesting=3
function loops(rows) {
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      while (row[i]) row[i]--;
    }
  }
  for (const key in rows) go(key);
  do {} while (go());
}

// metrics: cyclomatic=2 cognitive=3 nesting=2
function endless() {
  for (;;) {
    if (go()) break;
  }
}

// metrics: cyclomatic=3 cognitive=1 nesting=1 exits=2
function word(number) {
  switch (number) {
    case 1:
    case 2:
      return "few";
    case 3:
    default:
      return "many";
    case 4:
      go();
  }
}

// metrics: cyclomatic=4 cognitive=4 nesting=2 exits=1
function handlers() {
  try {
    go();
  } catch {
    if (stop()) throw new Error("stopped");
  } finally {
    stop();
  }
  while (false);
}

// metrics: cyclomatic=6 cognitive=3
function sequences(a, b, c, d, e, f) {
  return a && b && c || d || e && f;
}

// metrics: cyclomatic=4 cognitive=2
function parentheses(a, b, c, d) {
  return a && (b && !(c && d));
}

// A default by `||` is a logical operator, one by `??` is shorthand. Both decide.
// metrics: cyclomatic=4 cognitive=1
function defaults(a, b, c) {
  const d = a || 1;
  const e = b ?? 2;
  c ??= 3;
  return d + e + a?.b;
}

// metrics: cyclomatic=3 cognitive=3
function choices(a, b) {
  return a ? 1 : b ? 2 : 3;
}

// metrics: cyclomatic=4 cognitive=7 nesting=3
function jumps(rows) {
  outer: for (const row of rows) {
    for (const cell of row) {
      if (cell) continue outer;
    }
  }
}

// metrics: cyclomatic=2 cognitive=2 exits=1
function count(n) {
  return n === 0 ? 0 : count(n - 1);
}

// A function that only holds others is a namespace: what is inside stands for
// itself, and is not nested.
// metrics: cyclomatic=1 cognitive=0
function namespace() {
  const state = {};
  // metrics: cyclomatic=2 cognitive=1
  state.check = function (a) {
    if (a) go();
  };
  return state;
}

// With a condition of its own it is a function like any other.
// metrics: cyclomatic=2 cognitive=3
function notNamespace(a) {
  if (a) stop();
  // metrics: cyclomatic=2 cognitive=1 name=check params=1
  const check = (b) => {
    if (b) go();
  };
  check(a);
}

// A nameless function counts towards the one around it.
// metrics: cyclomatic=3 cognitive=4 nesting=1
function callback(items) {
  if (items) {
    items.map((item) => item ? 1 : 0);
  }
}

// metrics: cyclomatic=2 cognitive=1 name=arrow params=1
const arrow = (n) => n ? 1 : 0;

// metrics: cyclomatic=1 cognitive=0 name=single params=1
const single = n => n;

// class-metrics: methods=4 cyclomatic=5 cognitive=3 functions=4
class Stack {
  // metrics: cyclomatic=1 params=1
  constructor(items) {
    this.items = items;
  }

  // metrics: cyclomatic=2 cognitive=2 params=0
  drain() {
    if (this.items.pop()) this.drain();
  }

  // A bare call means a function outside of the class.
  // metrics: cyclomatic=1 cognitive=0
  sign() {
    return sign(this.items.length);
  }

  // metrics: cyclomatic=1 cognitive=1
  get size() {
    return this.size() + 1;
  }
}

// metrics: params=4
function parameters(a: string, b = 1, c?: (x: number, y: number) => void, ...g: number[]) {}

// metrics: cyclomatic=1 cognitive=0 params=0 name=run
const object = {
  run() {},
};

// class-metrics: methods=1 cyclomatic=2
abstract class Shape {
  abstract area(): number;

  // metrics: cyclomatic=2 cognitive=1 params=1 qualified=Shape.scaled
  scaled(this: Shape, factor?: number): number {
    return factor ? this.area() * factor : this.area();
  }
}

namespace Tools {
  // metrics: cyclomatic=1 qualified=Tools.identity
  export function identity<T>(value: T): T {
    return value as T;
  }
}
