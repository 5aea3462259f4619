//! Ruby as it is lowered, in text.

use crate::flow::lower::check_lowering;

fn check(code: &str, expected: &str) {
    check_lowering("app/page.rb", code, expected);
}

#[test]
fn names_are_variables_once_they_were_set() {
    check(
        r##"a = b
c ||= a
d, (e, *f) = a, 1
puts "x #{a}\n" if d && !e
"##,
        r##"Top #0 .()
  %0 = global b
  %1 = %0()
  a = %1
  %3 = null
  %4 = %3 or a
  c = %4
  %6 = 1
  %7 = [a, %6]
  %8 = 0
  %9 = %7[%8]
  %10 = 1
  %11 = %7[%10]
  d = %9
  %13 = 0
  %14 = %11[%13]
  %15 = 1
  %16 = %11[%15..]
  e = %14
  f = %16
  %20 = d and %19
    %19 = Not e
  if %20
    %21 = "x "
    %22 = "\n"
    %23 = text(%21, a, %22)
    %24 = global puts
    %25 = %24(%23)
"##,
    );
}

#[test]
fn methods_return_their_last_value() {
    check(
        r##"module M
 class A < B::C
  attr_accessor :x
  K = %w[a b].freeze
  def initialize(y, z: 1, **o, &b)
   @x = y
   super
  end
  def self.w = K
  def v(i)
   return 1 unless i
   case i
   when 1, 'b' then yield i
   else x
   end
  end
 end
end
"##,
        r##"class M :
class M.A : M.B.C
alias M.B = B
Top #0 .()
  self = class 0
  self = class 1
  %2 = null
  %3 = "a"
  %4 = "b"
  %5 = [%3, %4]
  %6 = %5.freeze()
  global M.A.K = %6
Method #1 M.A.x(self: M.A)
  %1 = self.@x
  return %1
Method #2 M.A.set x(self: M.A, value: ?)
  self.@x = value
Constructor #3 M.A.<init>(self: M.A, y: ?, z: ?, o: ?, &: ?)
  default z = %5
    %5 = 1
  self.@x = y
  %6 = super.<init>(self, y, z=z, =...o)
Plain #4 M.A.w()
  self = class 1
  %1 = global M.A.K
  return %1
Method #5 M.A.v(self: M.A, i: ?, &: ?)
  if i
  else
    %3 = 1
    return %3
  switch i default=Some(1)
    %4 = 1
    %5 = "b"
    arm %4, %5
      %6 = &(i)
      return %6
    arm
      %7 = self.x()
      return %7
"##,
    );
}

#[test]
fn blocks_of_collections_are_loops() {
    check(
        r##"r = xs.map { |a, b| next 1 if a; b }
ys.each_with_index do |y, i| r << y end
zs.sort_by(&:n).tap { |z| q(z) { 1 } }
"##,
        r##"Top #0 .()
  %0 = global xs
  %1 = %0()
  %2 = []
  each %3 of %1 (Entries)
    %6 = 0
    %7 = %3[%6]
    a = %7
    %9 = 1
    %10 = %3[%9]
    b = %10
    block 1
      if a
        %12 = 1
        %5 = %12
        break 1
      %5 = b
    %2[] = %5
  r = %2
  %14 = global ys
  %15 = %14()
  each %16 of %15 (Values)
    y = %16
    i = %17
    %20 = r.<<(y)
  %21 = global zs
  %22 = %21()
  %23 = closure #1
  %24 = %22.sort_by(&=%23)
  %25 = closure #2
  %26 = %24.tap(&=%25)
Closure #1 .(it: ?)
  %1 = it.n()
  return %1
Closure #2 .(z: ?)
  %1 = closure #3
  %2 = global q
  %3 = %2(z, &=%1)
  return %3
Closure #3 .()
  %0 = 1
  return %0
"##,
    );
}

#[test]
fn handlers_and_patterns() {
    check(
        r##"begin
 f
rescue A => e
 g e
ensure
 h
end
case x
in {k: String => v, l:} if v then v
in [a, *b]
 a
end
s = <<~T
  a #{x}
T
x =~ /^a(b)\z/ and $1
"##,
        r##"Top #0 .()
  try
    %0 = global f
    %1 = %0()
  catch %2: A
    e = %2
    %4 = global g
    %5 = %4(e)
  finally
    %6 = global h
    %7 = %6()
  %8 = global x
  %9 = %8()
  %10 = "k"
  %11 = %9[%10]
  %12 = %11 is String
  v = %11
  %14 = "l"
  %15 = %9[%14]
  l = %15
  %17 = ?
  %18 = %17 and v
  if %18
  else
    %19 = 0
    %20 = %9[%19]
    a = %20
    %22 = ?
    %23 = 1
    %24 = %9[%23..]
    b = %24
    %26 = ?
    if %26
    else
      %27 = ?
      throw %27
  %28 = "\n  a "
  %29 = global x
  %30 = %29()
  %31 = "\n"
  %32 = text(%28, %30, %31)
  s = %32
  %34 = global x
  %35 = %34()
  %36 = "\\ba(b)\\z"
  %37 = %35 Match %36
  %42 = %37 and %41
    %38 = global groups of a match
    %39 = %38(%36, %35)
    %40 = 1
    %41 = %39[%40]
"##,
    );
}
