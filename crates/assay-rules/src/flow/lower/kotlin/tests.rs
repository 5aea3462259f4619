//! Kotlin as it is lowered, in text.

use crate::flow::lower::check_lowering;

#[test]
fn templates_elvis_and_when_are_lowered() {
    check_lowering(
        "Sample.kt",
        r#"
package shop
fun String.quoted(other: String?): String {
    val text = other ?: return "none"
    return when (text) { "a" -> "$this"; else -> text }
}
"#,
        r#"Top #0 .()
Plain #1 .quoted(this: java.lang.String, other: java.lang.String)
  %4 = other coalesce %3
    %2 = "none"
    return %2
    %3 = ?
  text = %4
  switch text default=Some(1)
    %7 = "a"
    arm %7
      %8 = text(this)
      %6 = %8
    arm
      %6 = text
  return %6
"#,
    );
}

#[test]
fn names_in_strings_are_told_from_text() {
    check_lowering(
        "Sample.kt",
        r##"
fun f(one: Int, `a b`: Int) {
    g("$one,$`a b`.${one}s\$one\t\\$one $ 1$2$", """\$one$""", "\$one")
}
"##,
        r##"Top #0 .()
Plain #1 .f(one: int, a b: int)
  %2 = ","
  %3 = "."
  %4 = "s$one\t\\"
  %5 = " $ 1$2$"
  %6 = text(one, %2, a b, %3, one, %4, one, %5)
  %7 = "\\"
  %8 = "$"
  %9 = text(%7, one, %8)
  %10 = "$one"
"##,
    );
}

#[test]
fn data_classes_have_methods_of_their_own() {
    check_lowering(
        "Sample.kt",
        "package shop\ndata class Sum(val one: String)\n",
        r#"class shop.Sum :
alias *.Sum = shop.Sum
Top #0 .()
Constructor #1 shop.Sum.<init>(this: shop.Sum, one: java.lang.String)
  this.one = one
Method #2 shop.Sum.component1(this: shop.Sum)
  %1 = this.one
  return %1
Method #3 shop.Sum.get [](this: shop.Sum, place: ?)
  %2 = 0
  %3 = this.one
  %4 = {%2: %3}
  %5 = %4[place]
  return %5
Method #4 shop.Sum.copy(this: shop.Sum, one: java.lang.String)
  default one = %2
    %2 = this.one
  %3 = new shop.Sum(one)
  return %3
"#,
    );
}
