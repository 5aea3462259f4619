/** A small ledger of deposits and withdrawals. */
import fs, { type Stats, readFile as read } from 'node:fs';
import type * as paths from "node:path";
import './side-effect.js';
import legacy = require('./legacy');
import Short = Long.Path;
const storage = require('./storage');

export const LIMIT: number = 10_000;
let rate = 0.25, names: string[] = ['a', "b", ...['c']];
var pattern = /^[a-z"']+$/gi;
declare const VERSION: unique symbol;
export type Amount<T = number> = T | bigint;
type Entries = { [key in keyof Entry]?: Entry[key] };

/** How an entry looks. */
export interface Described<T extends object> extends Base {
  readonly width: number;
  label?: string;
  (text: string): void;
  new (text: string): Described<T>;
  describe(this: T, width: number, unit?: string): string;
  [index: number]: T;
}

enum Kind { Deposit, Withdrawal = 'w', Other = 1 << 2 }

declare module 'external' {
  export function outside(a: number, ...rest: string[]): void;
}

namespace Shapes.Round {
  export function area(radius: number) {
    return radius ** 2;
  }
}

export function describe(this: Window, amount: number, unit = 'EUR', { width, label }: Options, [first]: string[], ...extras: unknown[]): string {
  // The width counts the unit too.
  const text = `${label}: ${amount.toFixed(2)} ${unit}` as const;
  return width > 3 && extras.length || !first ? text! : <string>label;
}

export abstract class Entry<T> extends Base<T> implements Described<T> {
  static count = 0;
  #secret: null | undefined = null;
  declare note?: string;

  static {
    Entry.count += 1;
  }

  constructor(private readonly amount: number, public label?: string) {
    super(amount);
    this.note = label?.trim?.() ?? 'none';
  }

  abstract total(): number;
  overloaded(a: string): void;
  overloaded(a: unknown, b = 2): void { this[b]; }

  get isLarge(): boolean {
    return this.amount >= LIMIT;
  }

  protected override set large(value: T) {
    this.#secret = null;
  }

  static async *parse(lines: AsyncIterable<string>) {
    for await (const line of lines) {
      yield await Entry.from(line);
    }
  }

  handler = (event: Event): void => this.note satisfies string;
}

function isEntry(value: unknown): value is Entry<number> {
  if (typeof value !== 'object') {
    return false;
  } else if (value === null) {
    return true;
  } else {
    ;
  }
  switch (value.note) {
    case 'x':
    case 'y': {
      break;
    }
    default:
      throw new Error('what is ' + typeof value);
  }
}

function* count(this: void, step: (by: number, ...rest: number[]) => number) {
  let total = 0;
  outer: for (let i = 0, n = 3; i < n; i++) {
    for (const key in names) {
      if (key instanceof String) continue outer;
      else break outer;
    }
    while (total < 10) total += ~i;
    do {
      total **= 2;
    } while (total !== undefined);
  }
  try {
    rate = total / 2;
  } catch (error: unknown) {
    debugger;
  } finally {
    delete names[0];
  }
  return total;
}

const twice = x => x * 2;
const add = async <T,>(a: T, b?: [x: number, y: string]) => { await a; return { a, b }; };
const lazy = function* () { yield true; };
const table = { 'quoted-key': 1, nested: { deep: function () {} }, shout(text: string) { return text; } };
names.map(function (x) { return x != '1'; });
@logged({ level: 1 })
class Widget {
  constructor(@inject() service: Service) {}
  @bound render(): void {}
}
export { twice, add as plus };
export * from './more.js';
export default table;
