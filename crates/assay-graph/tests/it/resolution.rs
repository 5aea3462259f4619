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

#[test]
fn java_tells_overloads_apart_by_the_types_of_arguments() {
    check(
        "//- a/Json.java
package a;
import java.io.Reader;
import java.util.List;
class Node extends Base {}
class Base {}
interface Visitor { void visit(Node node); }
class Json {
    static <T> T read(String text, Class<T> type) { return null; }
    static Object read(Reader from, Class<?> type) { return null; }
    static Object read(String text, Other other) { return null; }
    void put(int number) {}
    void put(long number) {}
    void put(double number) {}
    void put(Object any) {}
    void put(String text) {}
    void put(Base base) {}
    void walk(Visitor visitor) {}
    void walk(String name) {}
    void all(Object first) {}
    void all(Object... rest) {}
    String name() { return \"\"; }
    void run(Reader from, Node node, long wide, List<String> list, Unseen unseen) {
        read(\"{}\", Node.class);
        read(from, Node.class);
        read(\"{}\", new Other());
        put(1);
        put(wide);
        put(1.5 + 2);
        put(\"a\" + 1);
        put(node);
        put(name());
        put(list);
        walk(one -> {});
        walk(name());
        all(node);
        all(1, 2);
        put(unseen.call());
    }
}
class Other {}
class More extends Json {
    void put(boolean flag) {}
    void run() { put(true); put(1L); }
}
",
        &[
            "Json.run -> a/Json.java:Json.all (resolved)",
            "Json.run -> a/Json.java:Json.name (resolved)",
            "Json.run -> a/Json.java:Json.put (ambiguous)",
            "Json.run -> a/Json.java:Json.put (resolved)",
            "Json.run -> a/Json.java:Json.read (resolved)",
            "Json.run -> a/Json.java:Json.walk (resolved)",
            "Json.run -> a/Json.java:Other (resolved)",
            "More.run -> a/Json.java:Json.put (resolved)",
            "More.run -> a/Json.java:More.put (resolved)",
        ],
    );
}

/// Lists the calls of a line of the file with the lines of what they call.
fn lines_called(graph: &Graph, line: u32) -> Vec<u32> {
    let mut called: Vec<u32> = graph
        .edges()
        .iter()
        .filter(|edge| matches!(edge.kind, EdgeKind::Call | EdgeKind::New))
        .filter(|edge| edge.place.line == line)
        .map(|edge| graph.definition(edge.to).place.line)
        .collect();
    called.sort_unstable();
    called.dedup();
    called
}

#[test]
fn the_overload_is_the_one_that_takes_these_types() {
    let graph = graph(
        "//- A.java
class A {
    void f(int a) {}
    void f(long a) {}
    void f(Integer a) {}
    void f(Object a) {}
    void f(String a, Object b) {}
    void f(CharSequence a, String b) {}
    void f(Throwable a, String b) {}
    void g(RuntimeException error, byte small, Long boxed, StringBuilder text, Own own) {
        f(1);
        f(small);
        f(boxed);
        f(\"a\");
        f(null, \"b\");
        f(text, \"b\");
        f(error, \"b\");
        f(own, \"b\");
        f('c');
        f(\"a\", 1);
    }
}
class Own extends IllegalStateException {}
",
    );
    for (line, expected) in [
        (10, &[2][..]),
        (11, &[2]),
        (12, &[5]),
        (13, &[5]),
        (14, &[6, 7, 8]),
        (15, &[7]),
        (16, &[8]),
        (17, &[8]),
        (18, &[2]),
        (19, &[6]),
    ] {
        assert_eq!(lines_called(&graph, line), expected, "line {line}");
    }
}

#[test]
fn rust_calls_in_macros() {
    check(
        "//- Cargo.toml
[package]
name = 'one'
//- src/lib.rs
pub struct Dir;
impl Dir {
    pub fn new() -> Self { Dir }
    pub fn create(&self, name: &str) -> Made { Made }
}
pub struct Made;
impl Made { pub fn size(&self) -> u64 { 1 } }
pub fn make() -> Dir { Dir::new() }
pub enum Work { Dir(Dir), Made(Made) }
pub fn work(work: Work, found: Option<Made>) -> u64 {
    match found { Some(made) => made.size(), None => 0 };
    match work { Work::Dir(dir) => 1, Work::Made(made) => 2 }
}
mod inner {
    pub fn root() { crate::make(); }
    pub struct In { pub dir: crate::Dir }
    impl In { pub fn go(&self) { self.dir.create(\"a\"); super::make(); } }
}
#[cfg(test)]
mod tests {
    use super::{Dir, make};
    #[test]
    fn sizes() {
        assert_eq!(make().create(\"a\").size(), 1);
        assert!(vec![Dir::new()].iter().any(|dir: &Dir| dir.create(\"b\").size() > 0));
    }
}
//- tests/all.rs
use one::{Dir, make};
rgtest!(works, |dir: Dir, mut count: u64| {
    let made = dir.create(\"x\");
    made.size();
});
",
        &[
            "inner.In.go -> src/lib.rs:Dir.create (resolved)",
            "inner.In.go -> src/lib.rs:make (resolved)",
            "inner.root -> src/lib.rs:make (resolved)",
            "make -> src/lib.rs:Dir.new (resolved)",
            "tests.sizes -> src/lib.rs:Dir.create (resolved)",
            "tests.sizes -> src/lib.rs:Dir.new (resolved)",
            "tests.sizes -> src/lib.rs:Made.size (resolved)",
            "tests.sizes -> src/lib.rs:make (resolved)",
            "work -> src/lib.rs:Made.size (resolved)",
            "works -> src/lib.rs:Dir.create (resolved)",
            "works -> src/lib.rs:Made.size (resolved)",
        ],
    );
}

#[test]
fn javascript_functions_in_functions_objects_and_taken_modules() {
    check(
        "//- services/index.js
module.exports.tokens = require('./tokens');
//- services/tokens.js
const make = (user) => user;
module.exports = { make };
//- use.js
const { tokens } = require('./services');
const { make: build } = require('./services/tokens');
const { join } = require('path');
function start() {
    const render = () => build(1);
    const plugin = { join() { join('a'); }, render() {} };
    render();
    tokens.make(2);
}
async function later() {
    const { make } = await import('./services/tokens');
    make(3);
}
//- errors.ts
interface Problem { message(name: string): string }
export const Missing = { message: (name: string) => name } satisfies Problem;
export const Wrong: Problem = { message: (name: string) => name };
//- use.ts
import * as all from './errors';
import { Wrong } from './errors';
export function tell() {
    all.Missing.message('a');
    Wrong.message('b');
}
",
        &[
            "later -> services/tokens.js:make (resolved)",
            "start -> services/tokens.js:make (resolved)",
            "start -> use.js:start.render (resolved)",
            "start.render -> services/tokens.js:make (resolved)",
            "tell -> errors.ts:Missing.message (resolved)",
            "tell -> errors.ts:Wrong.message (resolved)",
        ],
    );
}

#[test]
fn go_fields_that_are_called_like_their_types() {
    check(
        "//- go.mod
module example.com/m
//- store/store.go
package store
type Store struct{}
func New() *Store { return &Store{} }
func (s *Store) Close() {}
//- app/app.go
package app
import \"example.com/m/store\"
type Hub struct{}
func (h *Hub) Send() {}
type Server struct {
    Hub *Hub
    *Base
}
type Base struct{}
func (b *Base) Run() {}
func open(store *store.Store) { store.Close() }
func make() *store.Store {
    store := store.New()
    return store
}
func (s *Server) Go() {
    s.Hub.Send()
    s.Base.Run()
    made := make()
    made.Close()
}
",
        &[
            "New -> store/store.go:Store (resolved)",
            "Server.Go -> app/app.go:Base.Run (resolved)",
            "Server.Go -> app/app.go:Hub.Send (resolved)",
            "Server.Go -> app/app.go:make (resolved)",
            "Server.Go -> store/store.go:Store.Close (resolved)",
            "make -> store/store.go:New (resolved)",
            "open -> store/store.go:Store.Close (resolved)",
        ],
    );
}

#[test]
fn ruby_methods_of_values_and_of_classes() {
    check(
        "//- app/models/base.rb
class Base
  attr_reader :name
  def initialize(name)
    @name = name
    @log = Log.new
  end
  def self.build(name)
    new(name)
  end
  class << self
    def open; build('a').save; end
  end
  def save
    prepare
    self.check
    @log.write(name)
    self.class.open
    helper = 1
    helper
  end
  def helper; end
  private
  def prepare; end
  def check; end
end
//- app/models/log.rb
class Log
  attr_accessor :level
  def write(text); end
  def depth=(depth); end
  def depth; end
end
//- app/models/user.rb
class User < Base
  def save
    super
    prepare
  end
  def initialize(name)
    super(name)
  end
end
//- app/run.rb
user = User.build('x')
def run
  one = User.new('x')
  one.save
  one.name
  User.open
  User.new('y').check
  puts one
  log = Log.new
  log.depth = log.level
  log.level = 1
  write = 2
  write
end
row = 1
describe row
",
        &[
            "Base.build -> app/models/base.rb:Base.initialize (resolved)",
            "Base.open -> app/models/base.rb:Base.build (resolved)",
            "Base.open -> app/models/base.rb:Base.save (resolved)",
            "Base.save -> app/models/base.rb:Base.check (resolved)",
            "Base.save -> app/models/base.rb:Base.name (resolved)",
            "Base.save -> app/models/base.rb:Base.open (resolved)",
            "Base.save -> app/models/base.rb:Base.prepare (resolved)",
            "Base.save -> app/models/log.rb:Log.write (resolved)",
            "User.initialize -> app/models/base.rb:Base.initialize (resolved)",
            "User.save -> app/models/base.rb:Base.prepare (resolved)",
            "User.save -> app/models/base.rb:Base.save (resolved)",
            "app/run.rb -> app/models/base.rb:Base.build (resolved)",
            "Base.initialize -> app/models/log.rb:Log (resolved)",
            "run -> app/models/base.rb:Base.check (resolved)",
            "run -> app/models/base.rb:Base.name (resolved)",
            "run -> app/models/base.rb:Base.open (resolved)",
            "run -> app/models/log.rb:Log (resolved)",
            "run -> app/models/log.rb:Log.depth= (resolved)",
            "run -> app/models/log.rb:Log.level (resolved)",
            "run -> app/models/user.rb:User.initialize (resolved)",
            "run -> app/models/user.rb:User.save (resolved)",
        ],
    );
}

#[test]
fn ruby_constants_and_modules() {
    check(
        "//- lib/shop.rb
module Shop
  TAX = Rate.new
  class Rate
    def of(price); end
  end
  module Loud
    def shout; name_of; end
    module ClassMethods
      def find_loud; end
    end
  end
  module Math
    module_function
    def twice(n); end
  end
  module Tools
    extend self
    def cut; twice_cut; end
    def twice_cut; end
  end
end
//- lib/shop/order.rb
class Shop::Order
  include Shop::Loud
  Point = Struct.new(:x) do
    def far; x; end
  end
  def total
    Shop::TAX.of(1)
    ::Shop::Rate.new.of(2)
    shout
    Shop::Math.twice(2)
    Shop::Tools.cut
    Point.new(1).far
  end
end
//- lib/shop/late.rb
module Shop
  class Order
    def late; total; Rate.new; end
  end
  class Other < Order
    def run
      late
      Other.find_loud
      find_loud
    end
  end
end
//- lib/shop/admin/page.rb
class Shop::Admin::Page
  def show; Shop::Admin::Page.all_pages; end
  def self.all_pages; end
end
//- lib/x.rb
class String
  def own; own_two; upcase; end
  def own_two; end
end
",
        &[
            "Shop -> lib/shop.rb:Shop.Rate (resolved)",
            "Shop.Admin.Page.show -> lib/shop/admin/page.rb:Shop.Admin.Page.all_pages (resolved)",
            "Shop.Order.Point.far -> lib/shop/order.rb:Shop.Order.Point.x (resolved)",
            "Shop.Order.late -> lib/shop.rb:Shop.Rate (resolved)",
            "Shop.Order.late -> lib/shop/order.rb:Shop.Order.total (resolved)",
            "Shop.Order.total -> lib/shop.rb:Shop.Loud.shout (resolved)",
            "Shop.Order.total -> lib/shop.rb:Shop.Math.twice (resolved)",
            "Shop.Order.total -> lib/shop.rb:Shop.Rate (resolved)",
            "Shop.Order.total -> lib/shop.rb:Shop.Rate.of (resolved)",
            "Shop.Order.total -> lib/shop.rb:Shop.Tools.cut (resolved)",
            "Shop.Order.total -> lib/shop/order.rb:Shop.Order.Point (resolved)",
            "Shop.Order.total -> lib/shop/order.rb:Shop.Order.Point.far (resolved)",
            // A value has no method of the class; another class may give it one.
            "Shop.Other.run -> lib/shop.rb:Shop.Loud.ClassMethods.find_loud (by-name)",
            "Shop.Other.run -> lib/shop.rb:Shop.Loud.ClassMethods.find_loud (resolved)",
            "Shop.Other.run -> lib/shop/late.rb:Shop.Order.late (resolved)",
            "Shop.Tools.cut -> lib/shop.rb:Shop.Tools.twice_cut (resolved)",
            "String.own -> lib/x.rb:String.own_two (resolved)",
        ],
    );
}

#[test]
fn ruby_of_rails() {
    check(
        "//- app/models/project.rb
class Project < ActiveRecord::Base
  has_many :issues
  belongs_to :author, class_name: 'User'
  scope :active, -> { where(active: true) }
  delegate :mail, to: :author
  def close
    issues.each { |issue| issue.done }
    author.mail
    Project.active.first.open?
    Project.where(id: 1).each { |one| one.close }
    Project.find(1).open?
  end
  def open?; mail; end
  alias_method :is_open, :open?
end
//- app/models/issue.rb
class Issue < ActiveRecord::Base
  def done; end
end
//- app/models/user.rb
class User < ActiveRecord::Base
  def mail; end
end
//- app/helpers/issues_helper.rb
module IssuesHelper
  def show(issue, project)
    issue.done
    project.is_open
    render 'x'
  end
end
//- spec/models/project_spec.rb
describe Project do
  let(:project) { described_class.new }
  it 'closes' do
    project.close
  end
end
",
        &[
            "IssuesHelper.show -> app/models/issue.rb:Issue.done (by-name)",
            "IssuesHelper.show -> app/models/project.rb:Project.is_open (by-name)",
            "Project.close -> app/models/issue.rb:Issue.done (resolved)",
            "Project.close -> app/models/project.rb:Project.active (resolved)",
            "Project.close -> app/models/project.rb:Project.author (resolved)",
            "Project.close -> app/models/project.rb:Project.close (resolved)",
            "Project.close -> app/models/project.rb:Project.issues (resolved)",
            "Project.close -> app/models/project.rb:Project.open? (resolved)",
            "Project.close -> app/models/user.rb:User.mail (resolved)",
            "Project.is_open -> app/models/project.rb:Project.open? (resolved)",
            "Project.mail -> app/models/user.rb:User.mail (resolved)",
            "Project.open? -> app/models/project.rb:Project.mail (resolved)",
            "spec/models/project_spec.rb -> app/models/project.rb:Project (resolved)",
            "spec/models/project_spec.rb -> app/models/project.rb:Project.close (resolved)",
        ],
    );
}

#[test]
fn what_takes_a_module_or_trait_in_has_what_it_calls() {
    check(
        "//- lib/shout.rb
module Shout
  def shout; voice; tone; end
end
//- lib/dog.rb
class Dog
  include Shout
  def voice; end
  def tone; end
end
//- lib/cat.rb
class Cat
  include Shout
  def tone; end
end
//- src/Shouts.php
<?php
namespace App;
trait Shouts {
  public function shout() { $this->voice(); }
}
//- src/Bird.php
<?php
namespace App;
class Bird extends Animal {
  use Shouts;
  public function __construct() { parent::__construct(); parent::name(); $this->shout(); self::make(); }
  public function voice() {}
  public static function make() {}
}
//- src/Animal.php
<?php
namespace App;
class Animal {
  public function __construct() {}
  public function name() {}
}
//- src/Other.php
<?php
namespace App;
class Other { public function name() {} public function __construct() {} }
",
        &[
            "Bird.__construct -> src/Animal.php:Animal.__construct (resolved)",
            "Bird.__construct -> src/Animal.php:Animal.name (resolved)",
            "Bird.__construct -> src/Bird.php:Bird.make (resolved)",
            "Bird.__construct -> src/Shouts.php:Shouts.shout (resolved)",
            "Shout.shout -> lib/cat.rb:Cat.tone (ambiguous)",
            "Shout.shout -> lib/dog.rb:Dog.tone (ambiguous)",
            "Shout.shout -> lib/dog.rb:Dog.voice (resolved)",
            "Shouts.shout -> src/Bird.php:Bird.voice (resolved)",
        ],
    );
}

#[test]
fn extension_methods_of_c_sharp() {
    check(
        "//- Item.cs
namespace Shop;
public interface IPriced { }
public class Item : IPriced { }
//- Extensions.cs
namespace Shop.Tools;
public static class Extensions {
  public static int Price(this IPriced item) { return item.Rounded(2); }
  public static int Rounded(this IPriced item, int digits) { return digits; }
  public static bool IsBlank(this string text) { return text.Any(); }
  public static bool Contains(this string text, int other) { return true; }
}
//- Run.cs
using Shop.Tools;
namespace Shop;
public class Run {
  public void Go(Item item, string name) {
    item.Price();
    Extensions.Price(item);
    name.IsBlank();
    name.Contains(1);
  }
}
",
        &[
            "Extensions.Price -> Extensions.cs:Extensions.Rounded (resolved)",
            "Run.Go -> Extensions.cs:Extensions.IsBlank (by-name)",
            "Run.Go -> Extensions.cs:Extensions.Price (resolved)",
        ],
    );
}

#[test]
fn macros_of_source_files_of_c_are_their_own() {
    check(
        "//- include/a.h
#define TWICE(x) ((x) * 2)
CURL_EXTERN void f(int *a);
void g(int *a);
//- lib/a.c
#include \"a.h\"
#define time(t) own(t)
void f(int *a) { time(0); }
//- lib/b.c
#include \"a.h\"
void run(void) { f(0); time(0); TWICE(1); g(0); }
",
        &[
            "f -> lib/a.c:time (resolved)",
            "run -> include/a.h:TWICE (resolved)",
            "run -> include/a.h:g (resolved)",
            "run -> lib/a.c:f (resolved)",
        ],
    );
}

#[test]
fn what_a_header_of_c_keeps_to_itself_goes_to_who_includes_it() {
    check(
        "//- src/a.h
static inline int half(int a) { return a / 2; }
//- src/a.c
#include \"a.h\"
static int own(int a) { return a; }
//- src/b.c
#include \"a.h\"
void run(void) { half(0); own(1); }
",
        &["run -> src/a.h:half (resolved)"],
    );
}

#[test]
fn parameters_and_comments_of_php_say_types() {
    check(
        "//- src/Compiler.php
<?php
namespace App;
class Compiler {
  /** @return $this */
  public function raw(string $a) { return $this; }
  /** @return Env|null the one that is used */
  public function env() { return $this->e; }
}
//- src/Env.php
<?php
namespace App;
class Env { public function name() {} }
//- src/Node/Node.php
<?php
namespace App\\Node;
use App\\Compiler;
use App\\Env;
class Node {
  /** @var Env */
  private $env;
  public function compile(Compiler $compiler): void { $compiler->raw('a')->raw('b')->env()->name(); }
  /**
   * @param Compiler $compiler what is written to
   */
  public function other($compiler) { $compiler->raw('a'); $this->env->name(); }
}
",
        &[
            "Node.compile -> src/Compiler.php:Compiler.env (resolved)",
            "Node.compile -> src/Compiler.php:Compiler.raw (resolved)",
            "Node.compile -> src/Env.php:Env.name (resolved)",
            "Node.other -> src/Compiler.php:Compiler.raw (resolved)",
            "Node.other -> src/Env.php:Env.name (resolved)",
        ],
    );
}

#[test]
fn code_of_javascript_runs_what_lies_beside_its_types() {
    check(
        "//- server.d.ts
export declare function make(): void;
//- server.js
function make() {}
module.exports = { make };
//- run.js
const { make } = require('./server');
function run() { make(); }
//- use.ts
import { make } from './server';
export function use() { make(); }
",
        &[
            "run -> server.js:make (resolved)",
            "use -> server.d.ts:make (resolved)",
        ],
    );
}
