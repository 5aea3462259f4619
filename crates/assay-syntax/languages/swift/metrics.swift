// Expected values of the metrics, above each function. Rules: docs/metrics.md.

// metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0
func nothing() {}

// metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=3
func sign(_ number: Int) -> Int {
    if number > 0 {
        return 1
    } else if number < 0 {
        return -1
    } else {
        return 0
    }
}

// metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
func nestedInElse(left: Bool, right: Bool) {
    if left {
        go()
    } else {
        if right { go() }
    }
}

// A guard is a condition whose only branch is its else.
// metrics: cyclomatic=2 cognitive=1 exits=2
func guarded(value: Int?) -> Int {
    guard let number = value else { return 0 }
    return number
}

// metrics: cyclomatic=4 cognitive=4 nesting=2
func loops(rows: [[Int]]) {
    for row in rows {
        while row.isEmpty { go() }
    }
    repeat { go() } while stop()
}

// All values must have a branch: without a default the last is what is left.
// metrics: cyclomatic=3 cognitive=1 nesting=1 exits=3
func word(number: Number) -> String {
    switch number {
    case .one, .two: return "few"
    case .three: return "some"
    case .four: return "many"
    }
}

// metrics: cyclomatic=4 cognitive=2
func patterns(value: Value) {
    switch value {
    case .pair(let a, let b) where a == b: go()
    case .single: stop()
    default: break
    }
}

// metrics: cyclomatic=4 cognitive=4 nesting=2 exits=1
func handlers() throws {
    do {
        try go()
    } catch Problem.first {
        if stop() { throw Problem.second }
    } catch {
        stop()
    }
}

// metrics: cyclomatic=6 cognitive=3
func sequences(a: Bool, b: Bool, c: Bool, d: Bool, e: Bool, f: Bool) -> Bool {
    return a && b && c || d || e && f
}

// metrics: cyclomatic=4 cognitive=2
func parentheses(a: Bool, b: Bool, c: Bool, d: Bool) -> Bool {
    return a && (b && !(c && d))
}

// metrics: cyclomatic=4 cognitive=3
func choices(a: Bool, b: Bool, c: Int?) -> Int {
    return a ? 1 : (b ? 2 : c ?? 3)
}

// metrics: cyclomatic=4 cognitive=7 nesting=3
func jumps(rows: [[Int]]) {
    outer: for row in rows {
        for cell in row {
            if cell == 0 { continue outer }
        }
    }
}

// metrics: cyclomatic=2 cognitive=2
func count(n: Int) -> Int {
    return n == 0 ? 0 : count(n: n - 1)
}

// metrics: cyclomatic=2 cognitive=2 nesting=2
func lambda(items: [String]) {
    items.forEach { item in
        if item.isEmpty { stop() }
    }
}

// class-metrics: methods=3 cyclomatic=4 cognitive=3
class Stack {
    var items: [Int]

    // metrics: cyclomatic=1 params=1
    init(items: [Int]) {
        self.items = items
    }

    // metrics: cyclomatic=2 cognitive=2 params=0 qualified=Stack.drain
    func drain() {
        if items.popLast() != nil { self.drain() }
    }

    // metrics: cyclomatic=1 cognitive=1
    func loop() {
        loop()
    }
}

// metrics: params=3
func parameters(a: Int, with b: String = "x", _ c: Any...) {}
