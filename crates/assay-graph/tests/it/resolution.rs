//! What names mean over several files, language by language.

use assay_graph::{EdgeKind, Graph};

use crate::project::graph;

/// Lists the edges of calls as `from -> to (certainty)`.
fn calls(graph: &Graph) -> Vec<String> {
    let mut lines: Vec<String> = graph
        .edges()
        .iter()
        .filter(|edge| matches!(edge.kind, EdgeKind::Call | EdgeKind::New))
        .map(|edge| {
            format!(
                "{} -> {}:{} ({})",
                graph.qualified_name(edge.from),
                graph.path_of(edge.to),
                graph.qualified_name(edge.to),
                edge.certainty.as_str()
            )
        })
        .collect();
    lines.sort();
    lines.dedup();
    lines
}

fn check(text: &str, expected: &[&str]) {
    let mut expected: Vec<String> = expected.iter().map(|&line| line.to_owned()).collect();
    expected.sort();
    assert_eq!(calls(&graph(text)), expected, "{text}");
}

#[test]
fn python() {
    check(
        "//- app/__init__.py
from .models import User
//- app/models.py
class Base:
    def save(self):
        return self.key()
    def key(self):
        return 1
class User(Base):
    def __init__(self, name: str):
        self.name = name
    def key(self):
        return super().key()
//- app/service.py
from app import User
from . import models as m
import app.models
def make(name) -> User:
    user = User(name)
    user.save()
    return user
def run(len, items: list[User]):
    len(1)
    print(1)
    make('a').save()
    m.User('b').key()
    app.models.User('c')
    for item in items:
        item.save()
",
        &[
            "Base.save -> app/models.py:Base.key (resolved)",
            "User.key -> app/models.py:Base.key (resolved)",
            "make -> app/models.py:Base.save (resolved)",
            "make -> app/models.py:User.__init__ (resolved)",
            "run -> app/models.py:Base.save (resolved)",
            "run -> app/models.py:User.__init__ (resolved)",
            "run -> app/models.py:User.key (resolved)",
            "run -> app/service.py:make (resolved)",
        ],
    );
}

