// Keys that do something wherever one is. A page adds its own while it is shown.

export interface Shortcut {
  /** One key, or two one after the other: `j`, `g r`. */
  keys: string;
  what: string;
  act: () => void;
}

const PAUSE_MS = 1_200;

/** The shortcuts of what is shown, for the list of them. */
export const shortcuts = $state<{ groups: { name: string; list: Shortcut[] }[] }>({ groups: [] });

let first = '';
let firstAt = 0;

/** Adds shortcuts until the returned function is called. */
export function addShortcuts(name: string, list: Shortcut[]): () => void {
  const group = { name, list };
  shortcuts.groups.push(group);
  const added = shortcuts.groups.at(-1);
  return () => {
    const at = shortcuts.groups.findIndex((one) => one === added);
    if (at >= 0) shortcuts.groups.splice(at, 1);
  };
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

export function listenToKeys(): void {
  window.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    if (isWriting(event.target) || document.querySelector('[role=dialog],[role=menu]')) return;
    const pair = Date.now() - firstAt < PAUSE_MS ? `${first} ${event.key}` : '';
    const all = shortcuts.groups.flatMap((group) => group.list).reverse();
    const found = all.find((one) => one.keys === pair) ?? all.find((one) => one.keys === event.key);
    if (found) {
      event.preventDefault();
      first = '';
      firstAt = 0;
      found.act();
      return;
    }
    first = event.key;
    firstAt = Date.now();
  });
}
