use std::sync::Arc;

use assay_source::{RepoPath, SourceText};
use assay_syntax::{ParseLimits, detect, parse};

use super::{Surface, compare_surfaces, surface};

fn of(path: &str, text: &str) -> Surface {
    let path = RepoPath::from(path);
    let text = Arc::new(SourceText::from_text(text));
    let language = detect(&path, text.as_str()).expect("a language");
    surface(&path, &parse(&text, language, &ParseLimits::default())).unwrap_or_default()
}

/// Compares two versions; breaks as `name detail`.
fn check(path: &str, base: &str, head: &str, expected: &[&str]) {
    let breaks = compare_surfaces(&of(path, base), &of(path, head));
    let shown: Vec<String> = breaks
        .iter()
        .map(|one| format!("{} {}", one.name, one.detail))
        .collect();
    assert_eq!(shown, expected, "{path}\n{base}\n->\n{head}");
}

#[test]
fn python_offers_what_has_no_underscore() {
    let p = "pkg/mod.py";
    check(
        p,
        "def f(a): pass\ndef _g(): pass\n",
        "def _g(x): pass\n",
        &["f is gone"],
    );
    check(
        p,
        "def f(a, b=1): pass\n",
        "def f(a, b=1, c=2): pass\n",
        &[],
    );
    check(
        p,
        "def f(a, b=1): pass\n",
        "def f(a, c, b=1): pass\n",
        &["f demands `c`, which is new"],
    );
    check(
        p,
        "def f(a, b=1): pass\n",
        "def f(a): pass\n",
        &["f no longer takes `b`"],
    );
    check(p, "def f(a, b=1): pass\n", "def f(a, **more): pass\n", &[]);
    check(
        p,
        "def f(a, b): pass\n",
        "def f(b, a): pass\n",
        &["f takes its parameters in another order"],
    );
    check(
        p,
        "def f(a=1): pass\n",
        "def f(a=2): pass\n",
        &["f has the default `2` for `a`, which was `1`"],
    );
    check(
        p,
        "def f(a=1): pass\n",
        "def f(a): pass\n",
        &["f demands `a`, which was optional"],
    );
    check(
        p,
        "class A:\n    def m(self): pass\n    def n(self): pass\n",
        "class A:\n    def m(self): pass\n",
        &["A.n is gone"],
    );
    check(
        p,
        "class A:\n    def m(self): pass\n",
        "x = 1\n",
        &["A is gone"],
    );
    check(
        p,
        "__all__ = ['f']\ndef f(): pass\ndef g(): pass\n",
        "__all__ = ['f']\ndef f(): pass\n",
        &[],
    );
    check(p, "def f(): pass\n", "from .other import f\n", &[]);
    check(
        "pkg/__init__.py",
        "from .a import f, g\n",
        "from .a import g\n",
        &["f is gone"],
    );
    check("pkg/_inner.py", "def f(): pass\n", "", &[]);
    check("tests/test_a.py", "def f(): pass\n", "", &[]);
}

#[test]
fn a_command_is_not_called_by_code() {
    let (base, head) = (
        "@click.command('run')\ndef f(a): pass\n",
        "@click.command('run')\ndef f(a, b): pass\n",
    );
    check("pkg/a.py", base, head, &[]);
}

#[test]
fn a_member_may_be_inherited_now() {
    let base = of("pkg/a.py", "class A:\n    def m(self): pass\n");
    for (head, extends) in [
        ("class A(B):\n    x = 1\n", "(B):"),
        ("class A:\n    x = 1\n", ":"),
    ] {
        let breaks = compare_surfaces(&base, &of("pkg/a.py", head));
        assert_eq!(
            (breaks.len(), breaks[0].extends.as_str()),
            (1, extends),
            "{head}"
        );
    }
}

/// Whether the one thing that is gone is certain to be a loss.
fn check_certain(path: &str, base: &str, head: &str, expected: &[bool]) {
    let breaks = compare_surfaces(&of(path, base), &of(path, head));
    let certain: Vec<bool> = breaks.iter().map(|one| one.is_certain).collect();
    assert_eq!(certain, expected, "{path}\n{base}\n->\n{head}");
}

