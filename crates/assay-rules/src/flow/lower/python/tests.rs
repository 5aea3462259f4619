//! Python as it is lowered, in text.

use crate::flow::lower::check_lowering;

fn check(code: &str, expected: &str) {
    check_lowering("app/views.py", code, expected);
}

#[test]
fn imports_and_formats_are_resolved() {
    check(
        r#"
import os.path
from subprocess import run as launch
from . import models
from .db.session import get_session as s

def f(name, n):
    launch("ls %s -n %d" % (name, n))
    os.path.join("a", f"{name}.{n:03d}")
    return s(models.User, "{0}/{x.id}".format(name, x=n))
"#,
        r#"Top #0 .()
  %1 = closure #1
  f = %1
Plain #1 .f(name: ?, n: ?)
  %2 = global subprocess.run
  %3 = "ls %s -n %d"
  %4 = "ls "
  %5 = " -n "
  %6 = Plus n
  %7 = text(%4, name, %5, %6)
  %8 = %2(%7)
  %9 = global os
  %10 = %9.path
  %11 = "a"
  %12 = "."
  %13 = Plus n
  %14 = text(name, %12, %13)
  %15 = %10.join(%11, %14)
  %16 = global app.db.session.get_session
  %17 = global app.models
  %18 = %17.User
  %19 = "/"
  %20 = n.id
  %21 = text(name, %19, %20)
  %22 = %16(%18, %21)
  return %22
"#,
    );
}

#[test]
fn classes_have_members_methods_and_written_constructors() {
    check(
        r#"
from enum import Enum
from dataclasses import dataclass
import abc

LIMIT = 3

class Base(abc.ABC):
    table = "t"
    def __init__(self, a, *rest, b=LIMIT, **more):
        self.a = a
    @property
    def label(self):
        return self.table
    @classmethod
    def make(cls, x):
        return cls(x)
    @staticmethod
    def clean(x):
        return x

class Child(Base):
    def __init__(self, a):
        super().__init__(a, b=1)
        Base.clean(a)
    @Base.label.setter
    def label(self, v):
        self.a = v

class Color(Enum):
    RED = "r"

@dataclass
class Point:
    x: str
    y: int = 0
"#,
        r#"class app.views.Base : abc.ABC
class app.views.Child : app.views.Base
class app.views.Color : enum.Enum
class app.views.Point :
Top #0 .()
  %1 = 3
  LIMIT = %1
  %2 = "t"
  global app.views.Base.table = %2
  %3 = "r"
  %4 = new app.views.Color()
  %5 = "RED"
  %4.name = %5
  %4.value = %3
  global app.views.Color.RED = %4
  %6 = ?
  %7 = 0
  global app.views.Point.y = %7
Constructor #1 app.views.Base.<init>(self: app.views.Base, a: ?, rest: ?, b: ?, more: ?)
  capture LIMIT
  default b = LIMIT
  self.a = a
Method #2 app.views.Base.get label(self: app.views.Base)
  %1 = self.table
  return %1
Plain #3 app.views.Base.make(x: ?)
  cls = class 0
  %2 = cls(x)
  return %2
Plain #4 app.views.Base.clean(x: ?)
  return x
Method #5 app.views.Base.<fields>(self: app.views.Base)
  %1 = global app.views.Base.table
  self.table = %1
Constructor #6 app.views.Child.<init>(self: app.views.Child, a: ?)
  %2 = 1
  %3 = super.<init>(self, a, b=%2)
  %4 = global app.views.Base
  %5 = %4.clean(a)
Method #7 app.views.Child.set label(self: app.views.Child, v: ?)
  self.a = v
Method #8 app.views.Color.<fields>(self: app.views.Color)
  %1 = global app.views.Color.RED
  self.RED = %1
Method #9 app.views.Point.<fields>(self: app.views.Point)
  %1 = global app.views.Point.y
  self.y = %1
Constructor #10 app.views.Point.<init>(self: app.views.Point, x: str, y: int)
  self.x = x
  default y = %3
    %3 = global app.views.Point.y
  self.y = y
"#,
    );
}

