// Expected values of the metrics, above each function. Rules: docs/metrics.md.
package metrics

// metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0
fun nothing() {}

// metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=3
fun sign(number: Int): Int {
    if (number > 0) {
        return 1
    } else if (number < 0) {
        return -1
    } else {
        return 0
    }
}

// metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
fun nestedInElse(left: Boolean, right: Boolean) {
    if (left) {
        go()
    } else {
        if (right) go()
    }
}

// metrics: cyclomatic=2 cognitive=2
fun expression(a: Boolean): Int = if (a) 1 else 2

// metrics: cyclomatic=4 cognitive=4 nesting=2
fun loops(rows: List<MutableList<Int>>) {
    for (row in rows) {
        while (row.isNotEmpty()) row.clear()
    }
    do {} while (go())
}

// metrics: cyclomatic=3 cognitive=1 nesting=1
fun word(number: Int): String = when (number) {
    1, 2 -> "few"
    3 -> "some"
    else -> "many"
}

// metrics: cyclomatic=4 cognitive=2
fun subjectless(number: Int) {
    when {
        number > 0 && number < 9 -> go()
        number == 0 -> stop()
        else -> {}
    }
}

// metrics: cyclomatic=3 cognitive=3 nesting=2 exits=1
fun handlers() {
    try {
        go()
    } catch (error: Exception) {
        if (error.cause == null) throw error
    } finally {
        stop()
    }
}

// metrics: cyclomatic=6 cognitive=3
fun sequences(a: Boolean, b: Boolean, c: Boolean, d: Boolean, e: Boolean, f: Boolean) =
    a && b && c || d || e && f

// metrics: cyclomatic=4 cognitive=2
fun parentheses(a: Boolean, b: Boolean, c: Boolean, d: Boolean) = a && (b && !(c && d))

// The Elvis operator decides and is shorthand; a safe call is only shorthand.
// metrics: cyclomatic=2 cognitive=0
fun defaults(a: String?) = a?.length ?: 0

// metrics: cyclomatic=4 cognitive=7 nesting=3
fun jumps(rows: List<List<Int>>) {
    outer@ for (row in rows) {
        for (cell in row) {
            if (cell == 0) continue@outer
        }
    }
}

// metrics: cyclomatic=2 cognitive=3
fun count(n: Int): Int = if (n == 0) 0 else count(n - 1)

// metrics: cyclomatic=2 cognitive=2 nesting=2
fun lambda(items: List<String>) {
    items.forEach {
        if (it.isEmpty()) stop()
    }
}

// metrics: cyclomatic=1 cognitive=3
fun namedLambda() {
    // metrics: cyclomatic=2 cognitive=2 name=check
    val check = { a: Boolean -> if (a) 1 else 2 }
    check(true)
}

// class-metrics: methods=3 cyclomatic=4 cognitive=3
class Stack(val items: MutableList<Int>) {
    // metrics: cyclomatic=2 cognitive=2 params=0 qualified=Stack.drain
    fun drain() {
        if (items.isNotEmpty()) this.drain()
    }

    // metrics: cyclomatic=1 cognitive=1
    fun loop() {
        loop()
    }

    // metrics: cyclomatic=1 cognitive=0
    fun other(stack: Stack) {
        stack.other(this)
    }
}

// metrics: params=3
fun parameters(a: Int, b: String = "x", vararg c: Any) {}
