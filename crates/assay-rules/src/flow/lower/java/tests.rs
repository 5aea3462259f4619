//! Java as it is lowered, in text.

use crate::flow::lower::check_lowering;

fn check(code: &str, expected: &str) {
    check_lowering("Sample.java", code, expected);
}

#[test]
fn fields_methods_and_names_are_resolved() {
    check(
        r#"
package shop;
import java.util.List;
class Cart {
    static final int MAX = 3;
    private String owner;
    Cart(String owner) { this.owner = owner; }
    String label(List<String> items) {
        return owner + MAX + items.get(0);
    }
}
"#,
        r#"class shop.Cart :
Top #0 .()
  %0 = 3
  global shop.Cart.MAX = %0
Constructor #1 shop.Cart.<init>(this: shop.Cart, owner: java.lang.String)
  this.owner = owner
Method #2 shop.Cart.label(this: shop.Cart, items: java.util.List)
  %2 = this.owner
  %3 = global shop.Cart.MAX
  %4 = %2 Add %3
  %5 = 0
  %6 = items.get(%5)
  %7 = %4 Add %6
  return %7
"#,
    );
}

#[test]
fn lambdas_capture_and_switches_yield() {
    check(
        r#"
class A {
    int f(int n, String s) {
        Runnable r = () -> use(s);
        int k = switch (n) { case 1, 2 -> 10; default -> { yield 20; } };
        for (String part : s.split(",")) { if (part.isEmpty()) continue; }
        return n > 0 && k < 5 ? k : 0;
    }
    static void use(String s) {}
}
"#,
        r#"class A :
Top #0 .()
Method #1 A.f(this: A, n: int, s: java.lang.String)
  %3 = closure #2
  r = %3
  switch n default=Some(1)
    %6 = 1
    %7 = 2
    arm %6, %7
      %8 = 10
      %5 = %8
    arm
      %9 = 20
      %5 = %9
      break 0
  k = %5
  %11 = ","
  %12 = s.split(%11)
  each %13 of %12 (Elements)
    part = %13
    %15 = part.isEmpty()
    if %15
      continue 1
  %16 = 0
  %17 = n Gt %16
  %20 = %17 and %19
    %18 = 5
    %19 = k Lt %18
  if %20
    %21 = k
  else
    %22 = 0
    %21 = %22
  return %21
Closure #2 .()
  capture s
  %0 = global A
"#,
    );
}
