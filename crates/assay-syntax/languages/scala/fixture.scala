package org.example.ledger

import java.util._
import scala.collection.mutable.{ListBuffer, Map => MutableMap}
export Storage.open

/** How an entry looks. */
trait Described[-T <: Ordered[T]] {
  val width: Int
  var label: String
  def describe(amount: T, unit: String = "EUR"): String
  def shorten(amount: T) = describe(amount)
}

enum Kind(val sign: Int):
  case Deposit extends Kind(1)
  case Other(note: String) extends Kind(-1)
  def short: String = "kind"

case class Pair[A, B](left: A, var right: B)
sealed abstract class Shape
object Registry extends App { val shapes, others = ListBuffer[Shape]() }
package object defaults { type Amount = Long }

/* Not for /* nested */ everyone. */
@deprecated("old", since = "1")
class Entry[T](val amount: Long, note: String, rest: Int*)(implicit log: Log)
    extends Base(amount) with Described[T] {
  private lazy val rate = 0.25
  var (first, second) = pair
  protected[this] var total: Long = _

  def this(amount: Long) = {
    this(amount, "none")
    total = amount
  }

  final override def +(other: Entry[T]): Entry[T] = other
  def total_=(value: => Long): Unit = { this.total = value }
}

given ordering: Ordering[Entry[Int]] with {
  def compare(x: Entry[Int], y: Entry[Int]): Int = 0
}

extension (text: String)
  def shout(times: Int): String = text * times

def classify[T](entry: T, counts: Array[Int])(by: (T, Int) => Boolean): String = {
  if (entry == null || counts(0) >= 3 && !by(entry, 1)) {
    return "none"
  } else if (entry.isInstanceOf[String]) {
    s"$entry and ${counts.length}"
  } else {
    println('\'')
  }
  val found = entry match {
    case 1 | 2 => "few"
    case text: String if text.nonEmpty && text != "b" => text
    case Pair(left, _) => left.toString
    case _ => throw new IllegalArgumentException("what is it?")
  }
  found
}

def count(entries: Seq[Int]): Int =
  var sum = 0
  for (entry <- entries; i <- 0 until 10 if i % 2 == 0) {
    sum += entry
  }
  while sum <= 10 do sum -= 1
  do { sum = sum * 2 } while (sum > 100)
  try {
    sum = risky()
  } catch {
    case error: IllegalStateException => sum = -1
    case _: Throwable => throw error
  } finally {
    done()
  }
  if sum > 1 then sum else -sum

def pass(): Unit = {
  val twice = (x: Int) => x * 2
  val same: Int => Int = x => x
  val squares = for { n <- 1 to 3; m = n if n > 1 } yield n * m
  list.map(_ + 1.5).foreach { item => println(item) }
  pairs.map { case (a, b) => a }
  val runner = new Runnable { def run() = sum(counts: _*) }
  val raw = """raw "text" """
  val tuple = (1, true, 'c')
  val made = new Entry[Int](0x1F)
  // The width counts the unit too.
  made.rate
  list :+ 1
  list toString
}

package inner {
  class Hidden
}
