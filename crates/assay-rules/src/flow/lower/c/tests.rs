//! C and C++ as they are lowered, in text.

use crate::flow::lower::check_lowering;

#[test]
fn arrays_and_addresses() {
    check_lowering(
        "sample.c",
        r#"
#define LIMIT 16
static int used(char *out, int *count) {
    char small[LIMIT];
    int other = 1;
    *count = read(0, small, sizeof small);
    used(small + 1, &other);
    out[other] = 'a';
    return *out;
}
"#,
        "Top #0 .()
Plain #1 .used(out: char[], count: signed[])
  %2 = 16
  %3 = array char %2
  small = %3
  %5 = 1
  other = %5
  %7 = 0
  %8 = small.\0bytes
  %9 = global read
  %10 = %9(%7, small, %8)
  %11 = 0
  count[%11] = %10
  %12 = 1
  %13 = small offset %12
  %14 = ref other
  %15 = global sample.c#used
  %16 = %15(%13, %14)
  %17 = 'a'
  out[other] = %17
  %18 = 0
  %19 = out[%18]
  return %19
",
    );
}

#[test]
fn jumps() {
    check_lowering(
        "sample.c",
        r#"
int f(int n) {
again:
    if (n > 3) goto out;
    if (n < 0) goto again;
    n++;
out:
    return n;
}
"#,
        r#"Top #0 .()
Plain #1 .f(n: signed)
  block 0
    block 1
    loop  first=false
      body
        %1 = 3
        %2 = n Gt %1
        if %2
          break 0
        %3 = 0
        %4 = n Lt %3
        if %4
          continue 2
        %5 = n
        %6 = 1
        %7 = %5 Add %6
        n = %7
        break 2
  return n
"#,
    );
}

#[test]
fn classes() {
    check_lowering(
        "sample.cpp",
        r#"
namespace shop {
class Cart {
public:
    Cart(int n) : count_(n) {}
    int total(const std::string &name) const;
private:
    int count_;
    char label_[8];
};
int Cart::total(const std::string &name) const { std::string copy = name; copy += "x"; return count_; }
static void run(int &out) { out = 1; }
void all() { int n; run(n); Cart cart(n); cart.total("a"); }
}
"#,
        r#"class shop.Cart :
Top #0 .()
Method #1 shop.Cart.<fields>(this: shop.Cart)
  %1 = 8
  %2 = array char %1
  this.label_ = %2
Constructor #2 shop.Cart.<init>(this: shop.Cart, n: signed)
  this.count_ = n
Method #3 shop.Cart.total(this: shop.Cart, name: std.string)
  %2 = new std.string(name)
  copy = %2
  %4 = "x"
  %5 = copy.operator+=(%4)
  %6 = this.count_
  return %6
Plain #4 .shop.run(out: signed)
  %1 = 1
  %2 = 0
  out[%2] = %1
Plain #5 .shop.all()
  %1 = ref n
  %2 = global sample.cpp#shop.run
  %3 = %2(%1)
  %4 = new shop.Cart(n)
  cart = %4
  %6 = "a"
  %7 = cart.total(%6)
"#,
    );
}