#[test]
fn statements_keep_their_flow() {
    check(
        r#"
import json
try:
    import yaml
except ImportError:
    yaml = None

total = 0

def f(items: list[str], flag: bool = False):
    global total
    a, (b, *c) = items
    a, b = b, a
    for i, x in enumerate(items):
        if x == "q":
            break
        elif x == "r":
            continue
        else:
            total += 1
    else:
        a = yaml.load(x)
    with open(a) as fh, lock:
        data = fh.read()
    try:
        pass
    except (ValueError, json.JSONDecodeError) as e:
        raise
    finally:
        del c[0]
    match b:
        case "x" | "y":
            pass
        case [p, *q]:
            pass
        case {"k": v, **r} if v:
            pass
        case other:
            pass
    return [y for y in c if y and (z := y)] or {k: v for k, v in data.items()}
"#,
        r#"Top #0 .()
  %2 = closure #1
  f = %2
  try
  catch : ImportError
    %3 = null
  %4 = 0
  total = %4
Plain #1 .f(items: str[], flag: bool)
  capture total
  default flag = %2
    %2 = false
  %17 = 0
  %18 = items[%17]
  %19 = 1
  %20 = items[%19]
  a = %18
  %21 = 0
  %22 = %20[%21]
  %23 = 1
  %24 = %20[%23..]
  b = %22
  c = %24
  %25 = b
  %26 = a
  a = %25
  b = %26
  %27 = [%25, %26]
  block 0
    each %28 of items (Elements)
      %30 = Plus %29
      i = %30
      x = %28
      %31 = "q"
      %32 = x Eq %31
      if %32
        break 0
      else
        %33 = "r"
        %34 = x Eq %33
        if %34
          continue 1
        else
          %36 = 1
          %37 = total Add %36
          total = %37
    %38 = global yaml
    %39 = %38.load(x)
    a = %39
  try
    %40 = global open
    %41 = %40(a)
    %42 = %41.__enter__()
    fh = %42
    %43 = global lock
    %44 = %43.__enter__()
    %45 = fh.read()
    data = %45
  try
  catch %46: ValueError | json.JSONDecodeError
    e = %46
    %47 = ?
    throw %47
  finally
    %48 = 0
    %49 = c.__delitem__(%48)
  switch b default=Some(3)
    %50 = "x"
    %51 = "y"
    arm %50, %51
    arm
      %52 = 0
      %53 = b[%52]
      p = %53
      %54 = 1
      %55 = b[%54..]
      q = %55
    arm
      %56 = "k"
      %57 = b[%56]
      v = %57
      %58 = {..: b}
      r = %58
      if v
    arm
      other = b
  %59 = []
  each %61 of c (Elements)
    y = %61
    %62 = y and z
      z = y
    if %62
      %59[] = y
  %68 = %59 or %63
    %63 = {}
    each %66 of data (Values)
      k = %67
      v = %66
      %63[k] = v
  return %68
"#,
    );
}

#[test]
fn functions_are_known_before_they_stand() {
    check(
        r#"
import functools, contextlib
from flask import Flask
app = Flask(__name__)

def deco(fn):
    @functools.wraps(fn)
    def inner(*a, **k):
        return fn(*a, **k)
    return inner

@app.route("/u/<int:id>/<name>", methods=["GET"])
@deco
def view(id, name):
    return later(lambda q: q + name, key=1)

def later(f, *, key=None):
    yield f(key)
    yield from key

@contextlib.contextmanager
def ctx():
    yield "x"

def outer():
    n = 1
    def bump():
        nonlocal n
        n += 1
    return functools.partial(bump, 1)
"#,
        r#"Top #0 .()
  %6 = closure #1
  deco = %6
  %7 = closure #3
  view = %7
  %8 = closure #5
  later = %8
  %9 = closure #6
  ctx = %9
  %10 = closure #7
  outer = %10
  %11 = global flask.Flask
  %12 = global __name__
  %13 = %11(%12)
  app = %13
  %14 = deco(view)
  view = %14
Plain #1 .deco(fn: ?)
  %2 = closure #2
  inner = %2
  return inner
Closure #2 .inner(a: ?, k: ?)
  capture fn
  %3 = fn(...a, =...k)
  return %3
Plain #3 .view(id: int, name: ?)
  capture later
  %3 = closure #4
  %4 = 1
  %5 = later(%3, key=%4)
  %6 = global flask.view-result
  %7 = %6(%5)
  return %5
Closure #4 .(q: ?)
  capture name
  %2 = q Add name
  return %2
Plain #5 .later(f: ?, key: ?)
  default key = %2
    %2 = null
  %3 = f(key)
  %4 = yield %3
  %5 = yield *key
Plain #6 .ctx()
  %1 = "x"
  %0 = %1
  %2 = ?
  return %0
Plain #7 .outer()
  %2 = closure #8
  bump = %2
  %3 = 1
  n = %3
  %4 = 1
  %5 = closure #9
  return %5
Closure #8 .bump()
  capture n
  %1 = 1
  %2 = n Add %1
  n = %2
Closure #9 .(args: ?, kwargs: ?)
  capture partial@507.0
  capture partial@507.1
  %4 = partial@507.0(partial@507.1, ...args, =...kwargs)
  return %4
"#,
    );
}