#[test]
fn what_was_announced_or_may_be_elsewhere_is_not_certain() {
    let p = "pkg/a.py";
    for (base, head, expected) in [
        ("def f(): pass\n", "x = 1\n", &[true][..]),
        ("@deprecated\ndef f(): pass\n", "x = 1\n", &[false]),
        (
            "def f():\n    warnings.warn('', DeprecationWarning)\n",
            "x = 1\n",
            &[false],
        ),
        ("def f(): pass\n", "from .b import *\n", &[false]),
        ("def f(): pass\n", "def __getattr__(name): pass\n", &[false]),
        (
            "def f():\n    \"\"\"For internal use.\"\"\"\n",
            "x = 1\n",
            &[],
        ),
        (
            "def f(): pass\n",
            "def f():\n    \"\"\"For internal use.\"\"\"\n",
            &[],
        ),
        ("# unstable\ndef f(): pass\n", "x = 1\n", &[false]),
    ] {
        check_certain(p, base, head, expected);
    }
    check_certain(
        "src/A.java",
        "public class A {\n/** @deprecated use b */\npublic void a() {} }",
        "public class A { }",
        &[false],
    );
    check_certain(
        "index.d.ts",
        "export interface A { b: { c: string } }",
        "export interface A { b: B }",
        &[false],
    );
}

#[test]
fn what_python_still_offers_in_another_way_is_there() {
    let p = "pkg/a.py";
    check(
        p,
        "class A:\n    x = 1\n",
        "class A:\n    def __init__(self):\n        self.x = 1\n",
        &[],
    );
    check(p, "def f(): pass\n", "from other import f\n", &[]);
    check(
        p,
        "try:\n    from b import N\nexcept ImportError:\n    class N: pass\n",
        "x = 1\n",
        &[],
    );
    check(
        p,
        "if new:\n    from b import f\nelse:\n    def f(): pass\n",
        "x = 1\n",
        &[],
    );
}

#[test]
fn what_types_are_called_is_nothing_to_callers() {
    let j = |base: &str, head: &str, expected: &[&str]| {
        let wrap = |text: &str| format!("public class A<X> {{ {text} }}");
        check("src/A.java", &wrap(base), &wrap(head), expected);
    };
    j(
        "public <T> List<T> f(T a) {}",
        "public <O> List<O> f(O a) {}",
        &[],
    );
    j(
        "public <T extends B> T f() {}",
        "public <T extends C> T f() {}",
        &[],
    );
    j(
        "public java.util.List<X> f() {}",
        "public List<X> f() {}",
        &[],
    );
    j(
        "public void f(String... a) {}",
        "public void f(int... a) {}",
        &["A.f takes `a` as `int...` and took `String...`"],
    );
    j(
        "public void f() throws Throwable {}",
        "public void f() throws IOException {}",
        &[],
    );
    j(
        "public void f() {}",
        "public void f() throws IllegalStateException {}",
        &[],
    );
    j(
        "public void f() {}",
        "public void f() throws IOException {}",
        &["A.f now throws `IOException`"],
    );
    check(
        "src/A.java",
        "public class A<O> { public O f(O a) {} }",
        "public class A<E> { public E f(E a) {} }",
        &[],
    );
    let r = "src/lib.rs";
    check(
        r,
        "pub struct A; impl A { pub fn new() -> A {} }",
        "pub struct A; impl A { pub fn new() -> Self {} }",
        &[],
    );
    check(
        r,
        "pub fn f<'a>(a: &'a str) -> Cow<'a, str> {}",
        "pub fn f(a: &str) -> Cow<str> {}",
        &[],
    );
    check(
        r,
        "pub fn f() -> std::io::Result<()> {}",
        "pub fn f() -> io::Result<()> {}",
        &[],
    );
}

#[test]
fn what_implementations_and_matches_must_handle_is_required() {
    check(
        "a.go",
        "package a\ntype R interface {\n\tA() int\n}\n",
        "package a\ntype R interface {\n\tA() int\n\tB()\n}\n",
        &["R.B is new, and every implementation must provide it"],
    );
    check(
        "a.go",
        "package a\ntype R interface {\n\tA() int\n\ta()\n}\n",
        "package a\ntype R interface {\n\tA() int\n\ta()\n\tB()\n}\n",
        &[],
    );
    check(
        "src/lib.rs",
        "pub enum E { A }",
        "pub enum E { A, B }",
        &["E.B is new, and every `match` must handle it"],
    );
    check(
        "src/lib.rs",
        "#[non_exhaustive]\npub enum E { A }",
        "#[non_exhaustive]\npub enum E { A, B }",
        &[],
    );
    check(
        "index.ts",
        "export interface A { a: string }",
        "export type A = B;",
        &["A.a is gone"],
    );
}

