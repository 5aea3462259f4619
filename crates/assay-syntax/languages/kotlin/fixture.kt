@file:JvmName("Ledger")

package org.example.ledger

import java.util.*
import kotlin.math.max as largest

/** How an entry looks. */
interface Described<in T : Comparable<T>> {
    val width: Int
    fun describe(amount: T, unit: String = "EUR"): String
    fun shorten(amount: T) = describe(amount)
}

typealias Filter = (entry: Entry, Int) -> Boolean

const val LIMIT = 10_000
val rate = 0.25f

enum class Kind(private val sign: Int) {
    DEPOSIT(1),
    WITHDRAWAL(-1) {
        override fun apply(x: Int): Int = -x
    };

    open fun apply(x: Int): Int = x * sign
}

data class Pair<A, B>(val left: A, var right: B)
sealed class Shape
object Registry {
    val shapes = mutableListOf<Shape>()
}
annotation class Logged(val level: Int)

/* Not for everyone. */
@Logged(level = 1)
abstract class Entry(val amount: Long, note: String?, vararg rest: Int) : Base(amount), Described<Long> {
    var total: Long = 0x10L
        get() = field + 1
        private set(value) { field = value }
    lateinit var letters: List<Char>
    val lazily by lazy { 1 }

    init {
        require(amount > 0)
    }

    constructor(amount: Long) : this(amount, "none") {
        total = amount
    }

    abstract fun weigh(): Int

    companion object Factory {
        fun empty() = null
    }

    inner class Node(val next: Node?)
}

fun String?.shout(times: Int): String = this ?: "none"

infix fun Int.plus(other: Int): Int { return this + other }

suspend fun <T> classify(entry: T, counts: IntArray, by: (T, Int) -> Boolean): String {
    if (entry == null || counts[0] >= 3 && !by(entry, 1)) {
        return "none"
    } else if (entry is Entry && entry !in list) {
        return "$entry and ${entry.amount}"
    } else {
        println('\'')
    }
    val found = when (entry) {
        1, 2 -> "few"
        is String -> "text"
        in 3..4 -> { "some" }
        else -> throw IllegalArgumentException("what is it?")
    }
    when {
        counts.size < 2 -> return found
        else -> Unit
    }
    return if (found === "few") "a" else "b"
}

fun count(entries: Map<String, Int>): Int {
    var sum = 0
    outer@ for ((key, value) in entries) {
        for (i in 0 until 10 step 2) {
            if (i % 2 != 0) continue@outer
            if (i == 4) break@outer else continue
        }
        while (sum <= 10) sum += value
        do {
            sum--
        } while (sum > 100)
        while (true) break
    }
    try {
        sum = risky() as Int
    } catch (error: IllegalStateException) {
        sum = -1
    } finally {
        done()
    }
    return sum
}

fun pass() {
    val twice = { x: Int -> x * 2 }
    val sum = fun(a: Int, b: Int): Int { return a + b }
    val pairs = { (a, b), c: Int -> a - b + c }
    val (left, right) = Pair(1, "b")
    list.map { it.first?.second!! }.forEach(::println)
    list.forEach { if (it > 1.5) return@forEach }
    val runner = object : Runnable {
        override fun run() { sum(*counts, 1) }
    }
    val text = """
        raw "text" $left
    """
    val boxed = left as? Long
    // The width counts the unit too.
    @Suppress("unused") val numbers = [1, 2]
}
