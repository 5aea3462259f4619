#!/usr/bin/env node
/**
 * A small ledger of deposits and withdrawals.
 */
'use strict';

import fs, { readFile as read } from 'node:fs';
import * as paths from "node:path";
import './side-effect.js';
const storage = require('./storage');

export const LIMIT = 10_000;
let rate = 0.25, names = ['a', "b", ...[1n, 0xff]];
var pattern = /^[a-z"']+$/gi;

/** Says an amount in words. */
export function describe(amount, unit = 'EUR', { width, label }, [first, ...others], ...extras) {
  // The width counts the unit too.
  const text = `${label}: ${amount.toFixed(2)} ${unit}`;
  return width > 3 && extras.length || !first ? text : label;
}

export default class Entry extends Base {
  static count = 0;
  #secret = null;
  note;

  static {
    Entry.count += 1;
  }

  constructor(amount, note) {
    super(amount);
    this.amount = amount ?? 0;
    this.note = note?.trim?.();
  }

  get isLarge() {
    return this.amount >= LIMIT;
  }

  set large(value) {
    this.#secret = value;
  }

  static async *parse(lines) {
    for await (const line of lines) {
      yield await Entry.from(line);
    }
    yield* [];
  }

  ['computed'](key) {
    return this[key];
  }

  handler = (event) => this.note;
}

function classify(entry) {
  if (entry.amount < 0) {
    return 'negative';
  } else if (entry.amount === 0) {
    return 'empty';
  } else {
    ;
  }
  switch (entry.note) {
    case 'x':
    case 'y': {
      break;
    }
    default:
      throw new Error('what is ' + typeof entry);
  }
}

function* count() {
  let total = 0;
  outer: for (let i = 0, n = 3; i < n; i++) {
    for (const key in names) {
      if (key instanceof String || key in names) continue outer;
      else break outer;
    }
    while (total < 10) total += ~i;
    do {
      total **= 2;
    } while (total !== undefined);
  }
  try {
    rate = total / 2;
  } catch (error) {
    debugger;
  } finally {
    delete names[0];
  }
  try { void 0; } catch { rate ||= 1; }
  with (names) length;
  return total;
}

const twice = x => x * 2;
const add = async (a, b = 1) => { await a; return a + b; };
const named = function inner(a) { return a << 2 | 1; };
const lazy = function* () { yield true; };
const anonymous = class { method() { return false; } };
const table = {
  twice,
  'quoted-key': 1,
  nested: { deep: function () {} },
  shout(text) { return text.toUpperCase(); },
  get size() { return -1; },
  arrow: () => ({ a: 1 }),
};
({ rate, names: [rate] = [] } = table);
names.map(twice).filter(function (x) { return x != 1; });
(function () { import('./late.js'); })();
exports.add = add;
@logged
class Widget {
  @bound render() {
    return <div className="a" {...table}>{this.text} text <br /></div>;
  }
}
export { twice, add as plus };
export * from './more.js';
<!-- old comment
