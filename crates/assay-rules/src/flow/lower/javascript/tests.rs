//! JavaScript as it is lowered, in text.

use crate::flow::lower::check_lowering;

#[test]
fn functions_and_variables_are_hoisted() {
    check_lowering(
        "src/sample.js",
        r##"f(x); function f(a) { return a + y; } var x = 1; let y = 2;
{ let y = 3; g(y); }
"##,
        r##"Top #0 .()
  f = closure #1
  %3 = f(x)
  %4 = 1
  x = %4
  %5 = 2
  y = %5
  %7 = 3
  y = %7
  %8 = global g
  %9 = %8(y)
Plain #1 .f(a: ?)
  capture y
  %2 = a Add y
  return %2
"##,
    );
}

#[test]
fn modules_hand_out_functions_values_and_others() {
    check_lowering(
        "src/users.js",
        r##"const db = require('./lib/db'), { exec: run, spawn } = require('child_process');
function find(id) { return db.query(id); }
exports.show = (req, res) => res.send(req.query.id);
module.exports = { find, run, limit: 10, greet() { return this.limit; }, list: function (n) { return n; } };
"##,
        r##"alias src.users.run = child_process.exec
Top #0 .()
  find = closure #1
  %1 = closure #2
  global src.users.show = %1
  %3 = "find"
  %4 = "run"
  %5 = global child_process.exec
  %6 = "limit"
  %7 = 10
  %8 = "greet"
  %9 = closure #3
  %10 = "list"
  %11 = closure #4
  %2 = {%3: find, %4: %5, %6: %7, %8: %9, %10: %11}
  %12 = %2.find
  global src.users.find = %12
  %13 = %2.limit
  global src.users.limit = %13
Plain #1 .find(id: ?)
  %1 = global src.lib.db
  %2 = %1.query(id)
  return %2
Plain #2 .show(req: express.Request, res: express.Response)
  %2 = req.query
  %3 = %2.id
  %4 = res.send(%3)
  return %4
Plain #3 .greet()
  %0 = global src.users
  %1 = %0.limit
  return %1
Plain #4 .list(n: ?)
  return n
"##,
    );
}

#[test]
fn es_modules_are_imported_and_exported() {
    check_lowering(
        "src/a/b.ts",
        r##"import express, { Router as R } from 'express';
import * as path from 'node:path';
import helper from '../helper';
export * from './c';
export { x as y } from './c';
export const limit = 5;
export default function main(a: express.Request) { return helper(path.join(a, R)); }
export { helper as h };
"##,
        r##"alias src.a.b.* = src.a.c.*
alias src.a.b.y = src.a.c.x
alias src.a.b.default = src.a.b.main
alias src.a.b.h = src.helper.default
Top #0 .()
  main = closure #1
  %2 = 5
  limit = %2
  global src.a.b.limit = limit
  global src.a.b.default = main
Plain #1 .main(a: express.Request)
  %1 = global src.helper.default
  %2 = global path
  %3 = global express.Router
  %4 = %2.join(a, %3)
  %5 = %1(%4)
  return %5
"##,
    );
}

#[test]
fn patterns_take_values_apart() {
    check_lowering(
        "src/sample.js",
        r##"function f({ a, b: { c = 1 }, ...rest }, [d, , e = d, ...more] = []) {
  [a, o.x] = [c, e];
  for (const [k, v] of more) use(k, v);
  for (var i in rest) use(i);
  return rest;
}
"##,
        r##"Top #0 .()
  f = closure #1
Plain #1 .f(argument: ?, argument: ?)
  %1 = argument.a
  a = %1
  %3 = argument.b
  %4 = %3.c
  %6 = %4 coalesce %5
    %5 = 1
  c = %6
  %8 = {..: argument}
  %9 = null
  %8.a = %9
  %10 = null
  %8.b = %10
  rest = %8
  default argument = %13
    %13 = []
  %14 = 0
  %15 = argument[%14]
  d = %15
  %17 = 2
  %18 = argument[%17]
  %19 = %18 coalesce d
  e = %19
  %21 = 3
  %22 = argument[%21..]
  more = %22
  %25 = [c, e]
  %26 = 0
  %27 = %25[%26]
  a = %27
  %28 = 1
  %29 = %25[%28]
  %30 = global o
  %30.x = %29
  each %31 of more (Values)
    %34 = 0
    %35 = %31[%34]
    k = %35
    %36 = 1
    %37 = %31[%36]
    v = %37
    %38 = global use
    %39 = %38(k, v)
  each %40 of rest (Keys)
    i = %40
    %41 = global use
    %42 = %41(i)
  return rest
"##,
    );
}