#[test]
fn types_of_rust_that_others_build_or_match() {
    let p = "src/lib.rs";
    let s = "pub struct S { pub a: u8 }";
    check(
        p,
        s,
        "pub struct S { pub a: u8, pub b: u8 }",
        &["S.b is new, and who builds the structure must give it"],
    );
    let closed =
        &["S has a private field or is `#[non_exhaustive]` now, and others can no longer build it"];
    check(p, s, "pub struct S { pub a: u8, b: u8 }", closed);
    check(
        p,
        s,
        "#[derive(Debug)]\n#[non_exhaustive]\npub struct S { pub a: u8 }",
        closed,
    );
    check(
        p,
        "pub struct S(pub u8, pub u8);",
        "pub struct S(pub u8, u8);",
        closed,
    );
    // Others could not build it before either.
    let hidden = "pub struct S { pub a: u8, pub(crate) b: u8 }";
    check(
        p,
        hidden,
        "pub struct S { pub a: u8, pub(crate) b: u8, pub c: u8 }",
        &[],
    );
    check(
        p,
        hidden,
        "#[non_exhaustive]\npub struct S { pub a: u8, pub(crate) b: u8 }",
        &[],
    );
    check(
        p,
        "pub enum E { A }",
        "/// More to come.\n#[non_exhaustive]\npub enum E { A, B }",
        &["E is `#[non_exhaustive]` now, and a `match` needs an arm for the rest"],
    );
    check(
        p,
        "#[non_exhaustive]\npub enum E { A }",
        "pub enum E { A }",
        &[],
    );
}

#[test]
fn exceptions_that_took_the_place_of_others() {
    let p = "pkg/mod.py";
    let raising =
        |name: &str| format!("def f(a):\n    if a:\n        raise {name}('a')\n    return a\n");
    let now =
        |name: &str, expected: &[&str]| check(p, &raising("ValueError"), &raising(name), expected);
    now(
        "TypeError",
        &[
            "f raises `TypeError` where it raised `ValueError`, and who catches that does not catch it",
        ],
    );
    // It is caught all the same, or nobody knows.
    now("UnicodeDecodeError", &[]);
    now("errors.Odd", &[]);
    let own = |parent: &str| format!("class Odd({parent}):\n    pass\n\n{}", raising("Odd"));
    check(
        p,
        &format!(
            "class Odd(ValueError):\n    pass\n\n{}",
            raising("ValueError")
        ),
        &own("ValueError"),
        &[],
    );
    check(
        p,
        &raising("ValueError"),
        &own("LookupError"),
        &["f raises `Odd` where it raised `ValueError`, and who catches that does not catch it"],
    );
    // One more, a stub that was filled in, and what an inner function raises.
    check(
        p,
        &raising("ValueError"),
        &format!("{}    raise KeyError(a)\n", raising("ValueError")),
        &[],
    );
    check(
        p,
        &raising("NotImplementedError"),
        &raising("ValueError"),
        &[],
    );
    check(
        p,
        &raising("ValueError"),
        "def f(a):\n    def g():\n        raise TypeError\n    return g\n",
        &[],
    );
}

#[test]
fn javascript_offers_what_it_exports() {
    let p = "lib/a.js";
    check(
        p,
        "export function f(a) {}\nfunction g() {}\n",
        "function g() {}\n",
        &["f is gone"],
    );
    check(
        p,
        "export function f(a) {}\n",
        "function f(a) {}\n",
        &["f is no longer public"],
    );
    check(
        p,
        "exports.f = function (a) {};\nexports.g = 1;\n",
        "exports.f = function (a) {};\n",
        &["g is gone"],
    );
    check(
        p,
        "var app = exports = module.exports = {};\napp.use = function () {};\napp.del = function () {};\n",
        "var app = exports = module.exports = {};\napp.use = function () {};\n",
        &["del is gone"],
    );
    check(
        "src/a.ts",
        "export function f(a: string, b?: number) {}\n",
        "export function f(a: string, b: number) {}\n",
        &["f demands `b`, which was optional"],
    );
    check(
        "src/a.ts",
        "export class A { m() {}\n private n() {} }\n",
        "export class A { m() {} }\n",
        &[],
    );
    check(
        "src/a.ts",
        "export enum E { A, B = 2 }\n",
        "export enum E { A }\n",
        &["E.B is gone"],
    );
}

