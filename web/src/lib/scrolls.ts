/** Lets the keyboard scroll what is wider than its place. */
export function scrolls(element: HTMLElement): { destroy: () => void } {
  const look = () => {
    const isWide = element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
    if (isWide) {
      element.tabIndex = 0;
      element.setAttribute('role', 'region');
      element.setAttribute('aria-label', 'A table that scrolls');
    } else {
      element.removeAttribute('tabindex');
      element.removeAttribute('role');
      element.removeAttribute('aria-label');
    }
  };
  const sizes = new ResizeObserver(look);
  sizes.observe(element);
  for (const child of element.children) sizes.observe(child);
  return { destroy: () => sizes.disconnect() };
}
