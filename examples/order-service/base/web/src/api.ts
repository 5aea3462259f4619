/** Calls to the order service. */

import type { CartLine } from "./cart";

export class OrderRefused extends Error {}

export async function placeOrder(
  customer: string,
  country: string,
  lines: CartLine[],
): Promise<string> {
  const response = await fetch("/api/orders", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ customer, country, lines }),
  });
  if (!response.ok) {
    throw new OrderRefused(await response.text());
  }
  const { id } = await response.json();
  return id;
}
