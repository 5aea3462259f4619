//! C# as it is lowered, in text.

use crate::flow::lower::check_lowering;

fn check(code: &str, expected: &str) {
    check_lowering("Sample.cs", code, expected);
}

#[test]
fn properties_are_fields_or_methods_and_out_is_handed_back() {
    check(
        r#"
namespace Shop;
class Cart(string owner) {
    const int Max = 3;
    public string Label => owner + Max;
    static bool Has(this Cart cart, out string label) {
        label = cart.Label;
        return true;
    }
}
"#,
        r#"class Shop.Cart :
alias *.Cart = Shop.Cart
Top #0 .()
  %0 = 3
  global Shop.Cart.Max = %0
Constructor #1 Shop.Cart.<init>(this: Shop.Cart, owner: System.String)
  this.owner = owner
Method #2 Shop.Cart.get Label(this: Shop.Cart)
  %1 = this.owner
  %2 = global Shop.Cart.Max
  %3 = %1 Add %2
  return %3
Plain #3 Shop.Cart.Has(cart: Shop.Cart, label: ?)
  %2 = cart.Label
  label.value = %2
  %3 = true
  return %3
"#,
    );
}

#[test]
fn patterns_bind_and_are_conditions() {
    check(
        r#"
class A {
    void F(object o) {
        if (o is string { Length: > 2 } s) G(s);
        var k = o switch { 1 => "a", _ => "b" };
    }
}
"#,
        r#"class A :
alias *.A = A
Top #0 .()
Method #1 A.F(this: A, o: System.Object)
  %2 = o as System.String
  s = %2
  %4 = o is System.String
  %5 = o.Length
  %6 = 2
  %7 = %5 Gt %6
  %8 = %4 and %7
  if %8
    %9 = this.G(s)
  switch o default=Some(1)
    %11 = 1
    arm %11
      %12 = "a"
      %10 = %12
    %13 = true
    arm
      %14 = "b"
      %10 = %14
  k = %10
"#,
    );
}