#[test]
fn typescript() {
    check(
        "//- tsconfig.json
{\"compilerOptions\": {\"baseUrl\": \".\", \"paths\": {\"@/*\": [\"src/*\"]}}}
//- src/lib/index.ts
export { Store as Shop } from './store';
export * from './util';
export default function main() { return 1 }
//- src/lib/store.ts
export class Store {
  constructor(private readonly log: Log) {}
  items: Item[] = [];
  find(id: string): Item { return this.items[0] }
  all() { this.items.forEach(item => item.price()); this.log.write('x') }
}
export class Item { price() { return 1 } }
export interface Log { write(text: string): void }
//- src/lib/util.ts
export const twice = (n: number) => n * 2;
//- src/app.ts
import main, { Shop, twice } from '@/lib';
import * as lib from './lib/index.js';
function run(shop: Shop) {
  shop.find('a').price();
  const other = new Shop(null);
  other.all();
  twice(1);
  lib.twice(2);
  main();
  parseInt('1');
}
",
        &[
            "Store.all -> src/lib/store.ts:Item.price (resolved)",
            "Store.all -> src/lib/store.ts:Log.write (resolved)",
            "run -> src/lib/index.ts:main (resolved)",
            "run -> src/lib/store.ts:Item.price (resolved)",
            "run -> src/lib/store.ts:Store.all (resolved)",
            "run -> src/lib/store.ts:Store.constructor (resolved)",
            "run -> src/lib/store.ts:Store.find (resolved)",
            "run -> src/lib/util.ts:twice (resolved)",
        ],
    );
}

#[test]
fn java() {
    check(
        "//- src/main/java/a/Base.java
package a;
public class Base {
  protected int helper(int x) { return x; }
  protected int helper(int x, int y) { return x; }
}
//- src/main/java/a/Other.java
package a;
class Other { static Other make() { return new Other(); } void go() {} }
//- src/main/java/b/Main.java
package b;
import a.Base;
import static a.Util.once;
import java.util.List;
public class Main extends Base {
  private final Base base = new Base();
  Main(int x) { helper(x); }
  void run(List<Base> bases) {
    base.helper(1, 2);
    this.helper(1);
    once();
    for (Base one : bases) { one.helper(3); }
    bases.size();
  }
}
//- src/main/java/a/Util.java
package a;
public class Util { public static void once() { Other.make().go(); } }
",
        &[
            "Main.Main -> src/main/java/a/Base.java:Base.helper (resolved)",
            "Main.run -> src/main/java/a/Base.java:Base.helper (resolved)",
            "Main.run -> src/main/java/a/Util.java:Util.once (resolved)",
            "Main -> src/main/java/a/Base.java:Base (resolved)",
            "Other.make -> src/main/java/a/Other.java:Other (resolved)",
            "Util.once -> src/main/java/a/Other.java:Other.go (resolved)",
            "Util.once -> src/main/java/a/Other.java:Other.make (resolved)",
        ],
    );
}

#[test]
fn go() {
    check(
        "//- go.mod
module example.com/shop

go 1.22
//- main.go
package main
import \"example.com/shop/store\"
import \"fmt\"
func main() {
	s, err := store.New(1)
	s.Put(\"a\")
	s.log.Print()
	helper(s)
	fmt.Println(err)
}
//- helper.go
package main
import st \"example.com/shop/store\"
func helper(s *st.Store) { s.Put(\"b\"); for _, item := range s.Items { item.Price() } }
//- store/store.go
package store
type Store struct { Base; Items []*Item; log *Log }
type Item struct {}
type Log struct {}
type Base struct {}
func (b *Base) Put(key string) {}
func (l *Log) Print() {}
func (i *Item) Price() int { return 1 }
func New(n int) (*Store, error) { return &Store{}, nil }
",
        &[
            "helper -> store/store.go:Base.Put (resolved)",
            "helper -> store/store.go:Item.Price (resolved)",
            "main -> helper.go:helper (resolved)",
            "main -> store/store.go:Base.Put (resolved)",
            "main -> store/store.go:Log.Print (resolved)",
            "main -> store/store.go:New (resolved)",
            "New -> store/store.go:Store (resolved)",
        ],
    );
}

#[test]
fn rust() {
    check(
        "//- Cargo.toml
[workspace]
members = [\"core\", \"app\"]
//- core/Cargo.toml
[package]
name = \"my-core\"
//- core/src/lib.rs
mod shape;
pub use shape::{Shape, Square as Quad};
pub fn area(shape: &dyn Shape) -> f64 { shape.area() }
//- core/src/shape.rs
use super::area as top;
pub trait Shape { fn area(&self) -> f64; }
pub struct Square { side: Side }
pub struct Side(f64);
impl Side { fn len(&self) -> f64 { self.0 } }
impl Square {
    pub fn new(side: f64) -> Self { Self { side: Side(side) } }
    pub fn open() -> Result<Self, ()> { Ok(Self::new(1.0)) }
}
impl Shape for Square {
    fn area(&self) -> f64 { self.side.len(); top(self) }
}
//- app/Cargo.toml
[package]
name = \"app\"
//- app/src/main.rs
use my_core::{area, Quad};
mod inner { pub fn deep() { super::run(); } }
fn run() {}
fn main() {
    let square = Quad::new(1.0);
    area(&square);
    inner::deep();
    Quad::open().unwrap().area();
    my_core::area(&square);
    println!(\"x\");
}
",
        &[
            "Square.area -> core/src/lib.rs:area (resolved)",
            "Square.area -> core/src/shape.rs:Side.len (resolved)",
            "Square.new -> core/src/shape.rs:Side (resolved)",
            "Square.new -> core/src/shape.rs:Square (resolved)",
            "Square.open -> core/src/shape.rs:Square.new (resolved)",
            "area -> core/src/shape.rs:Shape.area (resolved)",
            "inner.deep -> app/src/main.rs:run (resolved)",
            "main -> app/src/main.rs:inner.deep (resolved)",
            "main -> core/src/lib.rs:area (resolved)",
            "main -> core/src/shape.rs:Square.area (resolved)",
            "main -> core/src/shape.rs:Square.new (resolved)",
            "main -> core/src/shape.rs:Square.open (resolved)",
        ],
    );
}

#[test]
fn javascript() {
    check(
        "//- index.js
module.exports = require('./lib/app');
//- lib/app.js
const requests = require('./requests').default;
exports = module.exports = create;
function create() { return requests.get('x') }
//- lib/requests.ts
export default {
  get(url: string) { return this.send(url) },
  send: (url: string) => url,
};
//- test/app.js
const app = require('../');
describe('app', () => { it('create', () => { app() }) });
",
        &[
            "app.create -> lib/app.js:create (resolved)",
            "create -> lib/requests.ts:default.get (resolved)",
            "default.get -> lib/requests.ts:default.send (resolved)",
        ],
    );
}
