// Small changes of our own making that reviews have something to say about.

const LOGIN_BASE = `import sqlite3
from flask import Flask, request, session

app = Flask(__name__)


def connect():
    return sqlite3.connect("shop.db")


@app.route("/account")
def account():
    user = session["user"]
    row = connect().execute("SELECT * FROM account WHERE id = ?", (user,)).fetchone()
    return {"name": row[1]}
`;

const LOGIN_HEAD = `import hashlib
import sqlite3
from flask import Flask, redirect, request, session

app = Flask(__name__)


def connect():
    return sqlite3.connect("shop.db")


def condition(name):
    return "name = '" + name + "'"


def find(name):
    where = condition(name)
    query = "SELECT id, password FROM account WHERE " + where
    return connect().execute(query).fetchone()


@app.route("/login", methods=["POST"])
def login():
    name = request.form["name"]
    password = hashlib.md5(request.form["password"].encode()).hexdigest()
    try:
        row = find(name)
    except Exception:
        pass
    if row and row[1] == password:
        session["user"] = row[0]
        return redirect(request.args.get("next"))
    return {"error": "unknown name or password"}, 401


@app.route("/account")
def account():
    user = session["user"]
    row = connect().execute("SELECT * FROM account WHERE id = ?", (user,)).fetchone()
    return {"name": row[1]}
`;

const PRICE_BASE = `export function price(items: Item[]): number {
  return items.reduce((sum, item) => sum + item.price * item.count, 0);
}

interface Item {
  price: number;
  count: number;
}
`;

const PRICE_HEAD = `export function price(items: Item[], customer: Customer, coupon?: string): number {
  let total = 0;
  for (const item of items) {
    if (item.count > 0) {
      if (customer.kind === 'wholesale') {
        if (item.count > 100) {
          total += item.price * item.count * 0.8;
        } else if (item.count > 20) {
          total += item.price * item.count * 0.9;
        } else {
          total += item.price * item.count;
        }
      } else if (customer.kind === 'member' && coupon) {
        if (coupon.startsWith('SUMMER')) {
          total += item.price * item.count * 0.85;
        } else if (coupon.startsWith('WINTER') || coupon.startsWith('SPRING')) {
          total += item.price * item.count * 0.9;
        } else {
          total += item.price * item.count;
        }
      } else {
        for (const tier of customer.tiers) {
          if (tier.from <= item.count && (tier.to === undefined || tier.to > item.count)) {
            total += item.price * item.count * tier.factor;
            break;
          }
        }
      }
    }
  }
  return total;
}

interface Customer {
  kind: 'wholesale' | 'member' | 'guest';
  tiers: { from: number; to?: number; factor: number }[];
}

interface Item {
  price: number;
  count: number;
}
`;

const REPORT_BASE = `package report

import "os/exec"

func Render(name string) ([]byte, error) {
	return exec.Command("render", "--", name).Output()
}
`;

const REPORT_HEAD = `package report

import (
	"fmt"
	"net/http"
	"os/exec"
)

func Render(name string) ([]byte, error) {
	return exec.Command("sh", "-c", "render "+name).Output()
}

func Handle(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	out, err := Render(name)
	if err != nil {
		http.Error(w, fmt.Sprintf("render failed: %v", err), http.StatusInternalServerError)
		return
	}
	w.Write(out)
}
`;

const WORDS_BASE = `def words(text):
    return text.split()
`;

const WORDS_HEAD = `def words(text):
    """Returns the words of a text, without empty ones."""
    return [word for word in text.split() if word]
`;

const CACHE_BASE = `const entries = new Map();

export function get(key) {
  return entries.get(key);
}
`;

const CACHE_HEAD = `const entries = new Map();

export function get(key) {
  return entries.get(key);
}

export function set(key, value) {
  entries.set(key, value);
}

export function load(source) {
  const read = eval('(' + source + ')');
  for (const [key, value] of Object.entries(read)) {
    set(key, value);
  }
}
`;

const LISTING_HEAD = `import sqlite3
from flask import request


def listing():
    name = request.args["name"]
    # assay:ignore injection/sql-injection -- The listing is public
    return sqlite3.connect("shop.db").execute("SELECT * FROM item WHERE name = '" + name + "'").fetchall()
`;

/** A change with a finding that has a fix. */
export const FIXABLE = [
  { path: 'same.py', base: 'def same(a):\n    return a is None\n', head: 'def same(a):\n    if a == None:\n        return True\n    return not a in (1, 2)\n' },
];

export const CHANGES = [
  { name: 'count-words', repository: 'search', files: [{ path: 'search/words.py', base: WORDS_BASE, head: WORDS_HEAD }] },
  { name: 'render-on-request', repository: 'billing', files: [{ path: 'report/report.go', base: REPORT_BASE, head: REPORT_HEAD }] },
  { name: 'price-tiers', repository: 'shop', files: [{ path: 'src/price.ts', base: PRICE_BASE, head: PRICE_HEAD }] },
  { name: 'warm-cache', repository: 'search', files: [{ path: 'src/cache.js', base: CACHE_BASE, head: CACHE_HEAD }] },
  { name: 'public-listing', repository: 'billing', files: [{ path: 'shop/listing.py', head: LISTING_HEAD }] },
  { name: 'tidy-words', repository: 'search', files: [{ path: 'search/words.py', base: WORDS_HEAD, head: WORDS_HEAD.replace('if word', 'if word != ""') }] },
  {
    name: 'add-login',
    repository: 'shop',
    files: [
      { path: 'shop/app.py', base: LOGIN_BASE, head: LOGIN_HEAD },
      { path: 'src/price.ts', base: PRICE_BASE, head: PRICE_BASE.replace('item.price * item.count', 'item.price * Math.max(0, item.count)') },
      { path: 'static/logo.min.js', base: 'var a=1;', head: `var a=2;${'b();'.repeat(400)}` },
    ],
  },
];

/** A change of 300 findings in more than 5,000 lines. */
export function largeChange() {
  const files = [];
  for (let file = 0; file < 20; file++) {
    const parts = ['from flask import request\n\n\n'];
    for (let index = 0; index < 15; index++) {
      parts.push(
        `def load_${file}_${index}(connection):\n`,
        `    name = request.args["name_${index}"]\n`,
        `    query = "SELECT * FROM part_${file}_${index} WHERE name = '" + name + "'"\n`,
        `    rows = connection.execute(query)\n`,
      );
      parts.push('    return [\n');
      for (let line = 0; line < 12; line++) parts.push(`        rows.fetchone()[${line}],\n`);
      parts.push('    ]\n\n\n');
    }
    files.push({ path: `import/part_${String(file).padStart(2, '0')}.py`, head: parts.join('') });
  }
  return files;
}