#[test]
fn java_offers_what_is_public() {
    let p = "src/main/java/A.java";
    check(
        p,
        "public class A { public void m(int a) {} void n() {} }",
        "public class A { public void m(long a) {} }",
        &["A.m takes `a` as `long` and took `int`"],
    );
    check(
        p,
        "public class A { public void m() {} }",
        "public class A { private void m() {} }",
        &["A.m is no longer public"],
    );
    check(
        p,
        "public class A { public int m() { return 1; } }",
        "public class A { public long m() { return 1; } }",
        &["A.m gives back `long` and gave `int`"],
    );
    check(
        p,
        "public class A { public void m() {} }",
        "public class A { public void m() throws java.io.IOException {} }",
        &["A.m now throws `java.io.IOException`"],
    );
    check(
        p,
        "public interface A { void m(); }",
        "public interface A { void m(); void n(); default void o() {} }",
        &["A.n is new, and every implementation must provide it"],
    );
    check(
        p,
        "public enum E { A, B }",
        "public enum E { A }",
        &["E.B is gone"],
    );
    check(
        p,
        "public class A { public void m(int a) {} public void m(String a) {} }",
        "public class A { public void m(int a) {} }",
        &["A.m lost one of its overloads"],
    );
    check(
        p,
        "public class A { @Deprecated\n public void m() {} }",
        "public class A { public void m() {} }",
        &[],
    );
}

#[test]
fn an_annotation_does_not_hide_what_follows() {
    let java = |text: &str| format!("public class A {{ {text} }}");
    let (base, head) = (
        java("public void m() {}"),
        java("@Override @A(x = 1) public void m() {}"),
    );
    check("src/A.java", &base, &head, &[]);
    check(
        "a.go",
        "package a\nfunc F() (err error) { return nil }\n",
        "package a\nfunc F() error { return nil }\n",
        &[],
    );
}

#[test]
fn go_offers_capitals() {
    check(
        "a.go",
        "package a\nfunc F(a int) error { return nil }\nfunc g() {}\n",
        "package a\nfunc F(a int, b string) error { return nil }\n",
        &["F demands `b`, which is new"],
    );
    check(
        "a.go",
        "package a\ntype T struct{}\nfunc (t *T) M() {}\n",
        "package a\n",
        &["T is gone"],
    );
    check(
        "a.go",
        "package a\nfunc F() int { return 1 }\n",
        "package a\nfunc F() (int, error) { return 1, nil }\n",
        &["F gives back `(int,error)` and gave `int`"],
    );
    check(
        "internal/a.go",
        "package a\nfunc F() {}\n",
        "package a\n",
        &[],
    );
}

#[test]
fn rust_offers_pub() {
    check(
        "src/lib.rs",
        "pub fn f(a: u8) {}\npub(crate) fn g() {}\n",
        "pub fn f(a: u16) {}\n",
        &["f takes `a` as `u16` and took `u8`"],
    );
    check(
        "src/lib.rs",
        "pub trait T { fn m(&self); }",
        "pub trait T { fn m(&self); fn n(&self); fn o(&self) {} }",
        &["T.n is new, and every implementation must provide it"],
    );
    check(
        "src/lib.rs",
        "pub struct S;\nimpl S { pub fn m(&self) {} fn n(&self) {} }",
        "pub struct S;\nimpl S { fn m(&self) {} }",
        &["S.m is no longer public"],
    );
    check(
        "src/lib.rs",
        "pub enum E { A, B }",
        "pub enum E { A }",
        &["E.B is gone"],
    );
}

#[test]
fn other_languages_have_their_own_ideas() {
    check(
        "include/a.h",
        "int f(int a);\nstatic int g(void);\n",
        "int f(long a);\n",
        &["f takes `a` as `long` and took `int`"],
    );
    check(
        "src/A.kt",
        "class A { fun m(a: Int) {} \n private fun n() {} }",
        "class A { }",
        &["A.m is gone"],
    );
    check(
        "src/A.php",
        "<?php class A { public function m($a) {} private function n() {} }",
        "<?php class A { }",
        &["A.m is gone"],
    );
    check(
        "lib/a.rb",
        "class A\n  def m(a)\n  end\n  private\n  def n\n  end\nend\n",
        "class A\nend\n",
        &["A.m is gone"],
    );
    check(
        "src/A.cs",
        "public class A { public void M(int a) {} internal void N() {} }",
        "public class A { }",
        &["A.M is gone"],
    );
}

