/** Shows the ledger as a table. */
import React, { useState } from "react";
import type { Entry } from './ledger';
import legacy = require('./legacy');

type Props<T> = { entries: readonly T[]; onPick?: (entry: T) => void };

interface Column { title: string; render(entry: Entry): React.ReactNode }
enum Order { Up = 1, Down = -1 }
namespace Styles { export const WIDTH = 80; }

declare function log(text: string): void;

@observer
export class Table<T extends Entry> extends React.Component<Props<T>> {
  private order: Order = Order.Up;

  constructor(props: Props<T>) {
    super(props);
  }

  // Rows are drawn once.
  async *rows(this: Table<T>, filter = /^a+/, ...rest: unknown[]) {
    for (const entry of this.props.entries) {
      if (filter.test(entry.note) && entry.amount > 0 || rest.length === 0) {
        yield await fetch(entry.id);
      } else {
        continue;
      }
    }
    outer: while (true) {
      break outer;
    }
    return null;
  }

  render() {
    const { entries } = this.props;
    let total = 0;
    for (let i = 0; i < entries.length; i++) total += entries[i].amount ?? 0;
    try {
      log(`total ${total}`);
    } catch {
      throw new Error('no log');
    } finally {
      this.order = -this.order;
    }
    switch (this.order) {
      case Order.Up:
        break;
      default:
        total = 1;
    }
    return (
      <table className="ledger" {...this.props}>
        {entries.map(entry => (
          <Row key={entry.id} entry={entry} onClick={() => this.props.onPick?.(entry)} />
        ))}
        <tr><td>{total > 0 ? <b>{total}</b> : 'none'}</td></tr>
        <>text</>
      </table>
    );
  }
}

export const Row = ({ entry }: { entry: Entry }) => {
  const [open, setOpen] = useState<boolean>([false, { key: true }].length > 1);
  return <tr onClick={function () { setOpen(!open); }}>{entry.note}</tr>;
};
export * from './more';
