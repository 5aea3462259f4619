// Expected values of the metrics, above each function. Rules: docs/metrics.md.

// metrics: cyclomatic=1 cognitive=0 params=0
function nothing(): void {}

// metrics: cyclomatic=2 cognitive=1 params=1 name=Title
const Title = ({ text }: { text: string }) => <h1>{text || "untitled"}</h1>;

// A condition on an element is a logical operator as any other.
// metrics: cyclomatic=3 cognitive=2 params=1 exits=1
function Page(props: { user?: string; busy: boolean }) {
  return (
    <main>
      {props.busy && <p>busy</p>}
      {props.user ? <p>{props.user}</p> : null}
    </main>
  );
}

// A nameless handler in a component counts for the component's paths, and nests
// where the component does something structured itself.
// metrics: cyclomatic=3 cognitive=3
function List(props: { items: string[] }) {
  if (!props.items) return null;
  return <ul>{props.items.map((item) => item ? <li>{item}</li> : null)}</ul>;
}

// metrics: cyclomatic=1 cognitive=0
function Holder() {
  // metrics: cyclomatic=2 cognitive=1 name=onClick
  const onClick = () => {
    if (window) go();
  };
  return <button onClick={onClick}>go</button>;
}

// metrics: cyclomatic=3 cognitive=3 nesting=2
function nested(rows: number[][]): void {
  for (const row of rows) {
    while (row.pop()) go();
  }
}

// metrics: cyclomatic=2 cognitive=1
function choose(a: boolean): number {
  switch (a) {
    case true:
      return 1;
    default:
      return 0;
  }
}

// metrics: params=2
function parameters(a: string, b?: number): void {}