/// Like [`check`], with what is certain only.
fn check_sure(path: &str, base: &str, head: &str, expected: &[&str]) {
    let breaks = compare_surfaces(&of(path, base), &of(path, head));
    let certain = breaks.iter().filter(|one| one.is_certain);
    let shown: Vec<String> = certain
        .map(|one| format!("{} {}", one.name, one.detail))
        .collect();
    assert_eq!(shown, expected, "{path}\n{base}\n->\n{head}");
}

#[test]
fn a_default_that_stands_for_nothing_is_not_certain() {
    let p = "pkg/a.py";
    check_sure(p, "def f(a='x'): pass\n", "def f(a=None): pass\n", &[]);
    check_sure(p, "def f(a=None): pass\n", "def f(a=UNSET): pass\n", &[]);
    check_sure(
        p,
        "def f(a=None): pass\n",
        "def f(a=1): pass\n",
        &["f has the default `1` for `a`, which was `None`"],
    );
}

#[test]
fn a_parameter_with_an_underscore_is_not_named_by_callers() {
    let p = "pkg/a.py";
    check(
        p,
        "class A:\n    def add(self, _key, _value, **kw): pass\n",
        "class A:\n    def add(self, key, value, /, **kw): pass\n",
        &[],
    );
    check_sure(p, "def f(*a, **k): pass\n", "def f(a, /, **k): pass\n", &[]);
}

#[test]
fn a_function_of_go_may_become_a_variable() {
    let p = "help.go";
    check(
        p,
        "package a\nfunc Show(a int) error { return nil }\n",
        "package a\nvar Show = show\n",
        &[],
    );
    check(
        p,
        "package a\nvar (\n\tA, B = 1, 2\n\tc = 3\n)\nconst D int = 4\n",
        "package a\nfunc f() { var D = 1 }\nvar A = 1\n",
        &["B is gone", "D is gone"],
    );
}

#[test]
fn php_finds_functions_in_any_case_and_namespace_form() {
    let p = "src/A.php";
    check(
        p,
        "<?php\nclass A { public function setName($a) {} public function b() {} }\n",
        "<?php\nclass A { public function setname($a) {} }\n",
        &["A.b is gone"],
    );
    check(
        p,
        "<?php\nnamespace N\\M {\nclass A { public function b() {} }\n}\n",
        "<?php\nnamespace N\\M;\nclass A { public function b() {} }\n",
        &[],
    );
    check(
        p,
        "<?php\nclass A { public $a; public $b; }\n",
        "<?php\nclass A { public function __construct(public ?string $a = null, private $b = 1) {} }\n",
        &["A.$b is gone"],
    );
}

#[test]
fn ruby_makes_names_in_many_ways() {
    let p = "lib/a.rb";
    let base = "class A\n  def b(x); end\n  def c; end\n  def d; end\n  def e=(x); end\nend\n";
    let head = "class A\n  alias b other\n  alias_method :c, :other\n  define_method(:d) { }\n  attr_writer :e\nend\n";
    check(p, base, head, &[]);
    check(
        p,
        "module M\n  class Error < StandardError\n  end\nend\n",
        "module M\n  class B < StandardError\n  end\n  Error = B\nend\n",
        &[],
    );
    check(
        p,
        "class A\n  def f(a, &block); end\nend\n",
        "class A\n  def f(a, **more, &block); end\nend\n",
        &[],
    );
    check(
        p,
        "class A # :nodoc:\n  def f; end\nend\n",
        "class A # :nodoc:\nend\n",
        &[],
    );
    check_sure(
        p,
        "class A\n  def f\n    warn 'f is deprecated'\n  end\n  def g; end\nend\n",
        "class A\nend\n",
        &["A.g is gone"],
    );
    check("Rakefile", "def f\nend\n", "x = 1\n", &[]);
}

#[test]
fn the_body_of_a_function_of_kotlin_is_no_type() {
    check(
        "src/A.kt",
        "suspend fun <T : Any> Call<T>.f(a: Int): T {\n  return g()\n}\n",
        "suspend fun <S : Any> Call<S>.f(a: Int): S {\n  return h()\n}\n",
        &[],
    );
}

#[test]
fn where_a_type_parameter_is_declared_is_nothing_to_callers() {
    check(
        "src/lib.rs",
        "pub struct B;\nimpl B {\n    pub fn new<E>(e: E) -> B {}\n}\n",
        "pub struct B<E>;\nimpl<E> B {\n    pub fn new(e: E) -> B\n    where\n        E: Copy,\n    {}\n}\n",
        &[],
    );
}