#[test]
fn classes_have_fields_accessors_and_parents() {
    check_lowering(
        "src/sample.ts",
        r##"@Controller('cats')
export class Cat extends Animal<string> implements Pet {
  #name = 'x'; static count = 0; age?: number; owner: Person | undefined;
  constructor(private readonly store: Store, @Inject('t') public tag) { super(tag); this.age = 1; }
  get name() { return this.#name; }
  set name(v) { this.#name = v; }
  @Get(':id') async find(@Param('id') id: string): Promise<Person> { return await super.find(id, Cat.count); }
}
interface Person { friend: Cat }
const c = new Cat(s, 't'); c.name = 'y'; use(c.name);
"##,
        r##"class src.sample.Cat : Animal, Pet
class src.sample.Person :
Top #0 .()
  Cat = class 0
  %2 = 0
  global src.sample.Cat.count = %2
  global src.sample.Cat = Cat
  %3 = global s
  %4 = "t"
  %5 = new src.sample.Cat(%3, %4)
  c = %5
  %6 = "y"
  %7 = c.name=(%6)
  c.name = %6
  %8 = global use
  %9 = c.name()
  %10 = %8(%9)
Method #1 src.sample.Cat.<fields>(this: src.sample.Cat)
  %1 = "x"
  this.#name = %1
Constructor #2 src.sample.Cat.<init>(this: src.sample.Cat, store: Store, tag: ?)
  this.store = store
  this.tag = tag
  %3 = super.<init>(this, tag)
  %4 = 1
  this.age = %4
Method #3 src.sample.Cat.name(this: src.sample.Cat)
  %1 = this.#name
  return %1
Method #4 src.sample.Cat.name=(this: src.sample.Cat, v: ?)
  this.#name = v
Method #5 src.sample.Cat.find(this: src.sample.Cat, id: string)
  capture Cat
  %3 = Cat.count
  %4 = super.find(this, id, %3)
  %5 = await %4
  return %5
"##,
    );
}

#[test]
fn functions_are_classes_when_they_are_used_so() {
    check_lowering(
        "src/sample.js",
        r##"function Point(x) { this.x = x; }
Point.prototype.get = function () { return this.x; };
Point.prototype = { set(v) { this.x = v; } };
const p = new Point(1); p.get();
"##,
        r##"class src.sample.Point :
Top #0 .()
  %2 = class 0
  Point = %2
  %3 = null
  %4 = null
  %5 = 1
  %6 = new src.sample.Point(%5)
  p = %6
  %7 = p.get()
Constructor #1 src.sample.Point.<init>(this: src.sample.Point, x: ?)
  this.x = x
Method #2 src.sample.Point.get(this: src.sample.Point)
  %1 = this.x
  return %1
Method #3 src.sample.Point.set(this: src.sample.Point, v: ?)
  this.x = v
"##,
    );
}

#[test]
fn calls_are_direct_indirect_and_bound() {
    check_lowering(
        "src/sample.js",
        r##"f.call(o, a); f.apply(null, [a, b]); const g = f.bind(null, a); g(1);
Array.prototype.slice.call(list, 1);
a?.b?.(c); o['m'](1); o[k](2); new o.K(3); tag`x${a}y`; `x${a}y\n`; /a+/g.test(a);
window.location.href = a; (function () { return arguments[0]; })(a);
"##,
        r##"Top #0 .()
  %1 = global f
  %2 = global o
  %3 = global a
  %4 = %1(%3)
  %5 = global f
  %6 = null
  %7 = global a
  %8 = global b
  %9 = [%7, %8]
  %10 = %5(...%9)
  %11 = global f
  %12 = null
  %13 = global a
  %14 = closure #1
  g = %14
  %15 = 1
  %16 = g(%15)
  %17 = global list
  %18 = 1
  %19 = %17.slice(%18)
  %20 = global a
  %21 = global c
  %22 = %20.b(%21)
  %23 = global o
  %24 = 1
  %25 = %23.m(%24)
  %26 = global o
  %27 = global k
  %28 = %26[%27]
  %29 = 2
  %30 = %28(%29)
  %31 = 3
  %32 = new o.K(%31)
  %33 = global tag
  %34 = "x"
  %35 = global a
  %36 = "y"
  %37 = [%34, %36]
  %38 = %33(%37, %35)
  %39 = "x"
  %40 = global a
  %41 = "y\n"
  %42 = text(%39, %40, %41)
  %43 = "a+"
  %44 = "g"
  %45 = new RegExp(%43, %44)
  %46 = global a
  %47 = %45.test(%46)
  %48 = global a
  %49 = global location
  %49.href = %48
  %50 = closure #2
  %51 = global a
  %52 = %50(%51)
Closure #1 .(arguments: ?)
  capture argument 0
  capture function
  %3 = function(argument 0, ...arguments)
  return %3
Plain #2 .(arguments: ?)
  %1 = [...arguments]
  %2 = 0
  %3 = %1[%2]
  return %3
"##,
    );
}

#[test]
fn control_flow_is_lowered() {
    check_lowering(
        "src/sample.js",
        r##"async function* f(a) {
  out: for (let i = 0; i < a.length; i++) { if (a[i]) continue out; else break; }
  switch (a) { case 1: case 2: use(1); break; default: use(2); }
  try { await a; } catch ({ message }) { use(message); } finally { done(); }
  a ??= b; a += 1; a++; delete a.x;
  do { yield a; } while (a && !b || typeof a === 'string');
  return a instanceof Error ? (a, b) : void 0;
}
"##,
        r##"Top #0 .()
  f = closure #1
Plain #1 .f(a: ?)
  %2 = 0
  i = %2
  loop %4 first=false
    head
      %3 = a.length
      %4 = i Lt %3
    body
      %5 = a[i]
      if %5
        continue 0
      else
        break 0
    step
      %6 = i
      %7 = 1
      %8 = Plus %6
      %9 = %8 Add %7
      i = %9
  switch a default=Some(2)
    %10 = 1
    arm %10 falls
    %11 = 2
    arm %11 falls
      %12 = global use
      %13 = 1
      %14 = %12(%13)
      break 1
    arm  falls
      %15 = global use
      %16 = 2
      %17 = %15(%16)
  try
    %18 = await a
  catch %19:
    %21 = %19.message
    message = %21
    %22 = global use
    %23 = %22(message)
  finally
    %24 = global done
    %25 = %24()
  %27 = a coalesce %26
    %26 = global b
  a = %27
  %28 = 1
  %29 = a Add %28
  a = %29
  %30 = a
  %31 = 1
  %32 = Plus %30
  %33 = %32 Add %31
  a = %33
  %34 = null
  a.x = %34
  %35 = true
  loop %42 first=true
    head
      %38 = a and %37
        %36 = global b
        %37 = Not %36
      %42 = %38 or %41
        %39 = TypeOf a
        %40 = "string"
        %41 = %39 Eq %40
    body
      %43 = yield a
  %44 = a is Error
  if %44
    %46 = global b
    %45 = %46
  else
    %47 = 0
    %48 = null
    %45 = %48
  return %45
"##,
    );
}

#[test]
fn elements_are_calls() {
    check_lowering(
        "src/sample.tsx",
        r##"function Row(props: { name: string }) { return <td title={props.name}>{props.name}</td>; }
export default () => <div dangerouslySetInnerHTML={{ __html: x }} {...rest}><Row name={y}>a{z}</Row></div>;
"##,
        r##"Top #0 .()
  Row = closure #1
  %1 = closure #2
  global src.sample.default = %1
Plain #1 .Row(props: ?)
  %1 = props.name
  %2 = props.name
  %3 = "td"
  %4 = global jsx.element
  %5 = %4(%3, %2, title=%1)
  return %5
Plain #2 .default()
  capture Row
  %1 = "__html"
  %2 = global x
  %0 = {%1: %2}
  %3 = %0.__html
  %4 = global rest
  %5 = global y
  %6 = global z
  %7 = "name"
  %8 = "children"
  %9 = {%7: %5, %8: %6}
  %11 = Row(%9)
  %12 = "div"
  %13 = global jsx.element
  %14 = %13(%12, %11, dangerouslySetInnerHTML=%3, =...%4)
  return %14
"##,
    );
}

#[test]
fn typescript_adds_enumerations_and_namespaces() {
    check_lowering(
        "src/sample.ts",
        r##"enum Color { Red = 'r', Two = 2, Three }
namespace N { export function f(a: string) { return a; } const x = 1; }
N.f(x as any as Color)!; const y = <T>x; declare const z: string; type A = B | null;
function g(this: T, a?: A, ...r: string[]): a is string { return a; }
"##,
        r##"Top #0 .()
  g = closure #1
  %4 = "r"
  %5 = "Red"
  %6 = 2
  %7 = "Two"
  %8 = 3
  %9 = "Three"
  %10 = {%5: %4, %7: %6, %9: %8}
  Color = %10
  %11 = {}
  N = %11
  f = closure #2
  %11.f = f
  %14 = 1
  x = %14
  %15 = global x
  %16 = %15 as src.sample.Color
  %17 = N.f(%16)
  %18 = global x
  %19 = %18 as T
  y = %19
Plain #1 .g(a: B, r: string[])
  return a
Plain #2 .f(a: string)
  return a
"##,
    );
}

#[test]
fn objects_have_this_and_spreads() {
    check_lowering(
        "src/sample.js",
        r##"const o = { a: 1, [k]: 2, ...p, get() { return this.a; }, run: function () { return this.a; }, arrow: () => this };
"##,
        r##"Top #0 .()
  %2 = "a"
  %3 = 1
  %4 = global k
  %5 = 2
  %6 = global p
  %7 = "get"
  %8 = closure #1
  %9 = "run"
  %10 = closure #2
  %11 = "arrow"
  %12 = closure #3
  %1 = {%2: %3, %4: %5, ..: %6, %7: %8, %9: %10, %11: %12}
  o = %1
Plain #1 .get()
  capture this
  %1 = this.a
  return %1
Plain #2 .run()
  capture this
  %1 = this.a
  return %1
Plain #3 .arrow()
  %0 = global src.sample
  return %0
"##,
    );
}
