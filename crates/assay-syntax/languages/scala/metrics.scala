// Expected values of the metrics, above each function. Rules: docs/metrics.md.
package metrics

object Functions {
  // metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0 qualified=Functions.nothing
  def nothing(): Unit = {}

  // metrics: cyclomatic=3 cognitive=3 nesting=1 params=1
  def sign(number: Int): Int = {
    if (number > 0) {
      1
    } else if (number < 0) {
      -1
    } else {
      0
    }
  }

  // metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
  def nestedInElse(left: Boolean, right: Boolean): Unit = {
    if (left) {
      go()
    } else {
      if (right) go()
    }
  }

  // metrics: cyclomatic=4 cognitive=4 nesting=2
  def loops(rows: List[List[Int]]): Unit = {
    for (row <- rows) {
      while (row.isEmpty) go()
    }
    do { go() } while (stop())
  }

  // All values must have a branch: without a wildcard the last is what is left.
  // metrics: cyclomatic=2 cognitive=1 nesting=1
  def exhaustive(value: Option[Int]): Int = value match {
    case Some(number) => number
    case None => 0
  }

  // metrics: cyclomatic=4 cognitive=2
  def patterns(value: Any): String = value match {
    case number: Int if number > 0 => "number"
    case "a" | "b" => "letter"
    case _ => "other"
  }

  // metrics: cyclomatic=3 cognitive=3 nesting=2 exits=1
  def handlers(): Unit = {
    try {
      go()
    } catch {
      case error: RuntimeException =>
        if (stop()) throw error
    } finally {
      stop()
    }
  }

  // metrics: cyclomatic=6 cognitive=3
  def sequences(a: Boolean, b: Boolean, c: Boolean, d: Boolean, e: Boolean, f: Boolean): Boolean =
    a && b && c || d || e && f

  // metrics: cyclomatic=4 cognitive=2
  def parentheses(a: Boolean, b: Boolean, c: Boolean, d: Boolean): Boolean =
    a && (b && !(c && d))

  // metrics: cyclomatic=2 cognitive=3
  def count(n: Int): Int = if (n == 0) 0 else count(n - 1)

  // metrics: cyclomatic=2 cognitive=2 nesting=2
  def lambda(items: List[String]): Unit = {
    items.foreach(item => { if (item.isEmpty) stop() })
  }

  // metrics: params=4
  def parameters(a: Int, b: String = "x")(c: Int, d: Any*): Unit = {}
}

// class-metrics: methods=3 cyclomatic=4 cognitive=4
class Stack(items: List[Int]) {
  // metrics: cyclomatic=2 cognitive=2 params=0
  def drain(): Unit = {
    if (items.nonEmpty) this.drain()
  }

  // metrics: cyclomatic=1 cognitive=1
  def even(): Unit = odd()

  // metrics: cyclomatic=1 cognitive=1
  def odd(): Unit = even()
}
